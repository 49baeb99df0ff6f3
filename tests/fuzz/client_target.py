"""The target `client`: a client with the installed extensions against a scripted server, in virtual time."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from pybayeux import AsyncClient, BayeuxError, Channel, Message, hookimpl
from pybayeux.errors import ExtensionError, TransportError
from pybayeux.testing import run
from pybayeux_ack import Ack
from pybayeux_auth import Auth
from pybayeux_binary import Binary
from pybayeux_replay import Replay
from pybayeux_timestamp import Timestamp
from pybayeux_timesync import TimeSync
from tests.fuzz.script import read_script

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fuzz.script import Action

__all__ = ("client",)

_TOKEN: Final = "t0ken-0f-the-fuzzer"
_DELAY: Final = 5.0
_LATENCY: Final = 0.02
_LONGEST: Final = 600.0
"""Seconds of virtual time for a script."""
_MOST_REQUESTS: Final = 20_000
_MOST_TEXT: Final = 4_000
_silent: Final = logging.Logger("fuzz", logging.CRITICAL)


class _Server:
    """Follows the script, and then answers nothing any more."""

    def __init__(self, actions: Iterator[Action]) -> None:
        self.is_done = asyncio.Event()
        self.requests = 0
        self._actions: Final = actions

    async def answer(self, messages: list[Message]) -> bytes:
        self.requests += 1
        action = next(self._actions, None)
        if action is None:
            self.is_done.set()
            await asyncio.Event().wait()
        assert action is not None
        await asyncio.sleep(action.delay or _LATENCY)
        if action.breaks:
            raise TransportError("the connection broke")
        if action.body is None:
            await asyncio.Event().wait()
        return action.answer_to(messages[0])


class _Errors:
    """Notes what is reported."""

    def __init__(self) -> None:
        self.errors: list[BayeuxError] = []

    @hookimpl
    def failed(self, error: BayeuxError) -> None:
        self.errors.append(error)


def client(data: bytes) -> None:
    """A client and its extensions survive whatever is answered; errors are reported, short and without the token."""
    run(_converse(data))


async def _converse(data: bytes) -> None:
    server, reported = _Server(read_script(data)), _Errors()
    made = AsyncClient(
        "http://host.example/cometd",
        discover=False,
        transports=["memory"],
        transport_options={"memory": {"server": server.answer}},
        extensions=[Ack(), Auth(_TOKEN), Binary(), Replay(), Timestamp(), TimeSync(), reported],
        logger=_silent,
        max_network_delay=_DELAY,
    )
    await made.subscribe("/a", _ignore, on_error="skip")
    await made.subscribe("/b/**", _look_at, on_error="skip")
    start = asyncio.create_task(_start(made))
    done = asyncio.create_task(server.is_done.wait())
    await asyncio.wait({done}, timeout=_LONGEST)
    assert server.requests < _MOST_REQUESTS
    begin = asyncio.get_running_loop().time()
    await made.close()
    assert asyncio.get_running_loop().time() - begin <= 3 * _DELAY
    for task in (start, done):
        task.cancel()
    await asyncio.wait({start, done})
    assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []
    for error in reported.errors:
        _check(error)


async def _start(made: AsyncClient) -> None:
    try:
        await made.start()
        await made.publish("/a", {"n": 1})
    except BayeuxError as error:
        _check(error)


def _check(error: BayeuxError) -> None:
    if isinstance(error, ExtensionError):  # a hook may refuse a value, and a mistake in its code is of another kind
        assert isinstance(error.__cause__, ValueError), repr(error.__cause__)
    assert len(str(error)) <= _MOST_TEXT
    assert _TOKEN not in str(error)
    assert str(error).isprintable()


def _ignore(event: Message) -> None:
    pass


def _look_at(event: Message) -> None:
    Channel(event.channel).is_valid()
    repr(event)
    repr(event.data)
