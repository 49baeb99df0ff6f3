"""Behaviours of handshakes: what they say, and what becomes of them."""

from __future__ import annotations

import asyncio
import json
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import pytest

from core.tests.fake_server import FakeServer, make_client
from core.tests.session.world import World
from core.tests.virtual_time import in_virtual_time
from pybayeux import Advice, ConnectionState, Message, encode, hookimpl
from pybayeux.errors import ClientStateError, ExchangeTimeoutError, HandshakeError, SessionEndedError, TransportError
from pybayeux.session import Kind
from pybayeux.transports.callback_polling import CallbackPolling
from pybayeux.transports.long_polling import LongPolling
from pybayeux.transports.websocket import WebSocket
from tests.conformance.servers import behaviour, on
from tests.conformance.traffic import Traffic, lose_session
from tests.servers.faults import Action, Fault
from tests.support.clients import make_client as make_http_client
from tests.support.http_stub import Answer
from tests.support.loops import in_loop
from tests.support.scripted import ScriptedServer

if TYPE_CHECKING:
    from pybayeux.transports.registry import TransportRegistry
    from tests.conformance.servers import DevTarget, Target
    from tests.servers.proxy import Proxy

HANDSHAKE: Final = "/meta/handshake"
CONNECT: Final = "/meta/connect"
ALL: Final = ["websocket", "callback-polling", "long-polling"]


class Fields:
    """Adds members of its own to every handshake, and would give it another id."""

    @hookimpl
    def outgoing(self, message: Message) -> None:
        if message.channel == HANDSHAKE:
            message.ext = {"conformance": {"tenant": 7}}
            message.extra["own"] = True
            message.id = "stolen"


class Token:
    """Gives every handshake a token of its own, which takes its time."""

    def __init__(self) -> None:
        self.made = 0

    @hookimpl
    async def outgoing(self, message: Message) -> None:
        if message.channel == HANDSHAKE:
            await asyncio.sleep(0)
            self.made += 1
            message.ext = {"token": f"token-{self.made}"}


class Deny:
    """Asks for so many refusals: the real servers of the tests refuse ext.deny, the other one what has no token."""

    def __init__(self, times: int) -> None:
        self.times = times

    @hookimpl
    def outgoing(self, message: Message) -> None:
        if message.channel == HANDSHAKE:
            message.ext = {"deny": True} if self.times > 0 else {"token": "right"}
            self.times -= 1


class Pigeon:
    """Brings in a transport of a name that no server offers. It works as another one does."""

    def __init__(self, transport: str) -> None:
        self.works_as = {each.connection_type: each for each in (LongPolling, CallbackPolling, WebSocket)}[transport]

    @hookimpl
    def register_transports(self, registry: TransportRegistry) -> None:
        registry.register("carrier-pigeon", self.works_as)


# -- what a handshake says


@behaviour("H01")
@on("cometd", "faye", "cometd-node", "devserver")
@in_loop
async def test_handshake_has_its_fields_and_no_others(target: Target) -> None:
    traffic = Traffic()
    async with target.client(traffic):
        pass
    assert encode(traffic.asked(HANDSHAKE)) == (
        b'[{"channel":"/meta/handshake","version":"1.0","supportedConnectionTypes":["%s"],"id":"1"}]'
        % target.transport.encode()
    )


@behaviour("H01")
@on("cometd", "faye", "cometd-node", "devserver")
@in_loop
async def test_handshake_names_transports_in_the_order_of_preference(target: Target) -> None:
    traffic = Traffic()
    preferred = sorted(ALL, key=lambda name: name != target.transport)
    client = target.client(traffic, transports=preferred)
    await client.start(timeout=2)
    assert client.connection_type == target.transport
    await client.close()
    assert traffic.asked(HANDSHAKE)[0].supported_connection_types == preferred


@behaviour("H03")
@on("cometd", "faye", "cometd-node", "devserver")
@in_loop
async def test_fields_of_the_user_are_merged_and_sent_again(target: Target) -> None:
    traffic = Traffic()
    async with target.client(traffic, Fields()) as client:
        await lose_session(target, client, traffic)
    first, second = traffic.asked(HANDSHAKE)
    for each in (first, second):
        assert (each.version, each.supported_connection_types) == ("1.0", [target.transport])
        assert (each.ext, each.extra) == ({"conformance": {"tenant": 7}}, {"own": True})
    # A reply was recognised, so the id was not the one that the extension gave.
    assert [reply.successful for reply in traffic.answers(HANDSHAKE)] == [True, True]
    assert "stolen" not in [reply.id for reply in traffic.answers(HANDSHAKE)]


@behaviour("H04")
@on("cometd", "faye", "cometd-node", "devserver")
@in_loop
async def test_fields_can_be_made_afresh_for_each_handshake(target: Target) -> None:
    traffic = Traffic()
    async with target.client(traffic, Token()) as client:
        await lose_session(target, client, traffic)
    assert [each.ext for each in traffic.asked(HANDSHAKE)] == [{"token": "token-1"}, {"token": "token-2"}]


# -- success


@behaviour("H02")
@on("cometd", "faye", "cometd-node", "devserver")
@in_loop
async def test_success_stores_the_client_id_and_is_told_before_the_connect(target: Target) -> None:
    client = target.client()
    heard: list[tuple[str, str | None]] = []

    def listener(reply: Message) -> None:
        heard.append((reply.channel, client.client_id))

    for channel in (CONNECT, HANDSHAKE):
        client.listen(channel, listener)
    async with client:
        assert client.client_id in await target.sessions()
        assert heard[:2] == [(HANDSHAKE, client.client_id), (CONNECT, client.client_id)]


@behaviour("H11")
@on("cometd", "faye", "cometd-node", "devserver")
@in_loop
async def test_listener_hears_every_new_handshake(target: Target) -> None:
    traffic = Traffic()
    heard: list[Message] = []
    client = target.client(traffic)
    client.listen(HANDSHAKE, heard.append)
    async with client:
        first = client.client_id
        await lose_session(target, client, traffic)
        assert [reply.client_id for reply in heard] == [first, client.client_id]
    assert first != heard[1].client_id


@behaviour("H10")
@on("cometd", "faye", "cometd-node", "devserver")
@in_loop
async def test_second_start_is_an_error_and_works_after_the_end(target: Target) -> None:
    client = target.client()
    async with client:
        with pytest.raises(ClientStateError, match="started already"):
            await client.start()
        first = client.client_id
        assert client.state == "connected"
    async with client:
        assert client.client_id not in (None, first)
        assert (await client.publish("/conformance/again", 1)).successful


@behaviour("H10")
@on("cometd", "faye", "cometd-node", "devserver")
@in_loop
async def test_second_handshake_of_the_low_level_is_an_error_and_works_after_the_end(target: Target) -> None:
    async with target.low_client() as client:
        (first,) = await client.handshake()
        with pytest.raises(ClientStateError, match="handshake"):
            await client.handshake()
        await client.disconnect()
        (second,) = await client.handshake()
        assert first.client_id != second.client_id
        await client.disconnect()


@behaviour("H12", where="scripted server")
@in_loop
async def test_reply_without_an_array_is_accepted() -> None:
    async with ScriptedServer() as server:
        server.alter(HANDSHAKE, lambda answer: Answer(json.dumps(answer[0]).encode()))
        async with make_http_client(server.url) as client:
            assert client.client_id == "client-id-1"


# -- refusals


@behaviour("H05")
@on(
    "cometd",
    "cometd-node",
    "devserver",  # Faye advises to try again: see H06
    instead={"devserver": {"tokens": ("right",), "auth_style": "salesforce"}},
)
@in_loop
async def test_denial_is_the_end_of_all_that_waits(target: Target) -> None:
    traffic = Traffic()
    client = target.client(traffic, Deny(100))
    events = await client.subscribe("/conformance/denied")
    starting = asyncio.create_task(client.start())
    await traffic.until(lambda: ConnectionState.HANDSHAKING in traffic.states)
    publishing = asyncio.create_task(client.publish("/conformance/denied", 1))
    for waiting in (starting, publishing, anext(events)):
        with pytest.raises(SessionEndedError, match="403") as caught:
            await waiting
        assert isinstance(caught.value.__cause__, HandshakeError)
    assert client.state == "disconnected"
    assert traffic.lines == [f"> {HANDSHAKE}", f"< {HANDSHAKE}"]
    assert [type(error) for error in traffic.errors] == [SessionEndedError]


@behaviour("H06")
@on(
    "faye",
    "devserver",  # CometD's servers advise to give up: see H05
    instead={"devserver": {"tokens": ("right",)}},
)
@in_loop
async def test_refusal_with_handshake_is_tried_again_and_again(target: Target) -> None:
    traffic = Traffic()
    async with target.client(traffic, Deny(3)):
        replies = traffic.answers(HANDSHAKE)
        assert [reply.successful for reply in replies] == [False, False, False, True]
        assert [reply.advice and reply.advice.reconnect for reply in replies[:3]] == ["handshake"] * 3
    assert [type(error) for error in traffic.errors] == [HandshakeError] * 3


@behaviour("H06", where="client in virtual time")
@pytest.mark.parametrize("advice", [None, Advice(reconnect="handshake", interval=0), Advice(reconnect="retry")])
@in_virtual_time
async def test_refused_handshakes_wait_longer_and_longer(advice: Advice | None) -> None:
    server = FakeServer()
    for _ in range(5):
        server.refuse_next(HANDSHAKE, "403::not yet", advice=advice)
    async with make_client(server) as client:
        assert client.state == "connected"
    moments = server.times(HANDSHAKE)
    assert [round(later - sooner) for sooner, later in pairwise(moments)] == [0, 1, 2, 3, 4]


@behaviour("H08")
@on("cometd", "faye", "cometd-node", "devserver")
@in_loop
async def test_no_common_transport_is_the_end(target: Target) -> None:
    traffic = Traffic()
    client = target.client(traffic, Pigeon(target.transport), transports=["carrier-pigeon"])
    # CometD's servers leave it to the client; the others refuse such a handshake themselves, with 301.
    with pytest.raises(SessionEndedError, match=r"(405|301):.*carrier-pigeon"):
        await client.start(timeout=2)
    assert client.state == "disconnected"
    assert traffic.lines == [f"> {HANDSHAKE}", f"< {HANDSHAKE}"]


@behaviour("H08", where="pure session")
def test_no_common_transport_is_told_as_405() -> None:
    world = World()
    world.session.start(world.now)
    world.settle_down()
    world.accept(world.current(Kind.HANDSHAKE), supported_connection_types=["iframe"])
    world.pass_time(1000)
    assert str(world.ends[0]).startswith("405:c['long-polling'],s['iframe']:no_transport")
    assert world.times_of(Kind.HANDSHAKE) == [0]


# -- failures on the way


@behaviour("H07")
@pytest.mark.parametrize(("status", "body"), [(503, "busy"), (200, "<html>Welcome</html>")], ids=["503", "html"])
@on("devserver")  # no real server answers so
@in_loop
async def test_answers_that_are_no_bayeux_are_told_and_tried_again(target: DevTarget, status: int, body: str) -> None:
    await _answered_by(target, status, body)


@behaviour("H07")
@on("devserver", transports=("long-polling", "callback-polling"))  # a WebSocket's empty frame is ignored
@in_loop
async def test_answers_that_are_empty_are_told_and_tried_again(target: DevTarget) -> None:
    await _answered_by(target, 200, "")


async def _answered_by(target: DevTarget, status: int, body: str) -> None:
    target.server.faults.answer_instead(2, status=status, body=body, channel=HANDSHAKE)
    traffic = Traffic()
    client = target.client(traffic)
    heard: list[Message] = []
    client.listen(HANDSHAKE, heard.append)
    async with client:
        assert [reply.successful for reply in heard] == [False, False, True]
    failures = [reply.extra["failure"] for reply in heard[:2]]
    if status == 503 and target.transport != "websocket":  # a WebSocket has no status: the server closes it
        assert [failure["status"] for failure in failures] == [503, 503]
    assert [failure["connectionType"] for failure in failures] == [target.transport] * 2
    assert [str(error) for error in traffic.errors] == [failure["reason"] for failure in failures]


@behaviour("H09")
@on("cometd", "faye", "cometd-node", "devserver")
@in_loop
async def test_no_more_tries_once_the_client_is_closed(target: Target, proxy: Proxy) -> None:
    await asyncio.to_thread(proxy.refuse)
    traffic = Traffic()
    client = target.client(traffic)
    starting = asyncio.create_task(client.start())
    await traffic.until(lambda: len(traffic.failures(TransportError)) >= 2)
    assert client.state == "handshaking"
    await client.close()
    tries = len(traffic.sent)
    await asyncio.to_thread(proxy.accept)
    with pytest.raises(ClientStateError, match="closed"):
        await starting
    # `in_loop` checks that no task is left that could try.
    assert (client.state, len(traffic.sent)) == ("disconnected", tries)
    assert await target.sessions() == []


@behaviour("H13")
@on("cometd", "faye", "cometd-node", "devserver")
@in_loop
async def test_handshake_without_an_answer_fails_in_time_and_is_tried_again(target: Target, proxy: Proxy) -> None:
    proxy.add(Fault(Action.STALL, b"/meta/handshake"))
    traffic = Traffic()
    async with target.client(traffic, max_network_delay=0.3) as client:
        assert [reply.successful for reply in traffic.answers(HANDSHAKE)] == [False, True]
        assert client.client_id in await target.sessions()
    assert [type(error) for error in traffic.errors] == [ExchangeTimeoutError]
