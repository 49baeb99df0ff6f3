"""Exchanges that are given up, and sockets that break."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from core.tests.transports.frames import CONNECT, event, fails
from core.tests.transports.websocket_site import Site, in_real_time, message, reply
from pybayeux.errors import ClientStateError, MessageDecodeError, TransportError

if TYPE_CHECKING:
    from pybayeux import Message


# -- an exchange that is given up


@in_real_time
async def test_a_cancelled_exchange_closes_the_socket_and_fails_the_others() -> None:
    async with Site() as site:
        held, peer = await site.begin(message("1", CONNECT))
        late = site.send(message("2"))
        await peer.heard()
        late.cancel()
        error = await fails(held)
        assert "given up" in str(error)
        assert not error.unsent
        assert await peer.ended() == (1000, "")
        assert late.cancelled()


@in_real_time
async def test_what_comes_late_is_not_received() -> None:
    async with Site() as site:
        late, peer = await site.begin(message("1"))
        late.cancel()
        await asyncio.wait({late})
        await peer.say(reply("1"), event(1))
        await peer.ended()
        assert site.received == []


@in_real_time
async def test_the_next_exchange_after_a_cancelled_one_has_a_new_socket() -> None:
    async with Site() as site:
        late, _ = await site.begin(message("1"))
        late.cancel()
        sending, peer = await site.begin(message("2"))
        await peer.say(reply("2"))
        await sending
        assert len(site.upgrades) == 2


@in_real_time
async def test_a_deadline_ends_an_exchange() -> None:
    async with Site() as site:
        peer = await site.opened()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await site.transport.exchange([message("1")])
        assert await peer.ended() == (1000, "")


@in_real_time
async def test_a_cancellation_behind_the_answer_leaves_the_socket_open() -> None:
    async with Site() as site:
        sending, peer = await site.begin(message("1"))

        def cancel(messages: list[Message]) -> None:
            asyncio.get_running_loop().call_soon(sending.cancel)

        site.on_receive = cancel
        await peer.say(reply("1"))
        await asyncio.wait({sending})
        site.on_receive = None
        again = site.send(message("2"))
        await peer.heard()
        await peer.say(reply("2"))
        await again
        assert len(site.upgrades) == 1


# -- the socket breaks


@pytest.mark.parametrize(
    ("code", "reason", "text"),
    [
        (1000, "", "the server closed the WebSocket: 1000"),
        (1001, "going away", "the server closed the WebSocket: 1001 going away"),
        (1011, "java.text.ParseException: t0k3n-t0k3n", "the server closed the WebSocket: 1011 java.text.ParseExc"),
    ],
)
@in_real_time
async def test_a_close_frame_fails_every_exchange(code: int, reason: str, text: str) -> None:
    async with Site() as site:
        site.redact.remember("t0k3n-t0k3n")
        held, peer = await site.begin(message("1", CONNECT))
        other = site.send(message("2"))
        await peer.heard()
        await peer.connection.close(code, reason)
        for error in (await fails(held), await fails(other)):
            assert text in str(error)
            assert "t0k3n" not in str(error)
            assert (error.unsent, error.unavailable, error.fatal) == (False, False, False)


@in_real_time
async def test_a_broken_connection_fails_every_exchange() -> None:
    async with Site() as site:
        held, peer = await site.begin(message("1", CONNECT))
        peer.connection.transport.abort()
        assert "the WebSocket broke" in str(await fails(held))


@in_real_time
async def test_what_came_before_the_end_is_received_before_it() -> None:
    async with Site() as site:
        held, peer = await site.begin(message("1", CONNECT))
        other = site.send(message("2"))
        await peer.heard()
        await peer.say(event(1), reply("2"))
        await peer.connection.close()
        await other
        await fails(held)
        assert [each.channel for each in site.messages] == ["/a", "/meta/subscribe"]


@in_real_time
async def test_the_next_exchange_after_a_break_has_a_new_socket() -> None:
    async with Site() as site:
        peer = await site.opened()
        await peer.connection.close()
        sending, peer = await site.begin(message("1"))
        await peer.say(reply("1"))
        await sending
        assert len(site.upgrades) == 2


@in_real_time
async def test_a_message_beyond_the_limit_names_the_option() -> None:
    async with Site({"max_message_size": 1000}) as site:
        sending, peer = await site.begin(message("1"))
        await peer.say(event("x" * 1000))
        assert "max_message_size=1000" in str(await fails(sending))
        await peer.ended()
        assert peer.connection.close_code == 1009
        assert site.received == []


@in_real_time
async def test_a_violation_of_the_protocol_is_reported() -> None:
    async with Site() as site:
        sending, peer = await site.begin(message("1"))
        peer.connection.transport.write(b"\xff\x00")
        assert "the WebSocket was closed: 1002" in str(await fails(sending))


@pytest.mark.parametrize("frame", ["not json t0k3n-t0k3n", "[{", "7", b"\xff\xfd"])
@in_real_time
async def test_a_malformed_frame_fails_every_exchange_and_closes_the_socket(frame: str | bytes) -> None:
    async with Site() as site:
        site.redact.remember("t0k3n-t0k3n")
        held, peer = await site.begin(message("1", CONNECT))
        other = site.send(message("2"))
        await peer.heard()
        await peer.connection.send(frame)
        for sending in (held, other):
            with pytest.raises(MessageDecodeError) as caught:
                await sending
            assert "t0k3n" not in str(caught.value)
        assert (await peer.ended())[0] == 1007


@in_real_time
async def test_what_came_before_a_malformed_frame_is_received() -> None:
    async with Site() as site:
        peer = await site.opened()
        await peer.say(event(1))
        await peer.connection.send("nonsense")
        await peer.say(event(2))
        assert (await peer.ended())[0] == 1007
        assert [each.data for each in site.messages] == [1]


@in_real_time
async def test_a_malformed_frame_without_an_exchange_costs_only_the_socket() -> None:
    async with Site() as site:
        peer = await site.opened()
        await peer.connection.send("nonsense")
        await peer.ended()
        sending, peer = await site.begin(message("1"))
        await peer.say(reply("1"))
        await sending


@pytest.mark.parametrize(
    ("error", "kind"), [(ClientStateError("closed"), ClientStateError), (KeyError("t0k3n-t0k3n"), TransportError)]
)
@pytest.mark.parametrize("at_once", [True, False])
@in_real_time
async def test_a_receiver_that_fails_breaks_the_socket(at_once: bool, error: Exception, kind: type[Exception]) -> None:
    def fail(messages: list[Message]) -> None:
        raise error

    async def fail_later(messages: list[Message]) -> None:
        raise error

    async with Site() as site:
        site.redact.remember("t0k3n-t0k3n")
        site.on_receive = fail if at_once else fail_later
        sending, peer = await site.begin(message("1"))
        await peer.say(reply("1"))
        with pytest.raises(kind) as caught:
            await sending
        assert "t0k3n" not in str(caught.value)
        await peer.ended()
