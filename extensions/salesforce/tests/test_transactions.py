from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from pybayeux.errors import ReceiverError, UsageError
from pybayeux.testing import Harness, in_virtual_time
from pybayeux_salesforce import ChangeEvent, Salesforce, Transaction, transactions

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_CHANGES = "/data/ChangeEvents"


def _change(key: str | None, number: int) -> dict[str, Any]:
    header = {"entityName": "Account", "changeType": "UPDATE", "transactionKey": key, "sequenceNumber": number}
    return {"payload": {"ChangeEventHeader": header, "N": number}, "event": {"replayId": number}}


def _harness() -> Harness:
    return Harness(Salesforce, {"active": True})


def _numbers(transaction: Transaction) -> list[int]:
    return [change.fields["N"] for change in transaction.changes]


async def _next(iterator: AsyncIterator[Transaction]) -> tuple[str | None, list[int], bool]:
    transaction = await anext(iterator)
    return transaction.key, _numbers(transaction), transaction.is_complete


@in_virtual_time
async def test_a_transaction_ends_with_another_key_or_after_the_quiet_time() -> None:
    async with _harness() as harness:
        events = await harness.client.subscribe(_CHANGES)
        harness.server.push(_CHANGES, _change("a", 1), _change("a", 3), _change("b", 1), _change("b", 2))
        found = transactions(events, quiet=2.0)
        assert await _next(found) == ("a", [1, 3], True)
        before = harness.clock.now
        assert await _next(found) == ("b", [1, 2], True)
        assert harness.clock.now - before == pytest.approx(2.0, abs=0.01)


@in_virtual_time
async def test_an_event_within_the_quiet_time_belongs_to_the_transaction() -> None:
    async with _harness() as harness:
        events = await harness.client.subscribe(_CHANGES)
        found = transactions(events, quiet=2.0)
        waiting = asyncio.create_task(_next(found))
        for number in range(1, 4):
            harness.server.push(_CHANGES, _change("a", number))
            await harness.clock.advance(1.5)
        assert await waiting == ("a", [1, 2, 3], True)


@in_virtual_time
async def test_a_transaction_is_handled_when_the_next_is_requested() -> None:
    async with _harness() as harness:
        events = await harness.client.subscribe(_CHANGES)
        harness.server.push(_CHANGES, _change("a", 1), _change("a", 2), _change("b", 3))
        found = transactions(events)
        await anext(found)
        await harness.settle()
        assert harness.delivered == []
        await anext(found)
        assert [each["event"]["replayId"] for each in harness.delivered] == [1, 2]


@in_virtual_time
async def test_a_transaction_is_acknowledged_as_one() -> None:
    async with _harness() as harness:
        events = await harness.client.subscribe(_CHANGES, ack="manual")
        harness.server.push(_CHANGES, _change("a", 1), _change("a", 2), _change("b", 3))
        found = transactions(events)
        first, second = await anext(found), await anext(found)
        assert harness.delivered == []
        await second.ack()
        assert harness.delivered == []
        await first.ack()
        assert [each["event"]["replayId"] for each in harness.delivered] == [1, 2, 3]


@in_virtual_time
async def test_a_large_transaction_is_returned_in_parts() -> None:
    async with _harness() as harness:
        events = await harness.client.subscribe(_CHANGES)
        harness.server.push(_CHANGES, *(_change("a", number) for number in range(1, 6)), _change("b", 6))
        found = transactions(events, most=2)
        assert [await _next(found) for _ in range(4)] == [
            ("a", [1, 2], False),
            ("a", [3, 4], False),
            ("a", [5], True),
            ("b", [6], True),
        ]


@in_virtual_time
async def test_an_event_that_is_no_change_is_returned_alone_at_once() -> None:
    async with _harness() as harness:
        events = await harness.client.subscribe(_CHANGES)
        harness.server.push(_CHANGES, {"odd": 1}, _change(None, 2))
        found = transactions(events)
        before = harness.clock.now
        first, second = await anext(found), await anext(found)
        assert harness.clock.now == pytest.approx(before, abs=0.01)
        assert (first.key, [message.data for message in first.messages]) == (None, [{"odd": 1}])
        assert (second.key, _numbers(second)) == (None, [2])


@in_virtual_time
async def test_typed_events_are_grouped() -> None:
    async with _harness() as harness:
        events = await harness.client.subscribe(_CHANGES, type=ChangeEvent)
        harness.server.push(_CHANGES, _change("a", 1), _change("a", 2), _change("b", 3))
        transaction = await anext(transactions(events))
        assert transaction.changes == [message.data for message in transaction.messages]
        assert _numbers(transaction) == [1, 2]


@in_virtual_time
async def test_an_incomplete_transaction_is_not_returned() -> None:
    async with _harness() as harness:
        events = await harness.client.subscribe(_CHANGES)
        harness.server.push(_CHANGES, _change("a", 1))
        waiting = asyncio.create_task(anext(transactions(events, quiet=60), None))
        await harness.settle()
        await events.unsubscribe()
        assert await waiting is None
        assert harness.delivered == []


@in_virtual_time
async def test_a_malformed_header_is_an_error() -> None:
    async with _harness() as harness:
        events = await harness.client.subscribe(_CHANGES)
        harness.server.push(_CHANGES, {"payload": {"ChangeEventHeader": {"transactionKey": 7}}})
        with pytest.raises(ReceiverError, match=_CHANGES):
            await anext(transactions(events))


@pytest.mark.parametrize(("quiet", "most"), [(0, 1), (-1, 1), (1, 0)])
@in_virtual_time
async def test_invalid_arguments_are_errors(quiet: float, most: int) -> None:
    async with _harness() as harness:
        events = await harness.client.subscribe(_CHANGES)
        with pytest.raises(UsageError):
            await anext(transactions(events, quiet=quiet, most=most))
