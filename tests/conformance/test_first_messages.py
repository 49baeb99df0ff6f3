"""Behaviours around a handshake: what comes with it, and what waits for it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import pytest

from core.tests.session.world import World
from pybayeux import ConnectionState, Message
from pybayeux.errors import ClientStateError
from pybayeux.session import Kind
from tests.conformance.servers import behaviour, on
from tests.conformance.traffic import Traffic
from tests.support.clients import take
from tests.support.loops import in_loop

if TYPE_CHECKING:
    from tests.conformance.servers import Target

HANDSHAKE: Final = "/meta/handshake"
CONNECT: Final = "/meta/connect"


def greet(handshake: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"channel": "/greetings", "data": {"seq": number}} for number in range(3)]


@behaviour("H14")
@on(
    "cometd",
    "devserver",  # the others never send events with a handshake's reply
    instead={"devserver": {"deliver_with_handshake": True, "on_handshake": greet}},
    greetings=3,
    allowMessageDeliveryDuringHandshake=True,
)
@in_loop
async def test_events_with_the_handshake_come_before_the_first_connect(target: Target) -> None:
    traffic = Traffic()
    client = target.client(traffic)
    events = await client.subscribe("/greetings")
    async with client:
        assert [data["seq"] for data in await take(events, 3)] == [0, 1, 2]
    (handshake,) = traffic.answers(HANDSHAKE)
    assert handshake.extra["x-messages"] == 3
    begin = traffic.lines[: traffic.lines.index(f"> {CONNECT}")]
    assert begin.count("< /greetings") == 3


@behaviour("H14", where="pure session")
def test_announced_events_are_waited_for_but_not_for_ever() -> None:
    world = World(max_network_delay=5)
    world.session.start(world.now)
    world.settle_down()
    handshake = world.current(Kind.HANDSHAKE)
    reply = world.reply(handshake.messages[0])
    reply.extra["x-messages"] = 2
    world.answer(handshake, reply, Message(channel="/a", data=1))
    world.pass_time(4.9)
    assert not world.has(Kind.CONNECT), "one event has not come yet"
    world.pass_time(0.1)
    assert world.has(Kind.CONNECT)


@behaviour("H15")
@on("cometd", "faye", "cometd-node", "devserver")
@in_loop
async def test_close_within_the_listener_keeps_the_connect_from_leaving(target: Target) -> None:
    traffic = Traffic()
    client = target.client(traffic)
    client.listen(HANDSHAKE, lambda reply: client.close())
    with pytest.raises(ClientStateError, match="closed"):
        await client.start()
    assert client.state == "disconnected"
    assert traffic.asked(CONNECT) == []
    assert traffic.lines[-1] == "< /meta/disconnect"
    assert await target.sessions() == []


@behaviour("H16")
@on("cometd", "faye", "cometd-node", "devserver")
@in_loop
async def test_what_was_queued_before_the_handshake_leaves_once_in_order(target: Target) -> None:
    traffic = Traffic()
    client = target.client(traffic)
    names = [f"/conformance/queued/{number}" for number in range(5)]
    events = await client.subscribe("/conformance/queued/*")
    starting = asyncio.create_task(client.start())
    await traffic.until(lambda: ConnectionState.HANDSHAKING in traffic.states)
    publishing = [asyncio.create_task(client.publish(name, name)) for name in names]
    replies = await asyncio.gather(*publishing)
    await starting
    assert [reply.successful for reply in replies] == [True] * 5
    assert sorted(await take(events, 5)) == names
    asked = [message for message in traffic.sent if not message.channel.startswith(("/meta/connect", HANDSHAKE))]
    assert [message.subscription or message.channel for message in asked] == ["/conformance/queued/*", *names]
    assert {message.client_id for message in asked} == {client.client_id}
    assert traffic.sent[0].channel == HANDSHAKE
    await client.close()
