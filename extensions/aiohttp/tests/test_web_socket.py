"""What only a socket of the library picows has to be asked; the core's tests ask the rest."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest
from websockets.frames import Close

from core.tests.transports.frames import CONNECT, event, fails
from core.tests.transports.websocket_site import Site, in_real_time, message, reply
from extensions.aiohttp.tests.over_picows import use_picows
from pybayeux.errors import TransportError
from pybayeux_aiohttp.web_socket import WebSocket

if TYPE_CHECKING:
    from pybayeux import Message


@pytest.fixture(autouse=True)
def over_picows(monkeypatch: pytest.MonkeyPatch) -> None:
    use_picows(monkeypatch)


def connection(site: Site) -> WebSocket:
    """The socket that is in use."""
    made = site.transport._sockets[-1]._connection
    assert isinstance(made, WebSocket)
    return made


def frame(first: int, payload: bytes = b"") -> bytes:
    """A frame of the server's."""
    return bytes([first, len(payload)]) + payload


TEXT, FIRST, NEXT, LAST, PING, PONG, CLOSE = 0x81, 0x01, 0x00, 0x80, 0x89, 0x8A, 0x88
EVENT = json.dumps([event(1)]).encode()


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
        b"\x81\x7e\x00\x01",  # more octets for the length than it needs
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
async def test_a_close_frame_without_a_code_is_answered() -> None:
    async with Site() as site:
        sending, peer = await site.begin(message("1", CONNECT))
        peer.connection.transport.write(frame(CLOSE))
        assert "the server closed the WebSocket: 1005" in str(await fails(sending))
        await peer.ended()
        assert peer.connection.protocol.close_rcvd == Close(1000, "")


@in_real_time
async def test_a_code_of_an_application_is_told() -> None:
    async with Site() as site:
        sending, peer = await site.begin(message("1", CONNECT))
        await peer.connection.close(4321, "moved")
        assert "the server closed the WebSocket: 4321 moved" in str(await fails(sending))


@in_real_time
async def test_a_frame_waits_while_the_server_reads_nothing() -> None:
    async with Site() as site:
        peer = await site.opened()
        socket = connection(site)
        peer.connection.transport.pause_reading()
        sending = asyncio.ensure_future(socket.send(b"x" * 2**24))
        await asyncio.sleep(0)
        assert not sending.done()
        peer.connection.transport.abort()
        with pytest.raises(TransportError, match="the WebSocket broke"):
            await sending


@in_real_time
async def test_a_frame_that_waited_is_sent_when_the_server_reads_again() -> None:
    async with Site(served={"max_size": None}) as site:
        peer = await site.opened()
        socket = connection(site)
        peer.connection.transport.pause_reading()
        sending = asyncio.ensure_future(socket.send(b"[" + b" " * 2**24 + b"]"))
        await asyncio.sleep(0)
        peer.connection.transport.resume_reading()
        assert await peer.heard() == []
        await sending


@in_real_time
async def test_nothing_is_sent_over_a_socket_that_is_closed() -> None:
    async with Site() as site:
        await site.opened()
        socket = connection(site)
        await socket.close(1000)
        assert not socket.is_open
        with pytest.raises(TransportError, match="the WebSocket was closed: 1000"):
            await socket.send(b"[]")


@in_real_time
async def test_a_server_that_answers_no_close_frame_is_waited_for_with_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pybayeux_aiohttp.web_socket._CLOSE_TIMEOUT", 0.01)
    async with Site() as site:
        peer = await site.opened()
        peer.connection.transport.pause_reading()
        await connection(site).close(1000)
        peer.connection.transport.abort()


@in_real_time
async def test_a_message_in_many_reads_is_one() -> None:
    text = json.dumps([reply("1", data="x" * 2**20)])
    async with Site() as site:
        sending, peer = await site.begin(message("1"))
        await peer.connection.send(text)
        await sending
        assert site.messages[0].data == "x" * 2**20
