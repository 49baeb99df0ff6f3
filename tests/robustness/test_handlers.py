"""Handlers of events: one event after the other, what becomes of one that failed, and data of the type asked for."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import pytest

from pybayeux.errors import ReceiverError
from tests.support.clients import make_client, take
from tests.support.journal import Journal
from tests.support.loops import in_loop
from tests.support.scripted import ScriptedServer

if TYPE_CHECKING:
    from pybayeux import Message
    from pybayeux._client.events_in_hand import ErrorPolicy


class Order(msgspec.Struct):
    number: int
    customer: str = "nobody"


@dataclass
class Point:
    x: int
    y: float


async def delivered(journal: Journal, *data: object) -> None:
    """Wait until exactly these have been handled, in this order."""
    await journal.until(lambda: len(journal.handled) >= len(data))
    assert journal.handled == list(data)


@pytest.mark.parametrize("is_async", [False, True])
@in_loop
async def test_handler_gets_one_event_after_the_other(is_async: bool) -> None:
    journal, seen, running = Journal(), list[int](), list[int]()

    def handle(event: Message) -> None:
        seen.append(event.data)

    async def handle_slowly(event: Message) -> None:
        assert running == []
        running.append(event.data)
        await asyncio.sleep(0)
        running.clear()
        seen.append(event.data)

    async with ScriptedServer() as server, make_client(server.url, journal) as client:
        await client.subscribe("/d", handle_slowly if is_async else handle)
        server.publish("/d", *range(50))
        await delivered(journal, *range(50))
    assert seen == list(range(50))


@in_loop
async def test_failed_handler_ends_its_subscription_and_nothing_else() -> None:
    journal, others = Journal(), Journal()

    def handle(event: Message) -> None:
        if event.data == 2:
            raise ValueError("two")

    async with ScriptedServer() as server, make_client(server.url, journal) as client:
        failing = await client.subscribe("/d", handle)
        async with client.subscribe("/other") as other:
            server.publish("/d", 1, 2, 3)
            await journal.until(lambda: failing.closed)
            server.publish("/other", "goes on")
            assert await take(other, 1) == ["goes on"]
            await server.until(lambda: server.subscriptions == ["/other"])
    assert others.errors == []
    assert journal.handled == [1, "goes on"]
    [error] = journal.errors
    assert isinstance(error, ReceiverError)
    assert error.channel == "/d"
    assert isinstance(error.__cause__, ValueError)


@in_loop
async def test_failed_handler_that_skips() -> None:
    journal, seen = Journal(), list[int]()

    def handle(event: Message) -> None:
        seen.append(event.data)
        if event.data % 2:
            raise ValueError("odd")

    async with ScriptedServer() as server, make_client(server.url, journal) as client:
        await client.subscribe("/d", handle, on_error="skip")
        server.publish("/d", 1, 2, 3, 4)
        await delivered(journal, 1, 2, 3, 4)
    assert seen == [1, 2, 3, 4]
    assert len(journal.failures(ReceiverError)) == 2


@in_loop
async def test_failed_handler_that_tries_again() -> None:
    journal, seen = Journal(), list[int]()

    async def handle(event: Message) -> None:
        seen.append(event.data)
        if seen.count(2) < 4 and event.data == 2:
            raise ValueError("not yet")

    async with ScriptedServer() as server, make_client(server.url, journal) as client:
        await client.subscribe("/d", handle, on_error="retry")
        server.publish("/d", 1, 2, 3)
        await delivered(journal, 1, 2, 3)
    assert seen == [1, 2, 2, 2, 2, 3]
    assert len(journal.failures(ReceiverError)) == 3


@in_loop
async def test_after_a_failure_no_later_event_of_its_channel_counts() -> None:
    # A store that moved past the failed event would never bring it again.
    journal = Journal()

    def handle(event: Message) -> None:
        if event.data == 2:
            raise ValueError("two")

    async with ScriptedServer() as server, make_client(server.url, journal) as client:
        failing = await client.subscribe("/d/*", handle)
        async with client.subscribe("/d/**") as events:
            server.publish("/d/a", 1, 2, 3)
            server.publish("/d/b", 4)
            await journal.until(lambda: failing.closed)
            assert await take(events, 4) == [1, 2, 3, 4]
    assert 3 not in journal.handled
    assert 4 in journal.handled


@in_loop
async def test_handler_may_finish_its_event_when_the_client_closes() -> None:
    journal, begun, go_on = Journal(), asyncio.Event(), asyncio.Event()

    async def handle(event: Message) -> None:
        begun.set()
        await go_on.wait()

    async with ScriptedServer() as server:
        client = make_client(server.url, journal)
        await client.start()
        await client.subscribe("/d", handle)
        server.publish("/d", 1)
        await begun.wait()
        closing = asyncio.create_task(client.close())
        await asyncio.sleep(0)
        assert not closing.done()
        go_on.set()
        await closing
    assert journal.handled == [1]


# -- types


@in_loop
async def test_data_of_the_type_asked_for() -> None:
    async with ScriptedServer() as server, make_client(server.url) as client:
        orders = await client.subscribe("/d", type=Order)
        mappings = await client.subscribe("/d", type=dict[str, int | str])
        plain = await client.subscribe("/d")
        points = await client.subscribe("/point", type=Point)
        server.publish("/d", {"number": 7, "customer": "x"})
        server.publish("/point", {"x": 1, "y": 2})
        assert await take(orders, 1) == [Order(7, "x")]
        assert await take(mappings, 1) == [{"number": 7, "customer": "x"}]
        assert await take(plain, 1) == [{"number": 7, "customer": "x"}]
        assert await take(points, 1) == [Point(1, 2.0)]


@in_loop
async def test_data_of_another_type_is_told_where_it_is_received() -> None:
    journal = Journal()
    async with ScriptedServer() as server, make_client(server.url, journal) as client:
        async with client.subscribe("/d", type=Order, ack="manual") as events:
            server.publish("/d", {"number": "seven"}, {"number": 8})
            with pytest.raises(ReceiverError, match=r"/d.*int"):
                await anext(events)
            after = await anext(events)
            assert after.data == Order(8)
            await after.ack()
        assert journal.handled == []  # the first was never acknowledged


@pytest.mark.parametrize(("policy", "seen"), [("skip", [1, 3]), ("raise", [1])])
@in_loop
async def test_data_of_another_type_and_a_handler(policy: ErrorPolicy, seen: list[int]) -> None:
    journal, numbers = Journal(), list[int]()

    def handle(event: Message) -> None:
        numbers.append(event.data.number)

    async with ScriptedServer() as server, make_client(server.url, journal) as client:
        handled = await client.subscribe("/d", handle, type=Order, on_error=policy)
        server.publish("/d", {"number": 1}, {"number": "two"}, {"number": 3})
        await journal.until(lambda: handled.closed or len(journal.handled) == 3)
    assert numbers == seen
    assert len(journal.failures(ReceiverError)) == 1
