"""Behaviours of the end: what a client waits for, what it lets go of, and that it can begin again."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final

import pytest

from core.tests.fake_server import FakeServer, make_client
from core.tests.virtual_time import in_virtual_time
from pybayeux import Message
from pybayeux.errors import BayeuxError, ClientStateError, PublishError, TransportError
from pybayeux.subscription import Subscription
from tests.conformance.servers import behaviour, on
from tests.conformance.traffic import Traffic
from tests.servers.faults import Action, Fault
from tests.support.clients import take
from tests.support.loops import in_loop

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from tests.conformance.servers import Target
    from tests.servers.proxy import Proxy

CONNECT: Final = "/meta/connect"
DISCONNECT: Final = "/meta/disconnect"
SUBSCRIBED: Final = "/conformance/end"


async def outcome(call: Awaitable[Any]) -> Any:
    """What a call gave, or the error that it ended with."""
    try:
        return await call
    except BayeuxError as error:
        return error


# -- a close in good order


@behaviour("D01")
@on("cometd", "faye", "cometd-node", "devserver")
@in_loop
async def test_close_waits_for_its_reply_and_for_the_last_connect(target: Target) -> None:
    traffic = Traffic()
    async with target.client(traffic) as client:
        await target.held(client.client_id)
        before = len(traffic.lines)
    # Sockets that were left open would fail this test, as tasks would.
    assert traffic.lines[before] == f"> {DISCONNECT}"
    assert sorted(traffic.lines[before + 1 :]) == [f"< {CONNECT}", f"< {DISCONNECT}"]
    assert all(reply.successful for reply in traffic.answers(DISCONNECT))
    assert await target.sessions() == []
    assert (client.state, client.client_id) == ("disconnected", None)


@behaviour("D01")
@on("cometd", "faye", "cometd-node", "devserver")
@in_loop
async def test_close_of_the_low_level_is_one_request(target: Target) -> None:
    async with target.low_client() as client:
        await client.handshake()
        replies = await client.disconnect()
        assert [reply.successful for reply in replies if reply.channel == DISCONNECT] == [True]
        assert await target.sessions() == []
        with pytest.raises(ClientStateError, match="handshake"):
            await client.connect()


# -- a close in trouble


@behaviour("D02")
@on("cometd", "faye", "cometd-node", "devserver")
@in_loop
async def test_failed_disconnect_ends_the_client_all_the_same(target: Target, proxy: Proxy) -> None:
    traffic = Traffic()
    async with target.client(traffic) as client:
        await target.held(client.client_id)
        lost = proxy.add(Fault(Action.RESET, DISCONNECT.encode()))
    assert lost.struck == 1
    assert (client.state, client.client_id) == ("disconnected", None)
    assert traffic.states[-3:] == ["disconnecting", "terminating", "disconnected"]


@behaviour("D02")
@on("cometd", "faye", "cometd-node", "devserver")
@in_loop
async def test_client_without_a_network_closes_at_once(target: Target, proxy: Proxy) -> None:
    traffic = Traffic()
    async with target.client(traffic) as client:
        await target.held(client.client_id)
        await asyncio.to_thread(proxy.refuse)
        await client.wait_for("unconnected")
    assert client.state == "disconnected"
    assert traffic.asked(DISCONNECT) == []


@behaviour("D03")
@on("cometd", "faye", "cometd-node", "devserver")
@in_loop
async def test_connect_that_nobody_answers_does_not_hold_the_close_up(target: Target, proxy: Proxy) -> None:
    traffic = Traffic()
    async with target.client(traffic, max_network_delay=0.4) as client:
        await target.held(client.client_id)
        # On a WebSocket this is the end of all answers.
        proxy.add(Fault(Action.STALL, CONNECT.encode()))
        events = await client.subscribe(SUBSCRIBED)
        waiting = asyncio.ensure_future(anext(events, None))
        begin = time.monotonic()
    # No longer than the network's delay and the closing of a socket, whatever the server does.
    assert time.monotonic() - begin < 2.5
    assert await waiting is None
    assert client.state == "disconnected"


@behaviour("D03", where="client in virtual time")
@in_virtual_time
async def test_close_waits_for_the_last_connect_for_a_second() -> None:
    server, now = FakeServer(), asyncio.get_running_loop().time
    async with make_client(server) as client:
        await asyncio.sleep(1)
        server.silent.add(CONNECT)
        server.push("/a", 1)  # the held connect is answered, the next one never
        await asyncio.sleep(1)
        begin = now()
    assert now() - begin == pytest.approx(1)
    assert client.state == "disconnected"
    assert server.opened == 0


@behaviour("D04")
@on("cometd", "faye", "cometd-node", "devserver")
@in_loop
async def test_what_is_under_way_fails_and_stays_in_the_old_session(target: Target, proxy: Proxy) -> None:
    traffic = Traffic()
    client = target.client(traffic, max_network_delay=0.4)
    await client.start()
    await target.held(client.client_id)
    before = client.client_id
    proxy.add(Fault(Action.STALL, b"/conformance/stalled"))
    proxy.add(Fault(Action.STALL, b"/conformance/queued"))  # it may leave while the close comes to its end
    sent = asyncio.create_task(outcome(client.publish("/conformance/stalled", 1)))
    await traffic.until(lambda: len(traffic.asked("/conformance/stalled")) == 1)
    queued = asyncio.create_task(outcome(client.publish("/conformance/queued", 2)))
    await asyncio.sleep(0)
    await client.close()
    # Its time is up in the moment in which the close no longer waits for it.
    assert isinstance(await sent, PublishError | ClientStateError)
    assert isinstance(await queued, ClientStateError)
    assert client.state == "disconnected"
    asked = len(traffic.sent)
    async with client:
        assert client.client_id not in (None, before)
        assert (await client.publish("/conformance/after", 3)).successful
        again = [message.channel for message in traffic.sent[asked:] if not message.is_meta]
        assert again == ["/conformance/after"]
        assert {message.client_id for message in traffic.sent[asked + 1 :]} == {client.client_id}


@behaviour("D05")
@pytest.mark.parametrize("channel", ["/meta/handshake", CONNECT, "/meta/subscribe", "/conformance/race"])
@on("cometd", "faye", "cometd-node", "devserver")
@in_loop
async def test_close_while_replies_are_lost(target: Target, proxy: Proxy, channel: str) -> None:
    proxy.add(Fault(Action.CUT, channel.encode(), times=3))
    traffic = Traffic()
    client = target.client(traffic)
    calls = [asyncio.create_task(outcome(client.start()))]
    await traffic.until(lambda: len(traffic.states) > 0)
    calls += [
        asyncio.create_task(outcome(client.subscribe("/conformance/other"))),
        asyncio.create_task(outcome(client.publish("/conformance/race", 1))),
    ]
    await traffic.until(lambda: len(traffic.asked(channel)) > 0)
    await asyncio.gather(client.close(), client.close())
    started, subscribed, published = await asyncio.gather(*calls)
    assert isinstance(started, BayeuxError | None)
    assert isinstance(subscribed, BayeuxError | Subscription)
    assert isinstance(published, BayeuxError | Message)
    assert (client.state, client.client_id) == ("disconnected", None)


# -- several clients, several waits


@behaviour("D06")
@on("cometd", "faye", "cometd-node", "devserver")
@in_loop
async def test_clients_in_one_process_know_nothing_of_each_other(target: Target) -> None:
    traffic = [Traffic() for _ in range(4)]
    clients = [target.client(each) for each in traffic]
    await asyncio.gather(*(client.start() for client in clients))
    ids = {client.client_id for client in clients}
    assert (len(ids), set(await target.sessions())) == (4, ids)
    own = [await client.subscribe(f"{SUBSCRIBED}/{number}") for number, client in enumerate(clients)]
    shared = [await client.subscribe(f"{SUBSCRIBED}/all") for client in clients]
    await target.held()
    for number in range(4):
        await target.send(f"{SUBSCRIBED}/{number}", number)
    await target.send(f"{SUBSCRIBED}/all", "all")
    assert [await take(events, 1) for events in own] == [[0], [1], [2], [3]]
    assert [await take(events, 1) for events in shared] == [["all"]] * 4
    # Of clients that share a cookie CometD says that they are several.
    advice = [reply.advice for each in traffic for reply in each.received if reply.advice is not None]
    assert {each.multiple_clients for each in advice} == {None}
    await clients[0].close()
    assert set(await target.sessions()) == ids - {traffic[0].asked(DISCONNECT)[0].client_id}
    assert (await clients[1].publish(f"{SUBSCRIBED}/all", "after")).successful
    await asyncio.gather(*(client.close() for client in clients))


@behaviour("D07")
@on("cometd", "faye", "cometd-node", "devserver")
@in_loop
async def test_states_are_waited_for_and_imply_others(target: Target) -> None:
    client = target.client()
    wanted = ["handshaking", "handshaken", "connecting", "connected"]
    starting = [asyncio.create_task(client.wait_for(state)) for state in wanted]
    await client.start()
    await asyncio.gather(*starting)
    for state in ("handshaken", "connecting", "connected"):
        await client.wait_for(state)
    with pytest.raises(TimeoutError):
        await client.wait_for("rehandshaking", timeout=0.01)
    ending = [asyncio.create_task(client.wait_for(state)) for state in ("disconnecting", "terminating", "disconnected")]
    await asyncio.sleep(0)
    await client.close()
    await asyncio.gather(*ending)
    await client.wait_for("disconnecting")


@behaviour("D07", where="client in virtual time")
@in_virtual_time
async def test_who_waits_for_a_state_hears_of_the_end() -> None:
    server = FakeServer()
    client = make_client(server)
    server.fail(*[TransportError("refused")] * 100)
    starting = asyncio.create_task(outcome(client.start()))
    waiting = asyncio.create_task(outcome(client.wait_for("connected")))
    await asyncio.sleep(30)
    assert not waiting.done()
    await client.close()
    assert [type(error) for error in (await starting, await waiting)] == [ClientStateError] * 2
