"""Hooks and handlers that block the event loop are reported, once each. The clock that measures them is the tests'."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from core.tests.fake_server import FakeServer, make_client
from core.tests.virtual_time import in_virtual_time
from pybayeux import Message, hookimpl
from pybayeux.extensions import blocking
from pybayeux.extensions.blocking import WATCHED, BlockingWatch

if TYPE_CHECKING:
    from collections.abc import Generator


class Clock:
    """What the watch measures with; code that blocks moves it on."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def block(self, seconds: float = 0.25) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(blocking, "perf_counter", clock)
    return clock


class Base:
    def __init__(self, clock: Clock, seconds: float = 0.25) -> None:
        self._clock = clock
        self._seconds = seconds

    def block(self) -> None:
        self._clock.block(self._seconds)


class Outgoing(Base):
    @hookimpl
    def outgoing(self, message: Message) -> None:
        self.block()


class Incoming(Base):
    @hookimpl
    def incoming(self, message: Message) -> None:
        if message.channel == "/a":
            self.block()


class Delivered(Base):
    @hookimpl
    def delivered(self, message: Message) -> None:
        self.block()


class AsyncOutgoing(Base):
    @hookimpl
    async def outgoing(self, message: Message) -> None:
        await asyncio.sleep(0)
        self.block()


class AsyncIncoming(Base):
    @hookimpl
    async def incoming(self, message: Message) -> None:
        self.block()
        await asyncio.sleep(0)


class Around(Base):
    @hookimpl(wrapper=True)
    def outgoing(self, message: Message) -> Generator[None, Any, Any]:
        result = yield
        self.block()
        return result


class AtTheStart(Base):
    @hookimpl
    def registered(self, name: str) -> None:
        self.block()


class StateChanged(Base):
    @hookimpl
    def state_changed(self, old: str, new: str) -> None:
        self.block()


class Failing(Base):
    @hookimpl
    def incoming(self, message: Message) -> None:
        self.block()
        raise LookupError("no such key")


class Quick:
    @hookimpl
    def outgoing(self, message: Message) -> None: ...
    @hookimpl
    def incoming(self, message: Message) -> None: ...
    @hookimpl
    def delivered(self, message: Message) -> None: ...


def warnings_in(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if "blocked the event loop" in record.getMessage()]


async def conversation(*extensions: object) -> None:
    """A client starts, receives three events, publishes two, and closes."""
    server = FakeServer()
    async with make_client(server, *extensions) as client, client.subscribe("/a") as events:
        server.push("/a", 1, 2, 3)
        for _ in range(3):
            await events.next(timeout=60)
        await client.publish("/b", 1)
        await client.publish("/b", 2)


@pytest.mark.parametrize(
    ("extension", "name", "hook"),
    [
        (Outgoing, "outgoing", "outgoing"),
        (Incoming, "incoming", "incoming"),
        (Delivered, "delivered", "delivered"),
        (AsyncOutgoing, "async-outgoing", "outgoing"),
        (AsyncIncoming, "async-incoming", "incoming"),
        (Around, "around", "outgoing"),
        (StateChanged, "state-changed", "state_changed"),
        (Failing, "failing", "incoming"),
    ],
)
@in_virtual_time
async def test_a_hook_that_blocks_is_named_once(
    extension: type[Base], name: str, hook: str, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    await conversation(Quick(), extension(clock))
    [text] = warnings_in(caplog)
    assert text.startswith(f"extension {name!r} blocked the event loop for 0.25 s in {hook}, and nothing else ran")


@in_virtual_time
async def test_registered_may_block(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    await conversation(AtTheStart(clock))
    assert warnings_in(caplog) == []


@pytest.mark.parametrize("extension", [Outgoing, Incoming, Delivered, AsyncOutgoing, AsyncIncoming])
@in_virtual_time
async def test_a_hook_that_takes_less_is_not(
    extension: type[Base], clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    await conversation(extension(clock, 0.09))
    assert warnings_in(caplog) == []


class Waiting:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    @hookimpl
    async def outgoing(self, message: Message) -> None:
        waiting = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(self.clock.block)
        asyncio.get_running_loop().call_soon(waiting.set_result, None)
        await waiting


@in_virtual_time
async def test_the_time_that_a_hook_waits_does_not_count(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    await conversation(Waiting(clock))
    assert warnings_in(caplog) == []


@in_virtual_time
async def test_a_hook_that_blocks_is_found_among_many_events(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    server, numbers = FakeServer(), range(10 * WATCHED)
    extensions = Incoming(clock), Delivered(clock)
    async with make_client(server, *extensions) as client, client.subscribe("/a") as events:
        server.push("/a", *numbers)
        assert [(await events.next(timeout=60)).data for _ in numbers] == list(numbers)
    assert sorted(text.split()[1] for text in warnings_in(caplog)) == ["'delivered'", "'incoming'"]


@in_virtual_time
async def test_a_handler_that_blocks_is_named_once(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    server, seen = FakeServer(), list[int]()

    def handle(event: Message) -> None:
        seen.append(event.data)
        clock.block()

    async with make_client(server) as client:
        await client.subscribe("/a", handle)
        server.push("/a", *range(3 * WATCHED))
        await client.publish("/b", 1)
    assert seen == list(range(3 * WATCHED))
    [text] = warnings_in(caplog)
    assert text.startswith("the handler of /a blocked the event loop for 0.25 s, and nothing else ran")


class Cancelled:
    """Is cancelled while it waits, and cleans up."""

    def __init__(self) -> None:
        self.ends: list[str] = []

    @hookimpl
    async def outgoing(self, message: Message) -> None:
        if message.channel != "/b":
            return
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.ends.append("cancelled")
            raise


@in_virtual_time
async def test_a_watched_hook_can_be_cancelled() -> None:
    extension = Cancelled()
    async with make_client(FakeServer(), extension) as client:
        with pytest.raises(Exception, match="no answer within 1 s"):
            await client.publish("/b", 1, timeout=1)
    assert extension.ends == ["cancelled"]


def test_a_hook_that_is_closed_while_it_waits_cleans_up(clock: Clock) -> None:
    ended: list[str] = []

    async def waits(message: object) -> None:
        try:
            await asyncio.sleep(0)
        finally:
            ended.append("cleaned up")

    timed = BlockingWatch(ended.append).timed_hook(waits, "acme", "outgoing", taken=1, by_steps=True)
    call = timed("message")
    call.send(None)
    call.close()
    assert ended == ["cleaned up"]
