"""Behaviours of the connection: its connects, what breaks them, and how it comes back."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import pytest

from pybayeux import Advice, ConnectionState, Message, hookimpl
from pybayeux.errors import ConnectError, ExchangeTimeoutError, ReceiverError, SessionEndedError
from tests.conformance.servers import behaviour, dev_server, on
from tests.conformance.traffic import Traffic
from tests.servers.faults import Action, Fault
from tests.support.clients import take
from tests.support.loops import in_loop

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.conformance.servers import DevTarget, Target
    from tests.servers.proxy import Proxy

CONNECT: Final = "/meta/connect"
HANDSHAKE: Final = "/meta/handshake"
FIRST_CONNECT: Final = b'/meta/connect"'
"""Passes with the reply to a connect."""
SHORT: Final[dict[str, Any]] = {"timeout": 400, "instead": {"devserver": {"timeout": 0.4}}}
"""Servers that hold a connect for 0.4 seconds: some say only then what they have known for long."""


def most_at_once(traffic: Traffic) -> int:
    """How many connects were under way at the same time, at most."""
    steps = [{f"> {CONNECT}": 1, f"< {CONNECT}": -1}.get(line, 0) for line in traffic.lines]
    return max(sum(steps[:end]) for end in range(len(steps) + 1))


# -- one at a time


@behaviour("C01")
@on("cometd", "faye", "cometd-node", "devserver")
@in_loop
async def test_one_connect_at_a_time_whatever_happens(target: Target, proxy: Proxy) -> None:
    traffic = Traffic()
    async with target.client(traffic) as client, client.subscribe("/conformance/one") as events:
        for number in range(5):
            await asyncio.gather(client.publish("/conformance/one", number), client.subscribe(f"/conformance/{number}"))
        assert sorted(await take(events, 5)) == list(range(5)), "they come with two answers at a time"
        await target.held(client.client_id)
        connects = len(traffic.asked(CONNECT))
        await asyncio.to_thread(proxy.sever)
        await traffic.until(lambda: len(traffic.asked(CONNECT)) > connects)
    assert most_at_once(traffic) == 1


@behaviour("C02")
@on("cometd", "faye", "cometd-node", "devserver")
@in_loop
async def test_first_connect_and_first_after_a_failure_ask_for_an_answer_at_once(target: Target, proxy: Proxy) -> None:
    traffic = Traffic()
    async with target.client(traffic) as client:
        await target.held(client.client_id)
        await asyncio.to_thread(proxy.sever)
        await traffic.until(lambda: len(traffic.asked(CONNECT)) >= 3)
    assert [each.advice for each in traffic.asked(CONNECT)][:3] == [Advice(timeout=0), None, Advice(timeout=0)]


class Clock:
    """Notes when connects leave and when they are answered."""

    def __init__(self) -> None:
        self.left: list[float] = []
        self.answered: list[float] = []

    @hookimpl
    def outgoing(self, message: Message) -> None:
        if message.channel == CONNECT:
            self.left.append(asyncio.get_running_loop().time())

    @hookimpl
    def incoming(self, message: Message) -> None:
        if message.channel == CONNECT:
            self.answered.append(asyncio.get_running_loop().time())


@behaviour("C03")
@on("cometd", "faye", "cometd-node", "devserver", interval=200, instead={"devserver": {"interval": 0.2}})
@in_loop
async def test_interval_is_kept(target: Target) -> None:
    clock, traffic = Clock(), Traffic()
    async with target.client(clock, traffic):
        await traffic.until(lambda: len(clock.left) >= 2)
        advice = traffic.answers(CONNECT)[0].advice
        assert advice is not None
        assert advice.interval == 200
    pauses = [left - answered for left, answered in zip(clock.left[1:], clock.answered, strict=False)]
    assert all(pause >= 0.199 for pause in pauses), pauses


# -- failures


@behaviour("C06", "C13")
@on("cometd", "faye", "devserver", **SHORT)  # cometd-nodejs disconnects a session that it drops: see C18 and C12
@in_loop
async def test_failed_connect_with_handshake_begins_a_new_session(target: Target) -> None:
    traffic = Traffic()
    async with target.client(traffic) as client:
        before = client.client_id
        await target.held(before)
        await target.drop(before)
        await traffic.connected(2)
        assert client.client_id not in (None, before)
        assert await target.sessions() == [client.client_id]
        # As the client closes, the connect that is held may be answered, with an error too.
        answers = traffic.answers(CONNECT)
    (failed,) = [reply for reply in answers if not reply.successful and "failure" not in reply.extra]
    assert failed.advice is not None
    assert failed.advice.should_handshake()
    assert [error.error and error.error.is_unknown_client for error in connect_errors(traffic)] == [True]
    assert ConnectionState.REHANDSHAKING in traffic.states


def connect_errors(traffic: Traffic) -> list[ConnectError]:
    return [error for error in traffic.errors if isinstance(error, ConnectError)]


@behaviour("C13")
@on("cometd")  # Faye takes a publish from any session, and cometd-nodejs sends a disconnect before
@in_loop
async def test_publish_in_an_unknown_session_goes_into_the_next_one(target: Target) -> None:
    await publish_in_a_dropped_session(target, target.drop)


@behaviour("C13")
@on("devserver")
@in_loop
async def test_publish_after_a_drop_goes_into_the_next_session(target: Target) -> None:
    # As CometD does it: where a drop is told at once, the next session may be there before the publish.
    drop = partial(dev_server(target).faults.drop_sessions, at_once=False)
    await publish_in_a_dropped_session(target, partial(asyncio.to_thread, drop))


async def publish_in_a_dropped_session(target: Target, drop: Callable[[str | None], Awaitable[object]]) -> None:
    traffic = Traffic()
    async with target.client(traffic) as client, target.client() as witness:
        events = await witness.subscribe("/conformance/lost")
        before = client.client_id
        await target.held(before)
        await drop(before)
        assert (await client.publish("/conformance/lost", "once")).successful
        assert client.client_id not in (None, before)
        await client.publish("/conformance/lost", "and no more")
        assert await take(events, 2) == ["once", "and no more"]
    first, again, _ = traffic.asked("/conformance/lost")
    assert (first.client_id, again.client_id != before) == (before, True)


# -- the end


@behaviour("C07")
@on("devserver", instead={"devserver": {"tokens": ("right",)}})
@in_loop  # real servers say so of a session alone that they have removed: see the next test
async def test_none_on_a_failed_connect_is_the_end_of_everything(target: DevTarget) -> None:
    traffic = Traffic()
    client = target.client(traffic, headers={"Authorization": "Bearer right"})
    await client.start()
    events = await client.subscribe("/conformance/none")
    waiting = [asyncio.ensure_future(anext(events)), asyncio.create_task(client.wait_for("unconnected"))]
    await target.held(client.client_id)
    await asyncio.to_thread(target.server.faults.expire_token, "right")
    for each in waiting:
        with pytest.raises(SessionEndedError, match="none"):
            await each
    assert (client.state, client.client_id) == ("disconnected", None)
    assert traffic.states[-2:] == ["terminating", "disconnected"]
    assert [type(error) for error in traffic.errors] == [SessionEndedError]
    asked = len(traffic.sent)
    await client.close()
    assert len(traffic.sent) == asked


@behaviour("C07")
@on("cometd", timeout=300)
@in_loop
async def test_none_on_a_successful_connect_is_only_noted(target: Target) -> None:
    traffic = Traffic()
    async with target.client(traffic) as client:
        before = client.client_id
        await target.held(before)
        await target.drop(before)
        await traffic.connected(2)
        assert client.client_id not in (None, before)
    noted = [reply for reply in traffic.answers(CONNECT) if reply.advice and reply.advice.reconnect == "none"]
    # One or two, as the next connect comes before the server has cleared the session away or after.
    assert {reply.successful for reply in noted} == {True}


@behaviour("C18")
@on("cometd", "cometd-node", "devserver")  # Faye sends no disconnect
@in_loop
async def test_disconnect_of_the_server_begins_a_new_session(target: Target) -> None:
    traffic = Traffic()
    async with target.client(traffic) as client:
        before = client.client_id
        await target.held(before)
        await target.send_disconnect(before)
        await traffic.connected(2)
        assert client.client_id not in (None, before)
    assert traffic.answers("/meta/disconnect")[0].id is None
    assert "/meta/disconnect" in str(traffic.errors[0])


# -- replies that are late, or to no request


@behaviour("C08")
@pytest.mark.parametrize("stray", ["999", "2"], ids=["unknown id", "old id"])
@on("devserver")  # no real server sends such
@in_loop
async def test_connect_replies_of_another_id_are_ignored(target: DevTarget, stray: str) -> None:
    traffic = Traffic()
    async with target.client(traffic) as client, client.subscribe("/conformance/stray") as events:
        assert traffic.asked(CONNECT)[0].id == "2"
        await target.held(client.client_id)
        answered = len(traffic.answers(CONNECT))
        reply = {"channel": CONNECT, "id": stray, "successful": True, "advice": {"reconnect": "none"}}
        for _ in range(3):
            await asyncio.to_thread(target.server.push, reply)
        await target.send("/conformance/stray", 1, 2)
        assert await take(events, 2) == [1, 2]
        await target.held(client.client_id)
    assert most_at_once(traffic) == 1
    assert stray not in [reply.id for reply in traffic.answers(CONNECT)[answered:]]
    assert traffic.errors == []


@behaviour("C09")
@on("cometd", "faye", "cometd-node", "devserver")
@in_loop
async def test_reply_that_comes_after_the_client_gave_up_changes_nothing(target: Target, proxy: Proxy) -> None:
    late = proxy.add(Fault(Action.DELAY, FIRST_CONNECT, seconds=0.75))
    traffic = Traffic()
    made = target.client(traffic, max_network_delay=0.5)
    async with made as client, client.subscribe("/conformance/late") as events:
        assert late.struck == 1
        await target.held(client.client_id)
        await target.send("/conformance/late", 1, 2, 3)
        assert await take(events, 3) == [1, 2, 3]
        session = client.client_id
        await asyncio.sleep(0.3)  # what is late is there by now
        await target.send("/conformance/late", 4)
        assert await take(events, 1) == [4]
        assert client.client_id == session
    assert [type(error) for error in traffic.errors] == [ExchangeTimeoutError]
    assert most_at_once(traffic) == 1


class Patience:
    """Gives the server more time."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    @hookimpl
    def extend_timeout(self, message: Message) -> float:
        self.asked.append(message.channel)
        return 5.0


@behaviour("C17")
@on("cometd", "faye", "cometd-node", "devserver")
@in_loop
async def test_wait_is_extended_when_it_ends(target: Target, proxy: Proxy) -> None:
    proxy.add(Fault(Action.DELAY, FIRST_CONNECT, seconds=0.5))
    traffic, patience = Traffic(), Patience()
    async with target.client(traffic, patience, max_network_delay=0.25):
        assert [each.advice for each in traffic.asked(CONNECT)][:1] == [Advice(timeout=0)]
    assert patience.asked == [CONNECT]
    assert traffic.errors == []


# -- listeners


def broken(message: Message) -> None:
    raise ValueError(f"broken by {message.channel}")


@behaviour("C19")
@on("cometd", "faye", "cometd-node", "devserver")
@in_loop
async def test_exceptions_in_listeners_stop_nothing(target: Target) -> None:
    traffic = Traffic()
    client = target.client(traffic)
    for channel in (HANDSHAKE, CONNECT, "/meta/subscribe"):
        client.listen(channel, broken)
    async with client:
        await client.subscribe("/conformance/broken", broken, on_error="skip")
        events = await client.subscribe("/conformance/broken")
        for number in range(3):
            await target.held(client.client_id)
            await target.send("/conformance/broken", number)
            assert await take(events, 1) == [number]
    assert set(map(type, traffic.errors)) == {ReceiverError}
    assert {str(error.__cause__) for error in traffic.errors} == {
        f"broken by {channel}" for channel in (HANDSHAKE, CONNECT, "/meta/subscribe", "/conformance/broken")
    }
