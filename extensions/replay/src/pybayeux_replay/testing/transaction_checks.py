"""What a store with transactions has to do."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from ..position import Position
from ..store import FencedTransactionalStore, TransactionalStore
from .samples import NOON, ROUNDS, aclose, one_more, opened, refuse

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..store import Store

__all__ = ("fences_transactions", "fences_transactions_against_other_writers", "stores_at_the_end_of_a_transaction")


def stores_at_the_end_of_a_transaction(make: Callable[[], Store]) -> None:
    """The positions are stored with the end of the block, and not at all after an exception; in any event loop."""

    async def transact(store: TransactionalStore) -> None:
        async with store.transaction("billing", {"/orders": Position(1, NOON)}):
            assert await asyncio.to_thread(other.get, "billing", "/orders") is None
        try:
            async with store.transaction("billing", {"/orders": Position(2, NOON)}):
                raise ZeroDivisionError
        except ZeroDivisionError:
            pass
        await aclose(store)

    with opened(make, 2) as (store, other):
        if isinstance(store, TransactionalStore):
            asyncio.run(transact(store))
            assert store.get("billing", "/orders") == Position(1, NOON)
            store.delete("billing", "/orders")
            asyncio.run(transact(store))
            assert other.get("billing", "/orders") == Position(1, NOON)


def fences_transactions(make: Callable[[], Store]) -> None:
    """The fence decides what a transaction stores; if it raises, the block does not begin."""

    async def transact(store: FencedTransactionalStore) -> None:
        positions = {"/orders": Position(9, NOON)}
        async with store.fenced_transaction("billing", positions, one_more):
            pass
        try:
            async with store.fenced_transaction("billing", positions, refuse):
                raise AssertionError("the block has begun")
        except ZeroDivisionError:
            pass
        await aclose(store)

    with opened(make) as (store,):
        if isinstance(store, FencedTransactionalStore):
            asyncio.run(transact(store))
            assert store.get("billing", "/orders") == Position(1, NOON)


def fences_transactions_against_other_writers(make: Callable[[], Store]) -> None:
    """Of transactions at the same time, each sees what it changes, or fails as a whole."""
    done: list[None] = []

    async def count(store: FencedTransactionalStore) -> None:
        for _ in range(ROUNDS):
            with suppress(Exception):
                async with store.fenced_transaction("billing", {"/orders": Position(1, NOON)}, one_more):
                    await asyncio.sleep(0)
                done.append(None)
        await aclose(store)

    async def count_together(stores: list[FencedTransactionalStore]) -> None:
        await asyncio.gather(*map(count, stores))

    with opened(make, 2) as stores:
        fenced = [store for store in stores if isinstance(store, FencedTransactionalStore)]
        if fenced:
            asyncio.run(count_together(fenced))
            position = stores[0].get("billing", "/orders")
            assert position is not None
            assert position.replay_id == len(done) >= ROUNDS
