"""What a socket does with frames of which a test says every byte, several of them in one read."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from core.tests.transports.frames import CONNECT, event, fails
from core.tests.transports.websocket_site import Site, in_real_time, message
from pybayeux.errors import TransportError

if TYPE_CHECKING:
    from pybayeux import Message

TEXT, FIRST, LAST, PING, PONG, CLOSE = 0x81, 0x01, 0x80, 0x89, 0x8A, 0x88
EVENT = json.dumps([event(1)]).encode()


def frame(first: int, payload: bytes = b"") -> bytes:
    """A frame of the server's."""
    return bytes([first, len(payload)]) + payload


@pytest.mark.parametrize("last", [PING, PONG])
@in_real_time
async def test_messages_before_a_ping_or_a_pong_do_not_wait(last: int) -> None:
    async with Site({"ping_interval": 60}) as site:
        peer = await site.opened()
        peer.connection.transport.write(frame(TEXT, EVENT) * 2 + frame(last))
        await site.got(2)


@in_real_time
async def test_messages_before_a_close_frame_are_received_and_those_behind_it_are_not() -> None:
    batches: list[list[object]] = []

    def note(messages: list[Message]) -> None:
        batches.append([each.data for each in messages])

    async with Site() as site:
        sending, peer = await site.begin(message("1", CONNECT))
        site.on_receive = note
        peer.connection.transport.write(frame(TEXT, EVENT) * 2 + frame(CLOSE, b"\x03\xe9bye") + frame(TEXT, EVENT))
        assert "the server closed the WebSocket: 1001 bye" in str(await fails(sending))
        assert batches == [[1, 1]]


@pytest.mark.parametrize(
    "violation",
    [
        frame(0xC1, EVENT),  # a reserved bit
        frame(LAST, EVENT),  # a continuation of nothing
        frame(FIRST, b"[") + frame(TEXT, EVENT),
        frame(FIRST, b"[") + frame(FIRST, b"]"),
        frame(0x83, b""),  # a reserved opcode
        frame(0x09, b""),  # a ping in fragments
        b"\x81\x80mask",
    ],
)
@in_real_time
async def test_a_violation_of_the_protocol_closes_with_its_code(violation: bytes) -> None:
    async with Site() as site:
        sending, peer = await site.begin(message("1", CONNECT))
        peer.connection.transport.write(frame(TEXT, EVENT) * 2)
        await site.got(2)
        peer.connection.transport.write(violation + frame(TEXT, EVENT))
        assert "the WebSocket was closed: 1002" in str(await fails(sending))
        await peer.ended()
        assert peer.connection.close_code == 1002
        assert len(site.messages) == 2


@pytest.mark.parametrize("before", [0, 1, 2, 3])
@pytest.mark.parametrize("violation", [frame(0xC1, EVENT), b"\x81\x80mask", b"\x81\x7e\x10\x00" + b" " * 4096])
@in_real_time
async def test_what_came_in_one_read_before_a_violation_is_received_and_nothing_behind_it(
    violation: bytes, before: int
) -> None:
    async with Site({"max_message_size": 1000}) as site:
        sending, peer = await site.begin(message("1", CONNECT))
        behind = frame(TEXT, json.dumps([event(2)]).encode()) * 2
        peer.connection.transport.write(frame(TEXT, EVENT) * before + violation + behind)
        await fails(sending)
        await peer.ended()
        assert [each.data for each in site.messages] == [1] * before


@in_real_time
async def test_a_frame_that_waits_to_be_sent_fails_with_the_connection() -> None:
    async with Site() as site:
        peer = await site.opened()
        socket = site.transport._sockets[-1]._connection
        peer.connection.transport.pause_reading()
        sending = asyncio.ensure_future(socket.send(b"x" * 2**24))
        await asyncio.sleep(0)
        assert not sending.done()
        peer.connection.transport.abort()
        with pytest.raises(TransportError, match="the WebSocket broke"):
            await sending
