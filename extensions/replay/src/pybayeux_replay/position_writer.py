"""The position writer: brings the positions of one consumer into its store, in order, and never on the event loop.

Why it may write late. A position says that everything up to it is handled. If it is stored late, or not at all because
the process died, the server sends handled events once more. If it were stored too early, events would be lost. So a
position is only noted when its event is handled. All positions that are noted within one turn of the event loop, within
the delay of the commit policy, or while the store is busy, are written together. `close` waits for the last ones.

How many events may come again: those that a killed process had handled and whose positions it had noted and not
stored. Their number is limited, see `unstored.py`.

While the store fails, everything waits for it: positions in memory, transactions and dead letters before they begin.
What is reported then, and how many events may be handled meanwhile, is decided in `outage.py`.

What a position means, and when it may be stored, is decided elsewhere; whether another consumer of the same name is at
work, in `fence.py`. The store is opened at the first use, because only then are all extensions registered that may add
its scheme.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, TypeVar

from pybayeux.errors import BayeuxError, UsageError

from .dead_letters import DeadLetterStore
from .fence import Commit, ConsumerFence
from .leases import LeaseLostError
from .position import PendingPosition, Position
from .position_lookup import PositionLookup
from .store import LoopBoundStore, TransactionalStore, fenced_set, fenced_transaction
from .unstored import UnstoredLimit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
    from datetime import datetime

    from .dead_letters import DeadLetter
    from .leases import Lease
    from .outage import Outage
    from .store import Store

__all__ = ("LeaseHolder", "PositionWriter")

_RETRY_DELAY: Final = 1.0
"""Seconds between two attempts to write into a store that fails."""

_T = TypeVar("_T")
_AnyPosition: TypeAlias = PendingPosition | Position


class LeaseHolder(Protocol):
    """Knows the lease that every commit has to name: the replica."""

    def lease_for_commit(self) -> Lease:
        """Return the lease.

        Raises:
            LeaseLostError: It is lost.
        """

    def commit_refused(self, error: LeaseLostError) -> None:
        """The store has refused a commit, because the lease is lost."""


class PositionWriter:
    """The positions of one consumer. Reads are answered at once, writes happen later.

    Args:
        open_store: Opens the store.
        consumer: The name under which the positions are stored.
        now: Returns the present time, in UTC.
        outage: Is told when the store fails, and when it is back.
        delay: Seconds to gather positions before they are written.
        on_stored: Called with the positions that were written.
        unstored: Limits how many positions are noted and not stored, with a store that is `blocking`.

    Attributes:
        lease_holder: Knows the lease that every commit has to name; None: there is no lease.
    """

    def __init__(
        self,
        open_store: Callable[[], Store],
        consumer: str,
        now: Callable[[], datetime],
        outage: Outage,
        delay: float = 0.0,
        on_stored: Callable[[Mapping[str, Position]], None] | None = None,
        unstored: UnstoredLimit | None = None,
    ) -> None:
        self._on_stored: Final = on_stored
        self._open_store: Final = open_store
        self._consumer: Final = consumer
        self._now: Final = now
        self._outage: Final = outage
        self._delay: Final = delay
        self.lease_holder: LeaseHolder | None = None
        self._fence: Final = ConsumerFence(consumer, now)
        self._newest: dict[str, _AnyPosition] = {}
        self._unsaved: dict[str, _AnyPosition] = {}
        self._outdated: list[str] = []
        self._unstored: Final = unstored or UnstoredLimit()
        self._task: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()
        self._lock = asyncio.Lock()

    @cached_property
    def store(self) -> Store:
        """The store.

        Raises:
            UsageError: Its scheme is unknown.
        """
        return self._open_store()

    def warm_up(self) -> None:
        """Open the store and read once, so that its first use in a hook does not block the event loop for long.

        An error is raised where the store is needed.
        """
        with suppress(Exception):
            self.store.get(self._consumer, "")

    # -- reading

    def find(self, subscription: str, origin: str | None) -> tuple[str, Position | None]:
        """Return the key of a subscription's position, and its newest position, stored or not yet.

        A position that an earlier version stored under another key is carried over.

        Args:
            subscription: The channel or pattern.
            origin: Who numbers the events, if known.
        """
        found = self._lookup.find(subscription, origin)
        if (position := self.get(found.key)) is not None:
            return found.key, position
        if found.carried_from is not None and found.position is not None:
            self._outdated.append(found.carried_from)
            self._newest[found.key] = self._unsaved[found.key] = found.position
            self._start_writing()
        return found.key, found.position

    def get(self, key: str) -> Position | None:
        """Return the newest position under a key, stored or not yet."""
        if self._fence.is_refused(key):
            self._newest.pop(key, None)  # another consumer went on from there
        if (newest := self.newest(key)) is not None:
            return newest
        stored = self.store.get(self._consumer, key)
        self._fence.on_read(key, stored)
        return stored

    @cached_property
    def _lookup(self) -> PositionLookup:
        return PositionLookup(self.store, self._consumer)

    def newest(self, key: str) -> Position | None:
        """Return the newest position that was noted here, without reading the store."""
        noted = self._newest.get(key)
        return None if noted is None else self._position(noted)

    # -- noting

    def put(self, subscription: str, pending: PendingPosition) -> None:
        """Note a position. It is stored soon, at the latest when `close` has returned."""
        newest = self._newest.get(subscription)
        if newest is not None and newest.replay_id == pending.replay_id and newest.org == pending.org:
            return  # such as one that `transaction` has stored
        self._newest[subscription] = self._unsaved[subscription] = pending
        if self._outage.is_on:
            self._outage.handled()
        self._unstored.noted()
        if self._unstored.is_reached and self.store.blocking and not self._outage.is_on:
            self._unstored.wait_for_store()
        if self._task is None or self._task.done():
            self._start_writing()

    def transactional_store(self) -> TransactionalStore:
        """Return the store, if it has transactions.

        Raises:
            UsageError: It has none, or its scheme is unknown.
        """
        store = self.store
        if isinstance(store, TransactionalStore):
            return store
        raise UsageError(
            f"exactly once is not possible: {type(store).__name__} has no transactions; choose "
            "store='sqlite:///positions.db' or another database"
        )

    @asynccontextmanager
    async def transaction(
        self, store: TransactionalStore, subscription: str, pending: PendingPosition
    ) -> AsyncIterator[Any]:
        """Run a transaction of the store, in which a position is stored at the end. If it fails, nothing has changed.

        While the store fails, the block does not begin.

        Raises:
            PositionConflictError: The stored position is not the one that this consumer has read or stored last. The
                block has not begun.
            LeaseLostError: Another replica has got the lease. Nothing has changed.
        """
        async with self._lock:  # a store with one writer at a time would wait for ourselves
            positions = {subscription: self._position(pending)}
            older: _AnyPosition | None = None
            try:
                begin = partial(
                    fenced_transaction,
                    store,
                    self._consumer,
                    positions,
                    partial(self._fence.check, positions),
                    **self._lease(),  # of now: the event came under this one
                )
                async with AsyncExitStack() as stack:
                    transaction = await self._persist(lambda: stack.enter_async_context(begin()))
                    older = self._unsaved.pop(subscription, None)
                    yield transaction
            except BaseException as error:
                self._note_refusal(error)
                if older is not None:
                    self._unsaved.setdefault(subscription, older)
                    self._start_writing()
                raise
            self._newest |= positions
            self._fence.on_written(positions)
        self._tell_stored(positions)

    # -- dead letters

    async def keep_dead_letter(self, letter: DeadLetter) -> int | None:
        """Store a dead letter, as soon as the store can; return its number, or None if this kind of store keeps none.

        Raises:
            Exception: The store's own, if it could not store it until the end.
        """
        if not isinstance(self.store, DeadLetterStore):
            return None
        add = partial(self.store.add_dead_letter, self._consumer, letter)
        async with self._lock:
            return await self._persist(partial(self._call, add))

    async def _persist(self, attempt: Callable[[], Awaitable[_T]]) -> _T:
        """Do something with the store, as soon as it can.

        Raises:
            BayeuxError: That of the attempt, which no repetition helps.
            Exception: The store's own, if it fails until the end.
        """
        while True:
            try:
                done = await attempt()
            except BayeuxError:
                raise
            except Exception as error:
                self._outage.failed(error)
                await self._wait(_RETRY_DELAY)
                if self._closing.is_set():
                    raise
            else:
                self._outage.ended()
                return done

    async def _call(self, function: Callable[[], _T]) -> _T:
        return await asyncio.to_thread(function) if self.store.blocking else function()

    # -- writing

    def _start_writing(self) -> None:
        if self._task is None or self._task.done():
            self._closing = asyncio.Event()
            self._task = asyncio.get_running_loop().create_task(self._write(), name="pybayeux-replay-writer")

    async def _write(self) -> None:
        await self._wait(self._delay)
        while self._unsaved:
            if await self._write_batch():
                pause = self._delay
            elif self._closing.is_set():
                return
            else:
                pause = max(_RETRY_DELAY, self._delay)
            if self._unsaved:
                await self._wait(pause)

    async def _write_batch(self) -> bool:
        """Write all positions that wait; return whether that succeeded."""
        async with self._lock:
            batch, self._unsaved, count = self._unsaved, {}, self._unstored.count
            try:
                await self._set(batch)
            except LeaseLostError as error:
                self._note_refusal(error)  # another replica goes on from what is stored
                self._unstored.written(self._unstored.count)
                return True
            except BaseException as error:
                self._unsaved = batch | self._unsaved
                self._unstored.written(0)
                if not isinstance(error, Exception):
                    raise
                self._outage.failed(error)
                return False
            self._unstored.written(count)
            self._outage.ended()
        return True

    def _lease(self) -> dict[str, Lease]:
        """Return the argument of a commit that names the lease, if there has to be one.

        Raises:
            LeaseLostError: It is lost.
        """
        return {} if self.lease_holder is None else {"lease": self.lease_holder.lease_for_commit()}

    def _note_refusal(self, error: BaseException) -> None:
        if isinstance(error, LeaseLostError) and self.lease_holder is not None:
            self.lease_holder.commit_refused(error)

    def forget(self) -> None:
        """Another replica goes on from what is stored: forget what was noted, and read again."""
        self._newest.clear()
        self._unsaved.clear()
        self._outdated.clear()
        self._fence.clear()
        self.__dict__.pop("_lookup", None)
        self._unstored.written(self._unstored.count)

    async def _set(self, noted: dict[str, _AnyPosition]) -> None:
        commit = Commit(self._fence, {key: self._position(each) for key, each in noted.items()})
        await self._call(partial(self._set_now, commit, self._lease()))
        self._fence.committed(commit)
        self._tell_stored(commit.positions)

    def _set_now(self, commit: Commit, lease: dict[str, Lease]) -> None:
        fenced_set(self.store, self._consumer, commit.positions, commit.choose, **lease)
        while self._outdated:  # not before the position is stored under its own key
            self.store.delete(self._consumer, self._outdated[0])
            del self._outdated[0]

    def _tell_stored(self, positions: Mapping[str, Position]) -> None:
        if self._on_stored is not None:
            self._on_stored(positions)

    def _position(self, noted: _AnyPosition) -> Position:
        return noted if isinstance(noted, Position) else noted.position(self._now())

    async def _wait(self, seconds: float) -> None:
        if seconds > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), seconds)

    async def close(self) -> None:
        """Store what is not stored yet, and close the store. The next use opens it again.

        Raises:
            Exception: The store's own, if it cannot store the last positions.
        """
        try:
            await self.flush()
        finally:
            await self._close_store()

    async def flush(self) -> None:
        """Store what is not stored yet, and forget what was noted.

        Raises:
            Exception: The store's own, if it cannot store the last positions.
        """
        self._closing.set()
        if self._task is not None and not self._task.done():
            await self._task
        self._task, self._lock = None, asyncio.Lock()
        unsaved, self._unsaved = self._unsaved, {}
        self._newest.clear()
        self.__dict__.pop("_lookup", None)
        try:
            if unsaved or self._outdated:
                await self._set(unsaved)
        except LeaseLostError:
            pass  # another replica goes on from what is stored
        finally:
            self._fence.clear()
            self._outage.reset()
            self._unstored.written(self._unstored.count)
            self._closing = asyncio.Event()

    async def _close_store(self) -> None:
        if "store" in self.__dict__:
            if isinstance(self.store, LoopBoundStore):
                await self.store.aclose()
            self.store.close()
