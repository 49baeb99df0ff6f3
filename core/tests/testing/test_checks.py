"""For each check an extension that breaks it: each check can fail, and says why."""

from __future__ import annotations

import asyncio
import logging
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from pybayeux import AsyncClient, Drop, Message, hookimpl
from pybayeux.testing import check_contract, checks
from pybayeux.testing.checks import CHECKS
from pybayeux.testing.factory import ExtensionFactory

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path


class Good:
    """Notes that it was there."""

    def __init__(self, token: str = "default", words: tuple[str, ...] = ()) -> None:
        self._token = token
        self._words = words

    @hookimpl
    def outgoing(self, message: Message) -> None:
        message.get_ext(create=True)["token"] = self._token

    @hookimpl
    async def delivered(self) -> None: ...


class UnknownArgument:
    @hookimpl
    def outgoing(self, massage: Message) -> None: ...


class NoHook:
    pass


class LeavesTask:
    @hookimpl
    def registered(self) -> None:
        self._task = asyncio.get_running_loop().create_task(asyncio.sleep(1e9), name="beat")


class OnceOnly:
    _closed = False

    @hookimpl
    def outgoing(self) -> None:
        if self._closed:
            raise ValueError("closed")

    @hookimpl
    def unregistered(self) -> None:
        self._closed = True


class NeverStarts:
    @hookimpl
    def outgoing(self, message: Message) -> None:
        message.ext = ["a list"]  # type: ignore[assignment]


class DeafAfterwards:
    """Takes nothing any more once it was taken out."""

    _closed = False

    @hookimpl
    def incoming(self, message: Message) -> Drop | None:
        return Drop("over") if self._closed and not message.is_meta else None

    @hookimpl
    def unregistered(self) -> None:
        self._closed = True


class OncePerTurn:
    """Relies on a batch being seen within one turn of the event loop."""

    _fresh = True

    @hookimpl
    def incoming(self, message: Message) -> None:
        if self._fresh and not message.is_meta:
            self._fresh = False
            message.data = "first of its batch"
            asyncio.get_running_loop().call_soon(self._reset)

    def _reset(self) -> None:
        self._fresh = True


class FailsWhileAllGoesWell:
    @hookimpl
    def incoming(self, message: Message) -> None:
        if message.data is None and not message.is_meta and message.has_data:
            raise ValueError("no data")


class DislikesVetoes:
    @hookimpl(wrapper=True)
    def incoming(self) -> Generator[None, Any, Any]:
        verdict = yield
        if verdict is not None:
            raise ValueError("a veto")
        return verdict


class SilentAfterVeto:
    """Takes a veto for the end of everything."""

    _over = False

    @hookimpl(wrapper=True)
    def outgoing(self, message: Message) -> Generator[None, Any, Any]:
        verdict = yield
        if verdict is not None:
            self._over = True
        return Drop("over") if self._over and not message.is_meta else verdict


class TranslatesErrors:
    @hookimpl(wrapper=True)
    def outgoing(self) -> Generator[None, Any, Any]:
        try:
            return (yield)
        except ValueError as error:
            raise RuntimeError("another extension failed") from error


class TrustsReplies:
    @hookimpl
    def incoming(self, message: Message) -> None:
        if message.channel == "/meta/handshake":
            self._session = message.client_id.upper()  # type: ignore[union-attr]


class FailsInFailed:
    """Its fault goes to the logger alone."""

    @hookimpl
    def failed(self) -> None:
        raise ValueError("one failure more")


class GivesUp:
    @hookimpl
    def incoming(self, message: Message) -> Drop | None:
        self._lost = getattr(self, "_lost", False) or "failure" in message.extra
        return Drop("given up") if self._lost and not message.is_meta else None


class NeedsAsyncClient:
    @hookimpl
    def incoming(self, message: Message, client: AsyncClient) -> None:
        if message.channel == "/meta/subscribe":
            client.resubscribe(str(message.subscription))  # a BayeuxClient refuses


class TakesAnything:
    def __init__(self, **options: Any) -> None: ...

    @hookimpl
    def registered(self) -> None: ...


class WrongDefault:
    def __init__(self, number: int = None) -> None: ...  # type: ignore[assignment]  # noqa: RUF013

    @hookimpl
    def registered(self) -> None: ...


@dataclass(eq=False)
class ShowsItsToken:
    token: str

    @hookimpl
    def registered(self) -> None: ...


class LogsItsPassword:
    def __init__(self, password: str, api_key: int = 1) -> None:
        self._password = password

    @hookimpl
    def outgoing(self, message: Message) -> None:
        logging.getLogger("example").debug("sending %s with %s", message.channel, self._password)


class ShowsItsNumberedPassword:
    def __init__(self, password: str) -> None:
        self._password = int(password)

    def __repr__(self) -> str:
        return f"<{self._password}>"

    @hookimpl
    def registered(self) -> None: ...


class TellsItsKey:
    def __init__(self, key: str = "") -> None:
        self._key = key

    @hookimpl
    def incoming(self, message: Message) -> None:
        if "failure" in message.extra:
            raise ValueError(f"failed with {self._key}")


BROKEN: list[tuple[Callable[[ExtensionFactory], None], type, dict[str, object], str]] = [
    (checks.signatures, UnknownArgument, {}, "massage"),
    (checks.signatures, NoHook, {}, "no hook"),
    (checks.pairs, LeavesTask, {}, "tasks still run .* beat"),
    (checks.pairs, OnceOnly, {}, "failed in outgoing: ValueError: closed"),
    (checks.pairs, NeverStarts, {}, "ext: expected a dict, got list"),
    (checks.faults, NeverStarts, {}, "ext: expected a dict, got list"),
    (checks.pairs, DeafAfterwards, {}, "0 of 2 events"),
    (checks.call_paths, OncePerTurn, {}, "behaves differently"),
    (checks.call_paths, FailsWhileAllGoesWell, {}, "in a session without faults: .* failed in incoming"),
    (checks.call_paths, LeavesTask, {}, "tasks still run"),
    (checks.vetoes, DislikesVetoes, {}, "together with an extension that vetoes first: .* failed in incoming"),
    (checks.vetoes, SilentAfterVeto, {}, "other events are handled"),
    (
        checks.errors_of_others,
        TranslatesErrors,
        {},
        "with an extension that fails first: .* failed in outgoing",
    ),
    (checks.faults, TrustsReplies, {}, "events-first.* failed in incoming"),
    (checks.faults, FailsInFailed, {}, "failed in failed"),
    (checks.faults, GivesUp, {}, "no longer arrive"),
    (checks.low_level, NeedsAsyncClient, {}, "BayeuxClient.* failed in incoming"),
    (checks.options, TakesAnything, {}, "an unknown option is accepted"),
    (checks.options, WrongDefault, {}, "default of option 'number'"),
    (checks.secrets, ShowsItsToken, {"token": "abc"}, "a text contains a secret: .*<the secret>"),
    (checks.secrets, LogsItsPassword, {"password": "abc"}, "a text contains a secret: sending"),
    (checks.secrets, TellsItsKey, {}, "a text contains a secret"),
    (checks.secrets, ShowsItsNumberedPassword, {"password": "4711471147"}, "a text contains a secret: <<the secret>>"),
]


@pytest.mark.parametrize(("check", "kind", "options", "text"), BROKEN, ids=lambda part: getattr(part, "__name__", ""))
def test_broken_extension_is_found_out(
    check: Callable[[ExtensionFactory], None], kind: type, options: dict[str, object], text: str
) -> None:
    with pytest.raises(AssertionError, match=f"(?s){text}"):
        check(ExtensionFactory(kind, options))


def test_every_check_can_fail() -> None:
    assert {check for check, *_ in BROKEN} == set(CHECKS)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_good_extension_passes(check: Callable[[ExtensionFactory], None]) -> None:
    check(ExtensionFactory(Good))


def test_good_extension_keeps_the_contract() -> None:
    check_contract(Good)
    check_contract(Good, {"token": "other", "words": ["a", "b"]})
    check_contract(lambda: Good("other"))


class Slow:
    """Every hook that may wait takes time, as one does that asks a service."""

    @hookimpl
    async def outgoing(self) -> None:
        await asyncio.sleep(0.05)

    @hookimpl
    async def incoming(self) -> None:
        await asyncio.sleep(0.05)

    @hookimpl
    async def delivered(self) -> None:
        await asyncio.sleep(1.5)

    @hookimpl
    async def request(self) -> None:
        await asyncio.sleep(0.05)

    @hookimpl
    async def response(self) -> None:
        await asyncio.sleep(0.05)

    @hookimpl
    async def registered(self) -> None:
        await asyncio.sleep(0.05)


class Journal:
    """Writes to a file in a thread, and waits until it is on the disk."""

    def __init__(self, path: str) -> None:
        self._path = path

    @hookimpl
    async def outgoing(self, message: Message) -> None:
        await asyncio.to_thread(self._write, message.channel)

    @hookimpl
    async def delivered(self, message: Message) -> None:
        await asyncio.to_thread(self._write, message.channel)

    def _write(self, line: str) -> None:
        with open(self._path, "a", encoding="utf-8") as journal:
            journal.write(f"{line}\n")
            journal.flush()
            os.fsync(journal.fileno())


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_extension_whose_hooks_take_time_passes(check: Callable[[ExtensionFactory], None]) -> None:
    check(ExtensionFactory(Slow))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_extension_that_writes_in_threads_passes(check: Callable[[ExtensionFactory], None], tmp_path: Path) -> None:
    check(ExtensionFactory(Journal, {"path": str(tmp_path / "journal")}))


def test_how_often_a_client_polls_is_not_compared() -> None:
    class AddsConnects:
        """Counts connects, as an extension does that acknowledges."""

        _count = 0

        @hookimpl
        def outgoing(self, message: Message) -> None:
            if message.channel == "/meta/connect":
                self._count += 1
                message.get_ext(create=True)["count"] = self._count

    checks.call_paths(ExtensionFactory(AddsConnects))


def test_a_difference_is_told_in_a_line() -> None:
    with pytest.raises(AssertionError) as found:
        checks.call_paths(ExtensionFactory(OncePerTurn))
    assert len(str(found.value)) < 400
