"""The position writer: brings the positions of one consumer into its store, in order.

It never waits for the store on the event loop. A store that may block is written in a thread, or at once where it can
do so without waiting (`PromptStore`).

Why it may write late. A position says that everything up to it is handled. If it is stored late, or not at all because
the process died, the server sends handled events once more. If it were stored too early, events would be lost. So a
position is only noted when its event is handled. All positions that are noted within one turn of the event loop, within
the delay of the commit policy, or while the store is busy, are written together. `close` waits for the last ones.

Who writes. Usually no task: a commit begins in the callback that ends a turn, and its result comes back in another
callback. At an ordinary rate each event has a commit of its own, and a task, with the turns of the event loop that it
takes, would cost as much as the commit. A task writes where something has to be waited for: the delay, a store that
fails, a transaction under way, or a lease.

How many events may come again: those that a killed process had handled and whose positions it had noted and not
stored. Their number is limited, see `unstored.py`.

While the store fails, everything waits for it: positions in memory, transactions and dead letters before they begin.
What is reported then, and how many events may be handled meanwhile, is decided in `outage.py`.

What a position means, and when it may be stored, is decided elsewhere; what a commit is, in `position_commits.py`;
whether another consumer of the same name is at work, in `fence.py`; how the store is opened and read, in
`store_access.py`; what becomes of what is under way when the client ends, in `writer_life.py`.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pybayeux.errors import BayeuxError, ClientStateError

from .loops import is_at_work, is_of_this_loop
from .noted_positions import NotedPositions
from .position_commits import PositionCommits
from .position_lookup import PositionLookup, shard_name
from .store_access import StoreAccess
from .unstored import UnstoredLimit
from .writer_life import WriterLife

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
    from datetime import datetime

    from .dead_letters import DeadLetter
    from .fence import Commit
    from .noted_positions import AnyPosition
    from .outage import Outage
    from .position import PendingPosition, Position
    from .store import Store, TransactionalStore

__all__ = ("PositionWriter",)

_RETRY_DELAY: Final = 1.0
"""Seconds between two attempts to write into a store that fails."""

_T = TypeVar("_T")


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
        access: The store.
        commits: What is stored in one go, and what refuses it.
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
        self.access: Final = StoreAccess(open_store, consumer)
        self._consumer: Final = consumer
        self._outage: Final = outage
        self._delay: Final = delay
        self._lookup: PositionLookup | None = None
        self._noted: Final = NotedPositions()
        self.commits: Final = PositionCommits(self.access, consumer, now, self._noted, on_stored)
        self._unstored: Final = unstored or UnstoredLimit()
        self._task: asyncio.Task[None] | None = None
        self._committing: asyncio.Future[None] | None = None
        self._is_scheduled = False
        self._present_life: WriterLife | None = None

    @property
    def _life(self) -> WriterLife:
        """The present life. One whose event loop ended without `flush` is over too."""
        if self._present_life is None or self._present_life.loop is not asyncio.get_running_loop():
            self._present_life = WriterLife()
        return self._present_life

    # -- reading

    def find(self, subscription: str, origin: str | None) -> tuple[str, Position | None]:
        """Return the key of a subscription's position, and its newest position, stored or not yet.

        A position that an earlier version stored under another key is carried over.

        Args:
            subscription: The channel or pattern.
            origin: Who numbers the events, if known.
        """
        reads = self.access.for_reading(subscription)
        found = self._lookup_in(reads).find(subscription, origin)
        if (position := self._get(found.key, reads)) is not None:
            return found.key, position
        if found.carried_from is not None and found.position is not None:
            self._noted.outdated[found.key] = found.carried_from
            self._noted.note(found.key, found.position)
            self._write_soon()
        return found.key, found.position

    def _lookup_in(self, reads: Store) -> PositionLookup:
        """The lookup is kept, and with it the keys in what was read ahead: there may be thousands."""
        if self._lookup is None or self._lookup.store is not reads:
            self._lookup = PositionLookup(reads, self._consumer, is_copy=reads is not self.access.opened)
        return self._lookup

    def get(self, key: str) -> Position | None:
        """Return the newest position under a key, stored or not yet."""
        return self._get(key, self.access.store)

    def _get(self, key: str, reads: Store) -> Position | None:
        if self.commits.fence.is_refused(key):
            self._noted.discard_newest(key)
        if (newest := self.newest(key)) is not None:
            return newest
        stored = reads.get(self._consumer, key)
        self.commits.fence.on_read(key, stored)
        return stored

    def newest(self, key: str) -> Position | None:
        """Return the newest position that was noted here, without reading the store."""
        noted = self._noted.newest(key)
        return None if noted is None else self.commits.position(noted)

    # -- noting

    def put(self, subscription: str, pending: PendingPosition, events: int = 1, *, writes: bool = True) -> None:
        """Note a position. It is stored soon, at the latest when `close` has returned.

        Args:
            subscription: The key under which it is stored.
            pending: The position.
            events: How many events were handled since the one before.
            writes: Whether to have it written; otherwise the caller calls `write` at the end of this turn.
        """
        newest = self._noted.newest(subscription)
        if newest is not None and newest.replay_id == pending.replay_id and newest.org == pending.org:
            return  # such as one that `transaction` has stored
        self.put_position(subscription, pending, events, writes=writes)

    def put_position(
        self, subscription: str, pending: PendingPosition | Position, events: int = 1, *, writes: bool = True
    ) -> None:
        """Note a position, also one with the replay id of the one before it."""
        self._noted.note(subscription, pending)
        if self._outage.is_on:
            self._outage.handled(events)
        if self._unstored.noted(events) and self.access.store.blocking and not self._outage.is_on:
            self._unstored.wait_for_store()
        if writes:
            self._write_soon()

    @property
    def holds_receivers(self) -> bool:
        """Whether receivers wait for the store."""
        return self._unstored.is_holding

    @property
    def limits_unstored(self) -> bool:
        """Whether receivers wait for the store if too many handled events are not stored."""
        return self._unstored.is_limited and self.access.store.blocking

    @asynccontextmanager
    async def transaction(
        self, store: TransactionalStore, subscription: str, pending: PendingPosition | Position
    ) -> AsyncIterator[Any]:
        """Run a transaction of the store, in which a position is stored at the end. If it fails, nothing has changed.

        While the store fails, the block does not begin.

        Raises:
            PositionConflictError: The stored position is not the one that this consumer has read or stored last. The
                block has not begun.
            LeaseLostError: Another replica has got the lease. Nothing has changed.
            ClientStateError: The client was closed before the block had ended. Nothing has changed.
            Exception: The store's own.
        """
        positions = {subscription: self.commits.position(pending)}
        # Of now: the event came under this lease, which may be lost and regained below.
        begin = partial(self.commits.transaction, store, positions, self.commits.held(positions))
        async with self._exclusive() as life:
            older: dict[str, AnyPosition] = {}
            self._noted.begin()
            try:
                async with AsyncExitStack() as stack:
                    transaction = await self._persist(lambda: stack.enter_async_context(begin()))
                    life.check()
                    with life.in_block():
                        yield transaction
                    life.check()
                    older = self._noted.take_one(subscription)
            except BaseException as error:
                self.commits.note_refusal(error)
                if self._noted.put_back(older):
                    self._write_soon()
                raise
            self.commits.fence.on_written(positions)
            if self._noted.note_stored(subscription, positions[subscription]):
                self._write_soon()
        self.commits.tell_stored(positions)

    # -- dead letters

    async def keep_dead_letter(self, letter: DeadLetter) -> int | None:
        """Store a dead letter, as soon as the store can; return its number, or None if this kind of store keeps none.

        Raises:
            ClientStateError: The client was closed before it was its turn.
            Exception: The store's own, if it could not store it until the end.
        """
        if (store := self.access.dead_letters()) is None:
            return None
        add = partial(store.add_dead_letter, self._consumer, letter)
        async with self._exclusive():
            return await self._persist(partial(self.commits.in_thread, add))

    @asynccontextmanager
    async def _exclusive(self) -> AsyncIterator[WriterLife]:
        """Use the store alone, in the present life.

        Raises:
            ClientStateError: That has ended before it was our turn.
        """
        life = self._life
        async with life.lock:
            life.check()
            with life.storing():
                await self._commit_ended()
                yield life

    async def _persist(self, attempt: Callable[[], Awaitable[_T]]) -> _T:
        """Do something with the store, as soon as it can.

        Raises:
            BayeuxError: That of the attempt, which no repetition helps.
            Exception: The store's own, if it fails until the end.
        """
        life = self._life
        while True:
            try:
                done = await attempt()
            except BayeuxError:
                raise
            except Exception as error:
                self._outage.failed(error)
                await life.wait(_RETRY_DELAY)
                if life.is_over:
                    raise
            else:
                self._outage.ended()
                return done

    # -- writing

    def _write_soon(self) -> None:
        """Write in the next turn of the event loop, with what is noted until then."""
        if not (self._is_scheduled or self._is_busy):
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self._write_scheduled)

    def _write_scheduled(self) -> None:
        self._is_scheduled = False
        self.write()

    @property
    def _is_busy(self) -> bool:
        """Whether positions are being written, and others that wait are going to be."""
        is_committing = self._committing is not None and is_of_this_loop(self._committing)
        return is_committing or is_at_work(self._task)

    def write(self) -> None:
        """Begin to write what is noted, unless that has begun, or `flush` does it."""
        if not self._noted.has_unsaved or self._is_busy or (life := self._life).is_over:
            return
        if self._delay or self._outage.is_on or life.lock.locked() or self.commits.lease_holder is not None:
            self._start_task(self._delay)
        else:
            self._commit()

    # -- writing without a task

    def _commit(self) -> None:
        """Commit all positions that wait: at once if the store can, or in a thread."""
        batch, count = self._noted.take(), self._unstored.count
        self._noted.begin()
        try:
            commit = self.commits.begin(batch)
            if not self.commits.store_at_once(commit):
                self._committing = asyncio.get_running_loop().run_in_executor(None, self.commits.store, commit, {})
                self._committing.add_done_callback(partial(self._on_commit, commit, batch, count))
                return
            self.commits.succeeded(commit)
        except Exception as error:
            self._commit_failed(batch, error)
        else:
            self._commit_succeeded(count)

    def _on_commit(
        self, commit: Commit, batch: dict[str, AnyPosition], count: int, in_thread: asyncio.Future[None]
    ) -> None:
        self._committing = None
        try:
            in_thread.result()
            self.commits.succeeded(commit)
        except Exception as error:
            self._commit_failed(batch, error)
        except BaseException:
            self._commit_failed(batch, RuntimeError("the thread that writes was ended"))
            raise
        else:
            self._commit_succeeded(count)

    def _commit_succeeded(self, count: int) -> None:
        self._unstored.written(count)
        self._outage.ended()
        # The next turn, for receivers that waited for this: what they handle in it goes into one commit.
        if self._noted.has_unsaved:
            self._write_soon()

    def _commit_failed(self, batch: dict[str, AnyPosition], error: Exception) -> None:
        self.commits.failed()
        self._noted.put_back(batch)
        self._unstored.written(0)
        self._outage.failed(error)
        if not self._life.is_over:
            self._start_task(_RETRY_DELAY)

    async def _commit_ended(self) -> None:
        """Wait until no commit is under way. The caller has the lock, so that no other one begins."""
        while (commit := self._committing) is not None:
            if not is_of_this_loop(commit):
                self._committing = None
                return
            await asyncio.wait([commit])

    # -- writing in a task

    def _start_task(self, pause: float) -> None:
        """Start the task that writes, after so many seconds."""
        self._task = asyncio.get_running_loop().create_task(self._write(pause), name="pybayeux-replay-writer")

    async def _write(self, pause: float) -> None:
        life = self._life
        await life.wait(pause)
        with suppress(ClientStateError):  # the life is over: `flush` writes what is left
            while self._noted.has_unsaved:
                pause = self._delay if await self._write_batch() else max(_RETRY_DELAY, self._delay)
                # One turn at least, for receivers that waited for this: what they handle in it goes into one commit.
                await asyncio.sleep(0)
                if self._noted.has_unsaved:
                    await life.wait(pause)

    async def _write_batch(self) -> bool:
        """Write all positions that wait; return whether that succeeded.

        Raises:
            ClientStateError: The life has ended before it was our turn.
        """
        async with self._exclusive():
            batch, count = self._noted.take(), self._unstored.count
            if not batch:
                return True  # a transaction has stored a newer one
            self._noted.begin()
            try:
                await self.commits.store_all(batch)
            except BaseException as error:
                self._noted.put_back(batch)
                self._unstored.written(0)
                if not isinstance(error, Exception):
                    raise
                self._outage.failed(error)
                return False
            self._unstored.written(count)
            self._outage.ended()
        return True

    def unsaved(self) -> set[str]:
        """Return the channels and patterns of which a position is noted and not stored yet, or being stored."""
        return {shard_name(key) for key in (*self._noted.unsaved, *self.commits.storing)}

    def forget(self, subscriptions: Collection[str] | None = None) -> None:
        """Another replica goes on from what is stored: forget what was noted, and read again.

        Args:
            subscriptions: Of which subscriptions; None for all.
        """
        subscriptions = None if subscriptions is None else frozenset(subscriptions)  # of thousands, maybe
        self._noted.forget(subscriptions)
        self.access.forget(subscriptions)
        self.commits.fence.forget(None if subscriptions is None else lambda key: shard_name(key) in subscriptions)
        if not self._noted.has_unsaved:
            self._unstored.written(self._unstored.count)

    async def close(self) -> None:
        """Store what is not stored yet, and close the store. The next use opens it again.

        Raises:
            Exception: The store's own, if it cannot store the last positions.
        """
        try:
            await self.flush()
        finally:
            await self.access.close()

    async def flush(self) -> None:
        """End the present life: store what is not stored yet, and forget what was noted. Nothing of it is stored later.

        Raises:
            Exception: The store's own, if it cannot store the last positions.
        """
        try:
            await self._end_writing()
            while unsaved := self._noted.take():
                self._noted.begin()
                await self.commits.store_all(unsaved)
        finally:
            self._present_life, self._is_scheduled = None, False
            self._noted.clear()
            self.commits.fence.forget()
            self._outage.reset()
            self._unstored.written(self._unstored.count)

    async def _end_writing(self) -> None:
        """Return when nothing is under way in the store."""
        await self._life.end()
        task, self._task = self._task, None
        if is_at_work(task):
            task.cancel()  # it waits, maybe for the end of a transaction that waits for this
            await asyncio.wait([task])
        await self._commit_ended()
        await self.commits.threads_ended()
