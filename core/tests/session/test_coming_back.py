"""How soon sessions come back after an outage, and how many attempts they make; that no server makes them spin."""

from __future__ import annotations

from collections import Counter
from random import Random
from statistics import median

import pytest

from core.tests.session.world import RETRY, World
from pybayeux import Advice, Message
from pybayeux._client.pacing import AttemptPacer
from pybayeux.errors import TransportError
from pybayeux.session import Backoff, Kind
from pybayeux.state import ConnectionState

REFUSED = TransportError("refused", unsent=True)


class Outage:
    """A server that is away for a while and has then forgotten every session; its clients live in one time."""

    def __init__(self, clients: int, seconds: float, pacer: AttemptPacer | None = None) -> None:
        self.returns = 100.0 + seconds
        self.worlds = [
            World(
                random=Random(seed),
                backoff=Backoff(),
                pace=lambda moment, now: moment if pacer is None else pacer.reserve(moment, now),
            ).connected()
            for seed in range(clients)
        ]
        self.attempts: list[float] = []
        self.back: list[float] = []

    def run(self) -> None:
        """From the loss of the server until all are back."""
        for world in self.worlds:
            world.pass_time(0.0)
            world.fail(world.current(Kind.CONNECT), REFUSED)
            world.settle_down()
        waiting = list(self.worlds)
        while waiting:
            world = min(waiting, key=lambda each: each.wake_at or each.now)
            self.answer(world)
            if world.state() is ConnectionState.CONNECTED:
                self.back.append(world.now - self.returns)
                waiting.remove(world)

    def answer(self, world: World) -> None:
        """Let time pass until the next attempt of a client, and answer it."""
        if not world.under_way:
            assert world.wake_at is not None
            world.pass_time(world.wake_at - world.now)
        for exchange in list(world.under_way):
            if exchange.client_id != "c2":  # with that one it is back, and no longer tries to be
                self.attempts.append(world.now)
            if world.now < self.returns:
                world.fail(exchange, REFUSED)
            elif exchange.client_id == "c1" and exchange.kind is Kind.CONNECT:
                world.accept(exchange, successful=False, error="402::session_unknown")
            else:
                world.accept(exchange, **{"client_id": "c2"} if exchange.kind is Kind.HANDSHAKE else {"advice": RETRY})
        world.settle_down()

    @property
    def busiest(self) -> int:
        """The most attempts in one second."""
        return max(Counter(int(moment) for moment in self.attempts).values())


@pytest.mark.parametrize("seconds", [0.5, 5, 20, 60, 75])
def test_a_client_is_back_within_a_second_of_the_servers_return(seconds: float) -> None:
    outages = []
    for seed in range(40):
        outage = Outage(1, seconds + seed / 40)
        outage.run()
        outages += outage.back
    assert 0 <= median(outages) < 1
    assert max(outages) < 2


@pytest.mark.parametrize("seconds", [0.1, 5, 20])
def test_clients_of_one_process_come_back_spread_out(seconds: float) -> None:
    outage = Outage(200, seconds, AttemptPacer())
    outage.run()
    assert outage.busiest <= 100
    assert max(outage.back) < 8


def test_after_a_while_attempts_become_rare() -> None:
    outage = Outage(1, 600)
    outage.run()
    assert 90 < len(outage.attempts) < 140


# -- servers that would make a client spin


def test_connects_that_are_not_held_are_sent_with_pauses() -> None:
    world = World().connected()
    for _ in range(300):
        world.pass_time(0.1)
        while world.has(Kind.CONNECT):
            world.accept(world.current(Kind.CONNECT), advice=RETRY)
            world.settle_down()
    assert len(world.times_of(Kind.CONNECT)) < 30
    (error,) = world.errors
    assert "30 s to hold them are advised" in str(error)
    assert world.state() is ConnectionState.CONNECTED


def test_connects_that_bring_events_are_sent_without_pauses() -> None:
    world = World().connected()
    for number in range(300):
        connect = world.current(Kind.CONNECT)
        world.answer(connect, Message(channel="/a", data=number), world.reply(connect.messages[0], advice=RETRY))
        world.settle_down()
    assert len(world.times_of(Kind.CONNECT)) > 300
    assert world.errors == []


def test_connections_that_break_after_their_first_connect_are_made_with_pauses() -> None:
    world = World().connected()
    for _ in range(1000):
        world.pass_time(0.01)
        if world.has(Kind.CONNECT):
            connect = world.current(Kind.CONNECT)
            if connect.messages[0].advice is None:
                world.fail(connect, TransportError("the WebSocket broke"))
            else:
                world.accept(connect, advice=RETRY)
    assert len(world.times_of(Kind.CONNECT)) < 40


def test_handshakes_that_are_advised_again_and_again_are_made_with_pauses() -> None:
    world = World()
    world.session.start(world.now)
    for _ in range(600):
        world.pass_time(0.1)
        for exchange in list(world.under_way):
            again = Advice(reconnect="handshake", interval=0)
            world.accept(exchange, **{"advice": again} if exchange.kind is Kind.CONNECT else {})
    assert len(world.times_of(Kind.HANDSHAKE)) < 20


def test_what_waits_to_be_sent_goes_out_when_the_server_is_back() -> None:
    world = World().connected()
    world.session.send(Message(channel="/p", data=1))
    world.settle_down()
    for _ in range(20):
        if world.has(Kind.SEND):
            world.fail(world.current(Kind.SEND), REFUSED)
        if world.has(Kind.CONNECT):
            world.fail(world.current(Kind.CONNECT), REFUSED)
        world.pass_time(1.0)
    if not world.has(Kind.CONNECT):
        world.until(Kind.CONNECT)
    world.accept(world.current(Kind.CONNECT), advice=RETRY)
    world.settle_down()
    assert world.has(Kind.SEND)
