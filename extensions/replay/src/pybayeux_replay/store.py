"""Stores: what a store of positions is, the one in memory, and what stores in files have in common.

A store knows consumers, subscriptions and positions; it knows nothing of clients and sessions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, runtime_checkable

from .position import Position

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from .leases import Lease, LeaseRequest
    from .shards import ShardChanges, ShardTable, ShardTerms

__all__ = (
    "DiagnosticStore",
    "Fence",
    "FencedStore",
    "FencedTransactionalStore",
    "LeaseStore",
    "LoopBoundStore",
    "MemoryStore",
    "PromptStore",
    "ShardStore",
    "Store",
    "TransactionalStore",
    "as_positions",
    "check_folder",
    "fenced_set",
    "fenced_transaction",
)

Fence: TypeAlias = Callable[[Mapping[str, Position]], Mapping[str, Position]]
"""Called with stored positions; returns those to write. An exception means that nothing may be written."""


@runtime_checkable
class Store(Protocol):
    """Keeps the position of each subscription of each consumer.

    A subscription is named by its key: the channel or pattern, with the org before it where that is known, as in
    ``00D000000000001/event/Order__e``. A store treats it as text.

    `get` is called when a subscription begins, on the event loop, possibly while `set` runs in a thread. `set` is
    called with what was handled since the last call, one call at a time. If it raises, the same positions are passed
    again later, so nothing is lost. `items` is called when a subscription has no position under its key. `delete` is
    for the command line, and for positions that were stored by an earlier version under another key.
    """

    @property
    def blocking(self) -> bool:
        """Whether `set` may wait for a disk or a network. Then it is called in a thread."""

    def get(self, consumer: str, subscription: str) -> Position | None:
        """Return the position of a subscription, or None."""

    def set(self, consumer: str, positions: Mapping[str, Position]) -> None:
        """Store these positions by subscription, all or none. Each replaces the stored one, even a newer one."""

    def delete(self, consumer: str, subscription: str) -> None:
        """Delete a position, if there is one."""

    def items(self, consumer: str) -> Mapping[str, Position]:
        """Return all positions of a consumer, by subscription."""

    def close(self) -> None:
        """Close files and connections. The store may be used again."""


@runtime_checkable
class TransactionalStore(Store, Protocol):
    """A store in whose transactions a program can write as well, so that its data and the position go together."""

    def transaction(self, consumer: str, positions: Mapping[str, Position]) -> AbstractAsyncContextManager[Any]:
        """Return a transaction at whose end these positions are stored. Its block gets what the program writes with.

        If the block or the commit raises, nothing of the transaction is stored.
        """


@runtime_checkable
class LoopBoundStore(Store, Protocol):
    """A store that has connections which belong to an event loop, such as those of transactions."""

    async def aclose(self) -> None:
        """Close the connections of the running event loop. Called before `close`, which cannot wait."""


@runtime_checkable
class DiagnosticStore(Store, Protocol):
    """A store that tells errors of its configuration from those that pass.

    The method is optional. For a store without it, a refused or broken connection and a time-out pass (`OSError`), and
    every other error stays.
    """

    def is_permanent(self, error: Exception) -> bool:
        """Whether an error that a method raised stays until the configuration is changed, such as a wrong password.

        Then a subscriber gets it at once. Any other one is waited for. It may look up names, and is called in a thread
        if the store is `blocking`.
        """


@runtime_checkable
class FencedStore(Store, Protocol):
    """A store that shows what it has in the transaction in which it writes, so that consumers notice each other.

    The method is optional. For a store without it, `get` is called before each `set`, in the same thread; then two
    consumers of one name that write at the same moment may miss each other.
    """

    def fenced_set(self, consumer: str, positions: Mapping[str, Position], fence: Fence) -> None:
        """Store what `fence` returns, all or none, as `set` does.

        `fence` is called with the stored positions of the subscriptions in `positions`. Until the end of this
        transaction no other process may change them. Where the transaction has to be tried again, `fence` is called
        again.
        """


@runtime_checkable
class PromptStore(FencedStore, Protocol):
    """A store that may block, but commits within microseconds as a rule: less than it takes to change to a thread.

    The method is optional.
    """

    def set_at_once(self, consumer: str, positions: Mapping[str, Position], fence: Fence) -> bool:
        """Store as `fenced_set` does, if nothing has to be waited for; return whether that was so.

        Called on the event loop. Where it returns False nothing was written, and `fenced_set` is called in a thread.
        """


@runtime_checkable
class FencedTransactionalStore(FencedStore, TransactionalStore, Protocol):
    """A store whose transactions show what it has before the program writes.

    The method is optional. For a store without it, `get` is called before the transaction begins, on the event loop;
    then two consumers of one name that begin at the same moment may both write.

    A lease can be checked in the same place: after `fence` has returned, no other process may write until the end.
    """

    def fenced_transaction(
        self, consumer: str, positions: Mapping[str, Position], fence: Fence
    ) -> AbstractAsyncContextManager[Any]:
        """Return a transaction as `transaction` does, at whose end the result of `fence` is stored.

        `fence` is called as in `fenced_set`, before the block begins. If it raises, the block does not begin.
        """


@runtime_checkable
class LeaseStore(FencedTransactionalStore, Protocol):
    """A store that keeps leases, one for each consumer.

    `request_lease`, `release_lease` and `lease` are called in a thread if the store is `blocking`.
    """

    def request_lease(self, consumer: str, request: LeaseRequest) -> Lease:
        """Give the lease to the replica that asks, if nobody else holds it; return the lease that is stored then.

        What is stored is `LeaseRequest.granted`, at the time of the store's clock, in one transaction with the reading.
        """

    def release_lease(self, consumer: str, lease: Lease) -> None:
        """Let the lease expire now, if it is of the same term. Its number stays."""

    def lease(self, consumer: str) -> Lease | None:
        """Return the lease of a consumer, expired or not; None if there never was one."""

    def fenced_set(
        self, consumer: str, positions: Mapping[str, Position], fence: Fence, lease: Lease | None = None
    ) -> None:
        """Store what `fence` returns, all or none, if `lease` is still held (`check_lease`).

        Raises:
            LeaseLostError: It is not. Nothing was written.
        """

    def fenced_transaction(
        self, consumer: str, positions: Mapping[str, Position], fence: Fence, lease: Lease | None = None
    ) -> AbstractAsyncContextManager[Any]:
        """Return a transaction, at whose beginning and until whose end `lease` is held.

        Raises:
            LeaseLostError: It is not held, at the beginning, or any more at the end. Nothing was written.
        """


@runtime_checkable
class ShardStore(LeaseStore, Protocol):
    """A store that divides the channels of a consumer over its replicas (`pybayeux_replay.Shard`).

    `shards` and `change_shards` are called in a thread if the store is `blocking`.
    """

    def shards(self, consumer: str) -> ShardTable:
        """Return the members and the shards of a consumer, and the time of the store's clock."""

    def change_shards(self, consumer: str, change: Callable[[ShardTable], ShardChanges]) -> ShardTable:
        """Store what `change` returns when it is called with the table; return the table that is stored then.

        No other process changes shards of this consumer in between. Where the transaction has to be tried again,
        `change` is called again. A shard that a commit is using may stay as it was: it is not waited for.
        """

    def fenced_set(
        self,
        consumer: str,
        positions: Mapping[str, Position],
        fence: Fence,
        lease: Lease | None = None,
        shards: ShardTerms | None = None,
    ) -> None:
        """Store as a `LeaseStore` does, if `shards` are still held as well (`check_shards`).

        Raises:
            LeaseLostError: They are not. Nothing was written.
        """

    def fenced_transaction(
        self,
        consumer: str,
        positions: Mapping[str, Position],
        fence: Fence,
        lease: Lease | None = None,
        shards: ShardTerms | None = None,
    ) -> AbstractAsyncContextManager[Any]:
        """Return a transaction as a `LeaseStore` does, until whose end `shards` are held as well.

        Raises:
            LeaseLostError: They are not held, at the beginning, or any more at the end. Nothing was written.
        """


def fenced_set(store: Store, consumer: str, positions: Mapping[str, Position], fence: Fence, **held: Any) -> None:
    """Store what `fence` returns, in one transaction if the store can.

    Args:
        store: The store.
        consumer: The consumer.
        positions: The positions by subscription.
        fence: Decides what is written.
        held: What has to be held: ``lease``, or ``shards``, for a store that has them.
    """
    if (write := _method(store, "fenced_set")) is not None:
        write(consumer, positions, fence, **held)
    elif chosen := fence(_stored(store, consumer, positions)):
        store.set(consumer, chosen)


def set_at_once(store: Store, consumer: str, positions: Mapping[str, Position], fence: Fence) -> bool:
    """Store what `fence` returns if the store can do so at once; return whether it did."""
    write = _method(store, "set_at_once")
    return write is not None and write(consumer, positions, fence)


def fenced_transaction(
    store: TransactionalStore, consumer: str, positions: Mapping[str, Position], fence: Fence, **held: Any
) -> AbstractAsyncContextManager[Any]:
    """Return a transaction that `fence` is called for, within it if the store can.

    Raises:
        Exception: What `fence` raised, for a store that is read beforehand.
    """
    if (begin := _method(store, "fenced_transaction")) is not None:
        begun: AbstractAsyncContextManager[Any] = begin(consumer, positions, fence, **held)
        return begun
    return store.transaction(consumer, fence(_stored(store, consumer, positions)))


def _method(store: Store, name: str) -> Callable[..., Any] | None:
    """Return a method that a store may have: to ask isinstance takes 20 us, as long as a commit to SQLite."""
    return getattr(store, name, None)


def _stored(store: Store, consumer: str, subscriptions: Iterable[str]) -> dict[str, Position]:
    found = {subscription: store.get(consumer, subscription) for subscription in subscriptions}
    return {subscription: each for subscription, each in found.items() if each is not None}


class MemoryStore:
    """Keeps positions as long as the object lives: over lost sessions, not over restarts."""

    blocking: Final = False

    def __init__(self) -> None:
        self._positions: dict[str, dict[str, Position]] = {}

    def get(self, consumer: str, subscription: str) -> Position | None:
        """Return the position of a subscription, or None."""
        return self._positions.get(consumer, {}).get(subscription)

    def set(self, consumer: str, positions: Mapping[str, Position | int]) -> None:
        """Store these positions by subscription; a bare replay id is a position stored now."""
        self._positions.setdefault(consumer, {}).update(as_positions(positions))

    def delete(self, consumer: str, subscription: str) -> None:
        """Delete a position, if there is one."""
        self._positions.get(consumer, {}).pop(subscription, None)

    def items(self, consumer: str) -> Mapping[str, Position]:
        """Return all positions of a consumer, by subscription."""
        return dict(self._positions.get(consumer, {}))

    def close(self) -> None:
        """Do nothing: there is no file and no connection."""


def as_positions(positions: Mapping[str, Position | int]) -> dict[str, Position]:
    """Return positions in which each bare replay id is replaced by a position stored now."""
    now = datetime.now(UTC)
    return {
        subscription: each if isinstance(each, Position) else Position(each, now)
        for subscription, each in positions.items()
    }


def check_folder(folder: Path, scheme: str) -> None:
    """Check that the folder of a store's file exists. Stores do not create a folder that a user has named.

    Args:
        folder: The folder.
        scheme: The scheme of the store's name, for the advice in the error.

    Raises:
        FileNotFoundError: The folder does not exist.
    """
    if not folder.is_dir():
        raise FileNotFoundError(
            f"no folder {str(folder)!r} to keep positions in (an absolute path has four slashes: {scheme}:////var/lib)"
        )
