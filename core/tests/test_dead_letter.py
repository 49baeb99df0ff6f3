"""Events that a handler failed on, and extensions that keep them."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest

from core.tests.fake_server import FakeServer, Witness, make_client
from core.tests.virtual_time import in_virtual_time, settle
from pybayeux import Client, Message, hookimpl
from pybayeux.errors import ExtensionHookError, ReceiverError, UsageError

if TYPE_CHECKING:
    from pybayeux import BayeuxError


class Box:
    """Keeps dead letters in a list."""

    def __init__(self, place: str | None = "a box") -> None:
        self.kept: list[tuple[Any, str, BaseException | None]] = []
        self.place = place

    @hookimpl
    def dead_letter(self, message: Message, subscription: str, error: ReceiverError) -> str | None:
        self.kept.append((message.data, subscription, error.__cause__))
        return self.place


class SlowBox(Box):
    @hookimpl
    async def dead_letter(self, message: Message, subscription: str, error: ReceiverError) -> str | None:  # type: ignore[override]
        await asyncio.sleep(5)
        return super().dead_letter(message, subscription, error)


class BrokenBox:
    @hookimpl
    def dead_letter(self) -> str:
        raise OSError("disk full")


class Failures:
    def __init__(self) -> None:
        self.errors: list[type[BayeuxError]] = []

    @hookimpl
    def failed(self, error: BayeuxError) -> None:
        self.errors.append(type(error))


def _fail_on_one(event: Message) -> None:
    if event.data == 1:
        raise KeyError("oops")


@pytest.mark.parametrize("box", [Box(), SlowBox()])
@in_virtual_time
async def test_the_stream_goes_on_when_an_extension_keeps_the_event(box: Box) -> None:
    server, witness, last = FakeServer(), Witness(), Box(None)
    async with make_client(server, witness, box, last) as client:
        await client.subscribe("/a/*", _fail_on_one, on_error="dead_letter")
        server.push("/a/b", 1, 2)
        await asyncio.sleep(10)
        assert witness.delivered_data == [1, 2]
    assert [each[:2] for each in box.kept] == [each[:2] for each in last.kept] == [(1, "/a/*")]
    assert isinstance(box.kept[0][2], KeyError)


@pytest.mark.parametrize(
    ("boxes", "reported"), [((), UsageError), ((Box(None),), UsageError), ((Box(), BrokenBox()), ExtensionHookError)]
)
@in_virtual_time
async def test_the_subscription_ends_where_no_extension_keeps_it(
    boxes: tuple[object, ...], reported: type[BayeuxError]
) -> None:
    server, witness, failures = FakeServer(), Witness(), Failures()
    async with make_client(server, witness, failures, *boxes) as client:
        subscription = await client.subscribe("/a", _fail_on_one, on_error="dead_letter")
        server.push("/a", 1, 2)
        await settle()
        assert subscription.closed
        assert witness.delivered_data == []
        assert failures.errors == [ReceiverError, reported]


def test_the_synchronous_client_keeps_them_too() -> None:
    class Greeting(FakeServer):
        def _take_events(self) -> list[Message]:
            return [Message(channel="/a", data=1)] if self.subscriptions() and not box.kept else []

    class SignallingBox(Box):
        @hookimpl
        def dead_letter(self, message: Message, subscription: str, error: ReceiverError) -> str | None:
            place = super().dead_letter(message, subscription, error)
            has_kept.set()
            return place

    has_kept, box = threading.Event(), SignallingBox()
    with Client("http://fake/cometd", extensions=[Greeting(), box], discover=False) as client:
        subscription = client.subscribe("/a", _fail_on_one, on_error="dead_letter")
        client.rehandshake("to have the held connect answered")
        assert has_kept.wait(10)
        assert not subscription.closed
