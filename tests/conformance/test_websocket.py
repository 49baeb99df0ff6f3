"""Behaviours of the WebSocket transport, and of the change from it to another one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from pybayeux import Channel, ConnectionState, hookimpl
from pybayeux.errors import PublishError, TransportError
from tests.conformance.servers import behaviour, dev_server, on
from tests.conformance.tap import Tap
from tests.servers.faults import Action, Direction, Fault
from tests.support.clients import take
from tests.support.journal import Journal
from tests.support.loops import in_loop

if TYPE_CHECKING:
    from pybayeux.transports.base import TransportResponse
    from tests.conformance.servers import Target
    from tests.servers.proxy import Proxy

SERVERS = ("cometd", "faye", "devserver")  # cometd-nodejs has no WebSocket
SOCKET = ["websocket"]
BOTH = ["websocket", "long-polling"]


class Answers:
    """An extension that notes the headers of the answers to upgrades."""

    def __init__(self) -> None:
        self.headers: list[dict[str, str]] = []

    @hookimpl
    def response(self, response: TransportResponse) -> None:
        if response.status == 101:
            self.headers.append({name.lower(): value for name, value in response.headers.items()})


async def _something_arrives(target: Target, channel: str, events: Any) -> None:
    """Publish until an event arrives: the first may be written to the socket that broke."""
    while not events.pending:
        await target.send(channel, "sign of life")
    await take(events, events.pending)


# -- what takes the place of a WebSocket that is none


@behaviour("T06")
@pytest.mark.parametrize("action", [Action.CUT, Action.STALL])
@on(*SERVERS, transports=SOCKET)
@in_loop
async def test_an_upgrade_that_is_cut_off_or_hangs_gives_way_to_long_polling(
    target: Target, proxy: Proxy, action: Action
) -> None:
    tap, journal = Tap(), Journal()
    proxy.add(Fault(action, b"pgrade", times=100, direction=Direction.REQUEST))
    options = {"websocket": {"open_timeout": 0.3}}
    async with (
        target.client(tap, journal, transports=BOTH, transport_options=options) as client,
        client.subscribe("/conformance/fallback") as events,
    ):
        assert client.connection_type == "long-polling"
        assert tap.carriers[:3] == ["long-polling", "websocket", "long-polling"]
        assert [message.connection_type for message in tap.sent(Channel.META_CONNECT)][:2] == BOTH
        assert len(tap.sent(Channel.META_HANDSHAKE)) == 1
        await client.publish("/conformance/fallback", 1)
        assert await take(events, 1) == [1]
        assert tap.carriers.count("websocket") == 1  # once is enough
    assert "upgrade" in str(journal.failures(TransportError)[0])


@behaviour("T06")
@pytest.mark.parametrize("status", [200, 400, 404, 501])
@on("devserver", transports=SOCKET)  # the others cannot be made to refuse one
@in_loop
async def test_a_refused_upgrade_gives_way_to_long_polling(target: Target, status: int) -> None:
    dev_server(target).faults.refuse_websocket(status=status)
    tap = Tap()
    async with target.client(tap, transports=BOTH) as client:
        assert client.connection_type == "long-polling"
        assert len(tap.sent(Channel.META_HANDSHAKE)) == 1


@behaviour("T06")
@on("devserver", transports=SOCKET)  # the others cannot be made to hang
@in_loop
async def test_an_upgrade_without_an_answer_gives_way_to_long_polling(target: Target) -> None:
    dev_server(target).faults.hang_websocket()
    async with target.client(transports=BOTH, transport_options={"websocket": {"open_timeout": 0.2}}) as client:
        assert client.connection_type == "long-polling"


@behaviour("T06")
@on(*SERVERS, transports=SOCKET)
@in_loop
async def test_a_websocket_that_has_worked_is_stuck_to(target: Target, proxy: Proxy) -> None:
    tap, journal = Tap(), Journal()
    async with target.client(tap, journal, transports=BOTH) as client:
        session = client.client_id
        assert client.connection_type == "websocket"
        await target.held(session)
        proxy.add(Fault(Action.CUT, b"pgrade", times=2, direction=Direction.REQUEST))
        await asyncio.to_thread(proxy.sever)
        await journal.until(lambda: journal.count(ConnectionState.CONNECTED) == 2)
        assert (client.connection_type, client.client_id) == ("websocket", session)
    assert tap.carriers.count("long-polling") == 1  # the handshake


# -- what only a WebSocket does


@behaviour("T07")
@on(*SERVERS, transports=SOCKET)
@in_loop
async def test_events_come_unasked(target: Target) -> None:
    tap, channel = Tap(), "/conformance/unasked"
    async with target.client(tap) as client, client.subscribe(channel) as events:
        await target.held(client.client_id)
        connects = len(tap.sent(Channel.META_CONNECT))
        for number in range(5):
            await target.send(channel, number)
            assert await take(events, 1) == [number]
        assert len(tap.sent(Channel.META_CONNECT)) == connects
        assert tap.under_way == 1


@behaviour("T07")
@on(*SERVERS, transports=SOCKET)
@in_loop
async def test_replies_come_in_any_order_together_or_apart(target: Target) -> None:
    journal, channel = Journal(), "/conformance/any"
    async with target.client(journal) as client, client.subscribe(channel) as events:
        await target.held(client.client_id)
        [connect] = [message for message in journal.sent if message.channel == Channel.META_CONNECT][-1:]
        async with client.batch() as batch:  # Faye answers it in one frame, CometD in several with events between
            for number in range(5):
                batch.publish(channel, number)
        assert sorted(await take(events, 5)) == list(range(5)), "CometD sends them with two threads"
        replies = [reply for reply in batch.replies if not isinstance(reply, BaseException)]
        sent = [message.id for message in journal.sent if message.channel == channel]
        assert [reply.id for reply in replies] == sent
        # The connect that left before them is not answered yet.
        assert connect.id not in [reply.id for reply in journal.received if reply.is_meta]


@behaviour("T07")
@on("devserver", transports=SOCKET)  # the others answer one after the other
@in_loop
async def test_a_reply_may_be_overtaken_by_that_to_a_later_request(target: Target) -> None:
    server = dev_server(target)
    async with target.low_client() as client:
        await client.handshake()
        server.faults.hold_replies(channel="/conformance/first")
        first = asyncio.create_task(client.publish("/conformance/first", 1))
        await asyncio.to_thread(server.received, "/conformance/first")
        assert [reply.channel for reply in await client.publish("/conformance/second", 2)] == ["/conformance/second"]
        assert not first.done()
        server.faults.release_replies()
        assert [reply.channel for reply in await first] == ["/conformance/first"]
        await client.disconnect()


@behaviour("T08")
@on(*SERVERS, transports=SOCKET)
@in_loop
async def test_a_drop_fails_what_is_under_way_and_the_session_goes_on(target: Target, proxy: Proxy) -> None:
    journal, channel = Journal(), "/conformance/dropped"
    async with target.client(journal) as client, client.subscribe(channel) as events:
        session = client.client_id
        await target.held(session)
        proxy.add(Fault(Action.RESET, b"/conformance/under-way"))
        with pytest.raises(PublishError) as failed:
            await client.publish("/conformance/under-way", 1)
        assert isinstance(failed.value.__cause__, TransportError)
        await journal.until(lambda: journal.count(ConnectionState.CONNECTED) == 2)
        await _something_arrives(target, channel, events)
        assert (await client.publish(channel, 2)).successful
        while await take(events, 1) != [2]:
            pass  # more signs of life
        assert client.client_id == session
    assert ConnectionState.REHANDSHAKING not in journal.states


@behaviour("T08")
@pytest.mark.parametrize("code", [1000, 1001, 1011, None])
@on("devserver", transports=SOCKET)  # the others cannot be made to close it so
@in_loop
async def test_however_the_server_closes_the_socket_the_session_goes_on(target: Target, code: int | None) -> None:
    journal = Journal()
    async with target.client(journal) as client, client.subscribe("/conformance/closed") as events:
        session = client.client_id
        await target.held(session)
        assert await asyncio.to_thread(dev_server(target).faults.close_websockets, code=code) == 1
        await journal.until(lambda: journal.count(ConnectionState.CONNECTED) == 2)
        await client.publish("/conformance/closed", 1)
        assert await take(events, 1) == [1]
        assert client.client_id == session


# -- what is agreed on


@behaviour("T09")
@on(*SERVERS, transports=SOCKET)
@in_loop
async def test_nothing_is_negotiated_unless_asked_for(target: Target) -> None:
    answers = Answers()
    async with target.client(answers):
        pass
    [headers] = answers.headers
    assert not {"sec-websocket-extensions", "sec-websocket-protocol"} & headers.keys()


@behaviour("T09")
@on("cometd", "devserver", transports=SOCKET, instead={"cometd": {}, "devserver": {"deflate": True}})
@in_loop
async def test_compression_where_both_sides_want_it(target: Target) -> None:  # Faye has it as a plug-in alone
    answers, text = Answers(), "much of the same " * 1_000
    compressing = {"websocket": {"compression": True}}
    async with (
        target.client(answers, transport_options=compressing) as client,
        client.subscribe("/conformance/deflate") as events,
    ):
        await client.publish("/conformance/deflate", text)
        assert await take(events, 1) == [text]
    assert "permessage-deflate" in answers.headers[0]["sec-websocket-extensions"]


@behaviour("T09")
@on("faye", "devserver", transports=SOCKET)
@in_loop
async def test_compression_that_the_server_does_not_want(target: Target) -> None:
    answers = Answers()
    async with target.client(answers, transport_options={"websocket": {"compression": True}}) as client:
        assert (await client.publish("/conformance/plain", "x" * 1_000)).successful
    assert "sec-websocket-extensions" not in answers.headers[0]


@behaviour("T09")
@on("devserver", transports=SOCKET, subprotocol="bayeux")  # CometD 8 and Faye agree to none
@in_loop
async def test_a_subprotocol_that_both_sides_speak(target: Target) -> None:
    answers = Answers()
    async with target.client(answers, transport_options={"websocket": {"subprotocol": "bayeux"}}) as client:
        assert (await client.publish("/conformance/spoken", 1)).successful
    assert answers.headers[0]["sec-websocket-protocol"] == "bayeux"


@behaviour("T09")
@on(*SERVERS, transports=SOCKET)
@in_loop
async def test_a_subprotocol_that_the_server_does_not_speak_gives_way_to_long_polling(target: Target) -> None:
    asking = {"websocket": {"subprotocol": "something-else"}}
    async with target.client(transports=BOTH, transport_options=asking) as client:
        assert client.connection_type == "long-polling"
        assert (await client.publish("/conformance/unspoken", 1)).successful
