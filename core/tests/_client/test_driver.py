from __future__ import annotations

import asyncio
from random import Random

import pytest

from core.tests.virtual_time import in_virtual_time, settle
from pybayeux import Advice, ConnectionState, Message
from pybayeux._client.driver import Driver
from pybayeux.errors import BayeuxError, ExchangeTimeoutError, TransportError
from pybayeux.session import Backoff, Exchange, Kind, Session, SessionConfig

RETRY = Advice(reconnect="retry", interval=0, timeout=30_000)


class Car:
    """A driver, its session, and a server that answers all but held connects, while it is up."""

    def __init__(self) -> None:
        config = SessionConfig(("long-polling",), backoff=Backoff(jitter=0), max_network_delay=5, random=Random(1))
        self.session = Session(config)
        self.more_time = 0.0
        self.wall = 1_000_000.0
        self.driver = Driver(
            self.session,
            carry=self.carry,
            give_up=self.give_up,
            late=lambda exchange: self.more_time,
            noticed=self.noticed,
            wall_clock=lambda: self.wall + asyncio.get_running_loop().time(),
        )
        self.carried: list[tuple[float, Kind]] = []
        self.errors: list[BaseException] = []
        self.up = True
        self.slow = False
        self.steps = 0

    def start(self) -> None:
        self.session.start(asyncio.get_running_loop().time())
        self.driver.start()

    async def close(self) -> None:
        self.session.close(asyncio.get_running_loop().time())
        self.driver.poke()
        await self.driver.ended()

    def noticed(self) -> None:
        self.steps += 1
        self.session.take_notices()

    async def carry(self, exchange: Exchange) -> None:
        now = asyncio.get_running_loop().time
        self.carried.append((now(), exchange.kind))
        if not self.up:
            self.session.failed(exchange, TransportError("down"), now())
            return
        if self.slow or (exchange.kind is Kind.CONNECT and exchange.messages[0].advice is None):
            await asyncio.Event().wait()
        replies = [
            Message(channel=m.channel, id=m.id, client_id="c1", successful=True, advice=RETRY)
            for m in exchange.messages
        ]
        self.session.receive(self.session.admit(replies), now())
        self.session.over(exchange, now())

    async def give_up(self, exchange: Exchange, error: BayeuxError) -> None:
        self.errors.append(error)
        self.session.failed(exchange, error, asyncio.get_running_loop().time())

    def kinds(self) -> list[Kind]:
        return [kind for _, kind in self.carried]


@in_virtual_time
async def test_what_the_session_says_is_done_when_it_says_so() -> None:
    car = Car()
    car.start()
    assert car.driver.running
    await settle()
    assert car.kinds() == [Kind.HANDSHAKE, Kind.CONNECT, Kind.CONNECT]
    await car.close()
    assert car.session.state is ConnectionState.DISCONNECTED


@in_virtual_time
async def test_an_exchange_that_takes_too_long_is_given_up() -> None:
    car = Car()
    car.start()
    await asyncio.sleep(30 + 5 + 1)
    (error,) = car.errors
    assert isinstance(error, ExchangeTimeoutError)
    assert "connect" in str(error)
    assert car.kinds()[-2:] == [Kind.CONNECT, Kind.CONNECT]
    await car.close()


@in_virtual_time
async def test_failures_are_retried_at_the_sessions_pace() -> None:
    car = Car()
    car.up = False
    start = asyncio.get_running_loop().time()
    car.start()
    await asyncio.sleep(7)
    assert [round(moment - start) for moment, _ in car.carried] == [0, 0, 1, 3, 6]
    await car.close()


@in_virtual_time
async def test_a_poke_has_the_session_asked_again() -> None:
    car = Car()
    car.start()
    await settle()
    steps = car.steps
    for _ in range(5):
        car.driver.poke()
    await settle()
    assert car.steps == steps + 1
    await car.close()


@in_virtual_time
async def test_what_is_under_way_at_the_end_is_cancelled() -> None:
    car = Car()
    car.slow = True
    car.start()
    await settle()
    car.session.abort(None)
    car.driver.poke()
    await car.driver.ended()
    assert len(asyncio.all_tasks()) == 1


@in_virtual_time
async def test_waiting_for_the_end_can_be_given_up() -> None:
    car = Car()
    await car.driver.ended()
    car.start()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            await car.driver.ended()
    assert car.driver.running
    await car.close()


@in_virtual_time
async def test_an_exchange_may_be_given_more_time() -> None:
    car = Car()
    car.slow, car.more_time = True, 7.0
    car.start()
    await asyncio.sleep(6)
    assert car.errors == []
    car.more_time = 0.0
    await asyncio.sleep(5.9)
    assert car.errors == []
    await asyncio.sleep(0.2)
    assert [type(error).__name__ for error in car.errors] == ["ExchangeTimeoutError"]
    await car.close()


@in_virtual_time
async def test_the_sleep_of_the_machine_is_noticed() -> None:
    car = Car()
    car.slow = True
    car.start()
    await asyncio.sleep(1)
    car.wall += 3600
    await asyncio.sleep(4.5)
    assert [kind for _, kind in car.carried] == [Kind.HANDSHAKE, Kind.HANDSHAKE], "the one under way is not waited for"
    await car.close()


@in_virtual_time
async def test_a_clock_that_is_set_right_is_no_sleep() -> None:
    car = Car()
    car.slow = True
    car.start()
    for step in (9.0, -3600.0):
        await asyncio.sleep(0.5)
        car.wall += step
    await asyncio.sleep(3.5)
    assert len(car.carried) == 1
    await car.close()
