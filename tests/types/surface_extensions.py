"""What the public types of the extension packages say to mypy and pyright. Never run: see `surface.py`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, assert_type

from pybayeux import AsyncClient, Client, EventBatch, Message
from pybayeux_relay import Progress, Relay, Target
from pybayeux_salesforce import (
    AnyEvent,
    ChangeEvent,
    PlatformEvent,
    Transaction,
    client,
    event_of,
    sync_client,
    transactions,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from pybayeux_salesforce_emulator import BlockingEmulator, SalesforceEmulator


@dataclass
class Order:
    number: int


# -- relay


async def batches_of_events(orders: AsyncClient) -> None:
    async for batch in orders.batches("/orders", type=Order):
        assert_type(batch, EventBatch[Order])
        assert_type(batch[0], Message[Order])
        assert_type(batch[1:], EventBatch[Order])
        async with batch.transaction() as transaction:
            assert_type(transaction, Any)


async def what_a_relay_has_written(relay: Relay, target: Target, orders: AsyncClient) -> None:
    assert_type(relay.progress, Progress)
    assert_type(relay.progress.events, int)
    assert_type(relay.progress.lag, float | None)
    await relay.run(orders, ["/orders"])
    await relay.run(orders, 3)  # type: ignore[arg-type]
    assert_type(target.refuses(ValueError()), bool)


# -- salesforce


async def events_of_an_org(token: Callable[[], str]) -> None:
    assert_type(sync_client("salesforce://my-org", login=token), Client)
    client("salesforce://my-org", login=3)  # type: ignore[arg-type]
    async with client("salesforce://my-org", login=token) as org:
        assert_type(org, AsyncClient)
        async for event in await org.subscribe("/event/Order__e", type=PlatformEvent[Order]):
            assert_type(event.data.payload, Order)
        async for change in await org.subscribe("/data/OrderChangeEvent", type=ChangeEvent[Order]):
            assert_type(change.data.payload, Order)
            _ = change.data.payload.price  # type: ignore[attr-defined]


async def transactions_of_an_org(org: AsyncClient, message: Message) -> None:
    async for transaction in transactions(await org.subscribe("/data/ChangeEvents")):
        assert_type(transaction, Transaction)
        assert_type(transaction.changes, list[ChangeEvent[Any]])
    assert_type(event_of(message), AnyEvent)


# -- salesforce emulator


async def an_org_in_an_event_loop(org: SalesforceEmulator) -> None:
    assert_type(await org.publish("/event/Order__e", {"Number__c": 1}), int)
    assert_type(org.kill_sessions("402"), int)
    org.define(3)  # type: ignore[arg-type]


def an_org_on_its_own_thread(org: BlockingEmulator) -> None:
    assert_type(org.publish("/event/Order__e", {"Number__c": 1}, uuid="a"), int)
    assert_type(org.publish_change("Account", "DELETE", ["001"]), dict[str, int])
    assert_type(org.received("/meta/connect"), list[dict[str, Any]])
    assert_type(org.kill_sessions("402"), int)
    assert_type(org.url, str)
    org.define(3)  # type: ignore[arg-type]
    _ = org.nonsense  # type: ignore[attr-defined]
