"""The commits of one consumer: positions that are brought into its store together, in a thread if the store may block.

A commit without a transaction does not undo what another consumer of the name has stored (`fence.py`), and names the
lease or the shards where there are some. Positions whose lease is lost are given up, and the others are stored.

When there is a commit, and what happens if the store fails, is decided in `position_writer.py`.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from .fence import Commit, ConsumerFence
from .leases import LeaseLostError
from .loops import is_of_this_loop
from .position import Position
from .store import fenced_set, fenced_transaction, set_at_once

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
    from datetime import datetime

    from .noted_positions import AnyPosition, NotedPositions
    from .store import TransactionalStore
    from .store_access import StoreAccess

__all__ = ("LeaseHolder", "PositionCommits")

_T = TypeVar("_T")

_SLOW: Final = 0.01
"""Seconds of a commit at once beyond which the next ones are made in a thread."""
_SLOW_FOR: Final = 60.0
"""Seconds for which they are."""


class LeaseHolder(Protocol):
    """Knows the lease, or the shards, that every commit has to name: the replica."""

    def fencing(self, keys: Iterable[str]) -> dict[str, Any]:
        """Return the argument of a commit of the positions under these keys, ``lease`` or ``shards``.

        Raises:
            LeaseLostError: It is lost.
        """

    def positions_stored(self) -> None:
        """Positions were stored."""

    def commit_refused(self, error: LeaseLostError) -> None:
        """The store has refused a commit, because the lease is lost."""


class PositionCommits:
    """Stores the positions of one consumer. One commit is under way at a time.

    Args:
        access: The store.
        consumer: The name under which the positions are stored.
        now: Returns the present time, in UTC.
        noted: What is noted and not stored.
        on_stored: Called with the positions that were stored.

    Attributes:
        fence: What this consumer has read and stored.
        lease_holder: Knows the lease that every commit has to name; None: there is no lease.
    """

    def __init__(
        self,
        access: StoreAccess,
        consumer: str,
        now: Callable[[], datetime],
        noted: NotedPositions,
        on_stored: Callable[[Mapping[str, Position]], None] | None,
    ) -> None:
        self._access: Final = access
        self._consumer: Final = consumer
        self._now: Final = now
        self._noted: Final = noted
        self._on_stored: Final = on_stored
        self.fence: Final = ConsumerFence(consumer, now)
        self.lease_holder: LeaseHolder | None = None
        self._storing: Mapping[str, Position] = {}
        self._slow_until = 0.0
        self._threads: Final[set[asyncio.Future[Any]]] = set()

    def position(self, noted: AnyPosition) -> Position:
        """What is noted as the store has it, with the present time."""
        return noted if isinstance(noted, Position) else noted.position(self._now())

    @property
    def storing(self) -> Collection[str]:
        """The keys of the positions that are being stored."""
        return self._storing.keys()

    async def in_thread(self, function: Callable[[], _T]) -> _T:
        """Call a function of the store: in a thread, if the store may block."""
        if not self._access.store.blocking:
            return function()
        thread = asyncio.get_running_loop().run_in_executor(None, copy_context().run, function)
        self._threads.add(thread)
        thread.add_done_callback(self._thread_ended)
        await asyncio.wait([thread])  # which goes on if the caller is cancelled
        return thread.result()

    def _thread_ended(self, thread: asyncio.Future[Any]) -> None:
        self._threads.discard(thread)
        if not thread.cancelled():
            thread.exception()  # of one whose caller was cancelled, nobody asks for it

    async def threads_ended(self) -> None:
        """Wait until nothing is under way in a thread."""
        if threads := [each for each in self._threads if is_of_this_loop(each)]:
            await asyncio.wait(threads)

    # -- a commit, step by step

    def begin(self, noted: Mapping[str, AnyPosition]) -> Commit:
        """Begin a commit of these positions."""
        commit = Commit(self.fence, {key: self.position(each) for key, each in noted.items()})
        self._storing = commit.positions
        return commit

    def store(self, commit: Commit, held: dict[str, Any]) -> None:
        """Store the positions. May be called in a thread.

        Args:
            commit: The commit.
            held: The lease or the shards, as `held` returns them.

        Raises:
            LeaseLostError: They are lost. Nothing was stored.
            Exception: The store's own.
        """
        fenced_set(self._access.store, self._consumer, commit.positions, commit.choose, **held)
        if self._noted.outdated:
            self._delete_outdated(commit.written)

    def store_at_once(self, commit: Commit) -> bool:
        """Store the positions here, if the store may not block or can do so at once; return whether they are stored.

        Raises:
            Exception: The store's own.
        """
        if not self._access.store.blocking:
            self.store(commit, {})
            return True
        begun = time.monotonic()
        if self._noted.outdated or begun < self._slow_until:
            return False
        is_stored = set_at_once(self._access.store, self._consumer, commit.positions, commit.choose)
        if time.monotonic() - begun > _SLOW:
            self._slow_until = begun + _SLOW_FOR
        return is_stored

    def _delete_outdated(self, stored: Iterable[str]) -> None:
        outdated = self._noted.outdated
        for key in stored:
            if (old := outdated.get(key)) is not None:
                self._access.store.delete(self._consumer, old)
                outdated.pop(key, None)

    def succeeded(self, commit: Commit) -> None:
        """The positions of a commit are stored."""
        self._storing = {}
        self.fence.committed(commit)
        self.tell_stored(commit.positions)

    def failed(self) -> None:
        """The commit under way has stored nothing."""
        self._storing = {}

    def tell_stored(self, positions: Mapping[str, Position]) -> None:
        """Tell those who want to know that these are stored."""
        if self.lease_holder is not None:
            self.lease_holder.positions_stored()
        if self._on_stored is not None:
            self._on_stored(positions)

    @asynccontextmanager
    async def transaction(
        self, store: TransactionalStore, positions: Mapping[str, Position], held: dict[str, Any]
    ) -> AsyncIterator[Any]:
        """Run a transaction, at whose end these positions are stored.

        Args:
            store: The store.
            positions: The positions by subscription.
            held: The lease or the shards, as `held` returns them.

        Raises:
            PositionConflictError: Another consumer of this name is at work.
            LeaseLostError: The lease or the shards are lost.
            Exception: The store's own.
        """
        self._storing, check = positions, partial(self.fence.check, positions)
        try:
            async with fenced_transaction(store, self._consumer, positions, check, **held) as transaction:
                yield transaction
        finally:
            self._storing = {}

    # -- a commit as a whole

    async def store_all(self, noted: dict[str, AnyPosition]) -> None:
        """Store positions, but for those that other replicas go on from.

        Raises:
            Exception: The store's own.
        """
        while True:
            try:
                return await self._store(noted)
            except LeaseLostError as error:
                self._noted.refuse(error.subscription)
                self.note_refusal(error)
                noted = self._noted.remembered(noted)
            if not noted:
                return None

    async def _store(self, noted: Mapping[str, AnyPosition]) -> None:
        commit = self.begin(noted)
        try:
            await self.in_thread(partial(self.store, commit, self.held(noted)))
        except BaseException:
            self.failed()
            raise
        self.succeeded(commit)

    # -- what has to be held

    def held(self, keys: Iterable[str]) -> dict[str, Any]:
        """Return the argument of a commit that names the lease or the shards, if there has to be one.

        Raises:
            LeaseLostError: It is lost.
        """
        return {} if self.lease_holder is None else self.lease_holder.fencing(keys)

    def note_refusal(self, error: BaseException) -> None:
        """Tell the holder of the lease, if the error is that it is lost."""
        if isinstance(error, LeaseLostError) and self.lease_holder is not None:
            self.lease_holder.commit_refused(error)
