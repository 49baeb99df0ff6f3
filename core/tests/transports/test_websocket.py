from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import pytest

from core.tests.transports.websocket_site import Site, at_raw_server, in_real_time, message, reply
from pybayeux.errors import TransportError, UsageError
from pybayeux.transports.options import bind_options
from pybayeux.transports.websocket import WebSocket

if TYPE_CHECKING:
    from pybayeux import Message

# -- opening


@in_real_time
async def test_the_socket_is_opened_by_the_first_exchange() -> None:
    async with Site() as site:
        assert site.upgrades == []
        await site.opened()
        assert len(site.upgrades) == 1


@in_real_time
async def test_exchanges_that_begin_together_open_one_socket() -> None:
    async with Site() as site:
        sendings = [site.send(message(str(number))) for number in range(5)]
        peer = await site.peer()
        heard = [each["id"] for _ in sendings for each in await peer.heard()]
        assert heard == ["0", "1", "2", "3", "4"]
        await peer.say(*map(reply, heard))
        await asyncio.gather(*sendings)
        assert len(site.upgrades) == 1


@in_real_time
async def test_exchanges_that_begin_together_share_the_failure() -> None:
    async with Site(refuse=lambda connection: connection.respond(HTTPStatus.NOT_FOUND, "")) as site:
        results = await asyncio.gather(*(site.send(message(str(n))) for n in range(5)), return_exceptions=True)
        assert {type(each) for each in results} == {TransportError}
        assert len(site.upgrades) == 1
        await asyncio.wait({site.send(message("6"))})
        assert len(site.upgrades) == 2


@in_real_time
async def test_an_exchange_cancelled_before_it_was_sent_leaves_the_others_alone() -> None:
    asked, go = asyncio.Event(), asyncio.Event()

    async def hold(request: Any) -> None:
        asked.set()
        await go.wait()

    async with Site() as site:
        site.context.on_request = hold
        opening = site.send(message("1"))
        await asked.wait()
        waiting = site.send(message("2"))
        opening.cancel()
        await asyncio.wait({opening})
        go.set()
        peer = await site.peer()
        assert [each["id"] for each in await peer.heard()] == ["2"]
        await peer.say(reply("2"))
        await waiting
        assert len(site.upgrades) == 1


@in_real_time
async def test_an_exchange_cancelled_while_the_socket_opens_leaves_nothing() -> None:
    asked = asyncio.Event()

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()

    async with at_raw_server(note) as url, Site(url=url) as site:
        sending = site.send(message("1"))
        await asked.wait()
        sending.cancel()
        await asyncio.wait({sending})
        assert sending.cancelled()


# -- closing


@in_real_time
async def test_close_says_goodbye() -> None:
    async with Site() as site:
        peer = await site.opened()
        await site.transport.close()
        assert await peer.ended() == (1000, "")
        await site.transport.close()


@in_real_time
async def test_close_fails_what_is_under_way() -> None:
    async with Site() as site:
        held, _ = await site.begin(message("1", "/meta/connect"))
        await site.transport.close()
        with pytest.raises(TransportError, match="was closed") as caught:
            await held
        assert not caught.value.unsent


@in_real_time
async def test_close_does_not_wait_long_for_a_server_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pybayeux.transports.dialling._CLOSE_TIMEOUT", 0.05)
    async with Site() as site:
        peer = await site.opened()
        peer.connection.transport.pause_reading()
        await site.transport.close()
        peer.connection.transport.abort()


@in_real_time
async def test_close_does_not_wait_for_a_receiver_that_hangs() -> None:
    reached = asyncio.Event()

    async def hang(messages: list[Message]) -> None:
        reached.set()
        await asyncio.Event().wait()

    async with Site() as site:
        peer = await site.opened()
        site.on_receive = hang
        await peer.say({"channel": "/a", "data": 1})
        await reached.wait()
        await site.transport.close()


@in_real_time
async def test_a_receiver_may_close() -> None:
    async with Site() as site:

        async def close(messages: list[Message]) -> None:
            await site.transport.close()

        peer = await site.opened()
        site.on_receive = close
        await peer.say({"channel": "/a", "data": 1})
        assert await peer.ended() == (1000, "")
        await site.got(1)


@in_real_time
async def test_a_closed_transport_stays_closed() -> None:
    async with Site() as site:
        await site.transport.close()
        with pytest.raises(TransportError, match="is closed") as caught:
            await site.transport.exchange([message("1")])
        assert caught.value.unsent
        assert site.upgrades == []


@in_real_time
async def test_close_while_the_socket_opens() -> None:
    async with Site() as site:

        async def close(response: Any) -> None:
            await site.transport.close()

        site.context.on_response = close
        sending = site.send(message("1"))
        with pytest.raises(TransportError, match="is closed"):
            await sending
        assert await (await site.peer()).ended() == (1000, "")


# -- options


@in_real_time
async def test_options_are_converted() -> None:
    async with Site() as site:
        given = {"open_timeout": "2", "compression": "true", "max_message_size": "1000", "url": "wss://other/"}
        transport = bind_options("websocket", WebSocket, given)(site.context)
        assert isinstance(transport, WebSocket)
        options = transport._options
        assert (options.open_timeout, options.compression, options.max_message_size) == (2.0, True, 1000)


@pytest.mark.parametrize(("delay", "seconds"), [(10.0, 5.0), (60.0, 5.0), (2.0, 1.0)])
@in_real_time
async def test_opening_takes_less_than_an_exchange_may(delay: float, seconds: float) -> None:
    async with Site(max_network_delay=delay) as site:
        assert site.transport._options.open_timeout == seconds


@pytest.mark.parametrize(
    ("heartbeat", "given", "interval", "timeout"),
    [(None, {}, None, 10.0), (5.0, {}, 5.0, 5.0), (20.0, {}, 20.0, 10.0), (5.0, {"ping_interval": 2.0}, 2.0, 5.0)],
)
@in_real_time
async def test_a_heartbeat_is_a_ping_too(
    heartbeat: float | None, given: dict[str, Any], interval: float | None, timeout: float
) -> None:
    async with Site() as site:
        context = replace(site.context, heartbeat=heartbeat, max_network_delay=10.0)
        options = bind_options("websocket", WebSocket, given)(context)._options  # type: ignore[attr-defined]
        assert (options.ping_interval, options.ping_timeout) == (interval, timeout)


@pytest.mark.parametrize("option", ["max_message_size", "open_timeout", "ping_interval"])
@in_real_time
async def test_options_that_make_no_sense(option: str) -> None:
    async with Site() as site:
        with pytest.raises(UsageError, match=option):
            bind_options("websocket", WebSocket, {option: 0})(site.context)


@in_real_time
async def test_a_batch_that_is_too_large_for_a_frame_is_sent_as_several_in_order() -> None:
    async with Site({"max_frame_size": 300}) as site:
        sending = site.send(*[message(str(number), "/a", data="x" * 40) for number in range(20)])
        peer, heard = await site.peer(), list[str]()
        while len(heard) < 20:
            frame = await peer.heard()
            assert len(json.dumps(frame)) < 500
            heard += [each["id"] for each in frame]
        assert heard == [str(number) for number in range(20)]
        await peer.say(*[reply(number, "/a") for number in heard])
        await sending


@in_real_time
async def test_a_message_larger_than_a_frame_may_be_is_alone_in_its_own() -> None:
    async with Site({"max_frame_size": 100}) as site:
        site.send(message("1", "/a", data=1), message("2", "/a", data="x" * 500), message("3", "/a", data=3))
        peer = await site.peer()
        assert [[each["id"] for each in await peer.heard()] for _ in range(3)] == [["1"], ["2"], ["3"]]
