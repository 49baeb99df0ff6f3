"""What a store of leases has to do."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from ..leases import Lease, LeaseLostError, LeaseRequest
from ..position import Position
from ..store import LeaseStore
from .samples import FULL, NOON, aclose, opened

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..store import Store

__all__ = (
    "decides_between_a_transaction_and_a_new_holder",
    "gives_a_lease_to_one_at_a_time",
    "gives_away_an_expired_lease",
    "keeps_a_lease_that_was_renewed_late",
    "refuses_commits_under_a_lost_lease",
)

_ONE: Final = LeaseRequest("one", timedelta(minutes=1))
_TWO: Final = LeaseRequest("two", timedelta(minutes=1))
_LATE: Final = LeaseRequest("one", timedelta(milliseconds=100))


def gives_a_lease_to_one_at_a_time(make: Callable[[], Store]) -> None:
    """One replica has the lease and keeps it by renewing it; another one gets it when it is released, once."""
    with opened(make, 2) as (store, other):
        if not isinstance(store, LeaseStore) or not isinstance(other, LeaseStore):
            return
        assert store.lease("billing") is None
        first = store.request_lease("billing", _ONE)
        assert (first.holder, first.number, first.is_expired) == ("one", 1, False)
        assert first.is_same_term(other.request_lease("billing", _TWO))
        renewed = store.request_lease("billing", replace(_ONE, waiting=7))
        assert (renewed.since, renewed.waiting) == (first.since, 7)
        assert renewed.is_same_term(first)
        assert renewed.expires_at >= first.expires_at
        assert other.request_lease("shipping", _TWO).holder == "two"  # another consumer has another one
        store.release_lease("billing", first)
        released = other.lease("billing")
        assert released is not None
        assert released.is_same_term(first)
        assert released.is_expired
        second = other.request_lease("billing", _TWO)
        assert (second.holder, second.number) == ("two", 2)
        assert second.since >= released.expires_at
        store.release_lease("billing", first)  # it is no longer its own
        assert second.is_same_term(store.request_lease("billing", _ONE))


def gives_away_an_expired_lease(make: Callable[[], Store]) -> None:
    """A lease that is not renewed goes to the next that asks, and a holder that renews too late has lost it."""
    with opened(make, 2) as (store, other):
        if not isinstance(store, LeaseStore) or not isinstance(other, LeaseStore):
            return
        short = replace(_ONE, length=timedelta(milliseconds=20))
        first = store.request_lease("billing", short)
        while (stored := other.request_lease("billing", _TWO)).holder == "one":
            assert not stored.is_expired
            time.sleep(0.01)
        assert stored.number == first.number + 1
        assert stored.is_same_term(store.request_lease("billing", short))


def keeps_a_lease_that_was_renewed_late(make: Callable[[], Store]) -> None:
    """If nobody else has asked for it, the holder of an expired lease still has it, under the same number."""
    with opened(make) as (store,):
        if isinstance(store, LeaseStore):
            first = store.request_lease("billing", replace(_ONE, length=timedelta(milliseconds=1)))
            _wait_until_expired(store, first)
            store.fenced_set("billing", {"/a": FULL}, lambda _: {"/a": FULL}, lease=first)
            assert store.request_lease("billing", _ONE).is_same_term(first)


def refuses_commits_under_a_lost_lease(make: Callable[[], Store]) -> None:
    """A commit that names a lease which another replica has taken over writes nothing."""

    async def transact(store: LeaseStore, lease: Lease) -> LeaseLostError | None:
        moved = {"/a": Position(3, NOON)}
        try:
            async with store.fenced_transaction("billing", moved, lambda _: moved, lease=lease):
                pass
        except LeaseLostError as error:
            return error
        finally:
            await aclose(store)
        return None

    with opened(make, 2) as (store, other):
        if not isinstance(store, LeaseStore) or not isinstance(other, LeaseStore):
            return
        first = store.request_lease("billing", _ONE)
        assert asyncio.run(transact(store, first)) is None
        store.fenced_set("billing", {"/a": FULL}, lambda _: {"/a": FULL}, lease=first)
        store.release_lease("billing", first)
        second = other.request_lease("billing", _TWO)
        for error in (_lease_lost(store, first), asyncio.run(transact(store, first))):
            assert error is not None
            assert (error.consumer, error.holder) == ("billing", "two")
        assert store.get("billing", "/a") == FULL
        assert asyncio.run(transact(other, second)) is None


def _lease_lost(store: LeaseStore, lease: Lease) -> LeaseLostError | None:
    moved = {"/a": Position(2, NOON)}
    try:
        store.fenced_set("billing", moved, lambda _: moved, lease=lease)
    except LeaseLostError as error:
        return error
    return None


def decides_between_a_transaction_and_a_new_holder(make: Callable[[], Store]) -> None:
    """If another replica wants the lease in the middle of a transaction, it waits, or the transaction fails."""

    async def transact(store: LeaseStore, other: LeaseStore, lease: Lease) -> None:
        moved, taken = {"/a": Position(3, NOON)}, False
        try:
            async with store.fenced_transaction("billing", moved, lambda _: moved, lease=lease):
                renewed = await asyncio.to_thread(_attempt, lambda: store.request_lease("billing", _LATE))
                assert renewed is None or renewed.is_same_term(lease)
                await asyncio.to_thread(_wait_until_expired, other, lease)
                found = await asyncio.to_thread(_attempt, lambda: other.request_lease("billing", _TWO))
                taken = found is not None and found.holder == "two"
        except LeaseLostError:
            assert taken
            assert store.get("billing", "/a") is None
        else:
            assert not taken
            assert store.get("billing", "/a") == Position(3, NOON)
        await aclose(store)

    with opened(make, 2) as (store, other):
        if isinstance(store, LeaseStore) and isinstance(other, LeaseStore):
            first = store.request_lease("billing", replace(_ONE, length=timedelta(seconds=2)))
            asyncio.run(transact(store, other, first))


def _wait_until_expired(store: LeaseStore, lease: Lease) -> None:
    while not (store.lease("billing") or lease).is_expired:
        time.sleep(0.01)


def _attempt(call: Callable[[], Lease | None]) -> Lease | None:
    """Ask for a lease; None if the store cannot say now, because a transaction is under way."""
    try:
        return call()
    except Exception:
        return None
