from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from pybayeux import Message, hookimpl
from pybayeux.errors import ExtensionOptionError, SessionEndedError, TransportError, UsageError
from pybayeux.message import Advice
from pybayeux.testing import Harness, in_virtual_time

if TYPE_CHECKING:
    from pybayeux.transports.base import TransportRequest


class Greeting:
    """Greets on every publish and in every request."""

    def __init__(self, word: str = "hello") -> None:
        self.word = word

    @hookimpl
    def outgoing(self, message: Message) -> None:
        if not message.is_meta:
            message.get_ext(create=True)["greeting"] = self.word

    @hookimpl
    def request(self, request: TransportRequest) -> None:
        request.headers["X-Greeting"] = self.word


@in_virtual_time
async def test_what_was_sent_and_what_was_handled() -> None:
    async with Harness(Greeting, {"word": "hi"}) as harness:
        await harness.subscribe("/orders/*")
        harness.server.push("/orders/new", 1, 2)
        await harness.settle()
        await harness.client.publish("/orders/new", 3)
        await harness.settle()
    assert harness.delivered == [1, 2, 3]
    assert [message.ext for message in harness.sent if message.channel == "/orders/new"] == [{"greeting": "hi"}]
    assert {request.headers["x-greeting"] for request in harness.server.requests} == {"hi"}
    assert harness.failures == []


@in_virtual_time
async def test_what_was_reported_and_time_that_passes() -> None:
    async with Harness(Greeting()) as harness:
        harness.server.fail(*[TransportError("gone")] * 3)
        before = harness.clock.now
        await harness.clock.advance(3600)
        assert harness.clock.now == pytest.approx(before + 3600, abs=0.01)
        assert harness.client.state == "connected"
    assert [str(error) for error in harness.failures] == ["gone"] * 3


@in_virtual_time
async def test_the_script_of_the_handshake_is_given_before() -> None:
    harness = Harness(Greeting)
    harness.server.refuse_next("/meta/handshake", "403::denied", advice=Advice(reconnect="none"))
    with pytest.raises(SessionEndedError):
        async with harness:
            pass


@in_virtual_time
async def test_a_start_that_fails_tells_each_failure_once() -> None:
    harness = Harness(Greeting)
    harness.server.fail(*[TransportError("gone")] * 1000)
    with pytest.raises(AssertionError, match=r"^the client did not connect: gone$"):
        async with harness:
            pass


@in_virtual_time
async def test_a_handler_and_other_extensions() -> None:
    class Other:
        seen: list[str] = []  # noqa: RUF012

        @hookimpl
        def incoming(self, message: Message) -> None:
            self.seen.append(message.channel)

    got: list[object] = []
    async with Harness(Greeting, others=[Other()], queue_size=5) as harness:
        await harness.subscribe("/orders", lambda event: got.append(event.data))
        harness.server.push("/orders", 1)
        await harness.settle()
    assert got == [1]
    assert "/orders" in Other.seen


def test_it_needs_virtual_time() -> None:
    async def test() -> None:
        async with Harness(Greeting):
            pass

    with pytest.raises(UsageError, match="in_virtual_time"):
        asyncio.run(test())


def test_wrong_options_are_refused() -> None:
    with pytest.raises(ExtensionOptionError, match="wrod"):
        Harness(Greeting, {"wrod": "hi"})
    with pytest.raises(UsageError, match="is not a class"):
        Harness(Greeting(), {"word": "hi"})


class Slow:
    @hookimpl
    async def delivered(self) -> None:
        await asyncio.sleep(1.5)


@in_virtual_time
async def test_idle_waits_for_hooks_that_take_time() -> None:
    async with Harness(Slow) as harness:
        await harness.subscribe("/**")
        harness.server.push("/a", 1, 2)
        harness.server.push("/b", 3)
        await harness.settle()
        assert len(harness.delivered) < 3
        await harness.idle()
        assert harness.delivered_on == {"/a": [1, 2], "/b": [3]}


@in_virtual_time
async def test_idle_does_not_wait_for_ever() -> None:
    async with Harness(Slow) as harness:
        await harness.subscribe("/**")
        harness.server.push("/a", *range(1000))
        before = harness.clock.now
        await harness.idle()
        assert harness.clock.now - before == pytest.approx(120, abs=1)
