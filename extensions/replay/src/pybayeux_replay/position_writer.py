"""The position writer: brings the positions of one consumer into its store, in order, and never on the event loop.

Why it may write late. A position says that everything up to it is handled. If it is stored late, or not at all because
the process died, the server sends handled events once more. If it were stored too early, events would be lost. So a
position is only noted when its event is handled. All positions that are noted within one turn of the event loop, within
the delay of the commit policy, or while the store is busy, are written together. `close` waits for the last ones.

How many events may come again. Those that a killed process had handled and whose positions it had noted and not stored.
A quick handler handles thousands of events while one commit is written. So when `most_unstored` positions are not
stored yet, the receivers wait (`hold`) until the next ones are. While the store fails they do not: they go on.

What a position means, and when it may be stored, is decided elsewhere; whether another consumer of the same name is at
work, in `fence.py`. The store is opened at the first use, because
only then are all extensions registered that may add its scheme.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager, suppress
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from pybayeux.errors import UsageError

from .dead_letters import DeadLetterStore
from .fence import Commit, ConsumerFence
from .position import PendingPosition, Position
from .position_lookup import PositionLookup
from .store import TransactionalStore, fenced_set, fenced_transaction

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
    from datetime import datetime

    from .dead_letters import DeadLetter
    from .store import Store

__all__ = ("PositionWriter",)

_logger: Final = logging.getLogger("pybayeux.replay")
_RETRY_DELAY: Final = 1.0
"""Seconds between two attempts to write into a store that fails."""

_AnyPosition: TypeAlias = PendingPosition | Position


class PositionWriter:
    """The positions of one consumer. Reads are answered at once, writes happen later.

    Args:
        open_store: Opens the store.
        consumer: The name under which the positions are stored.
        now: Returns the present time, in UTC.
        delay: Seconds to gather positions before they are written.
        on_stored: Called with the positions that were written.
        most_unstored: How many positions may be noted and not stored before receivers wait, with a store that is
            `blocking`; None for any number.
    """

    def __init__(
        self,
        open_store: Callable[[], Store],
        consumer: str,
        now: Callable[[], datetime],
        delay: float = 0.0,
        on_stored: Callable[[Mapping[str, Position]], None] | None = None,
        most_unstored: int | None = None,
    ) -> None:
        self._on_stored: Final = on_stored
        self._open_store: Final = open_store
        self._consumer: Final = consumer
        self._now: Final = now
        self._delay: Final = delay
        self._fence: Final = ConsumerFence(consumer, now)
        self._newest: dict[str, _AnyPosition] = {}
        self._unsaved: dict[str, _AnyPosition] = {}
        self._outdated: list[str] = []
        self._is_failing = False
        self._most_unstored: Final = most_unstored
        self._unstored = 0
        self._room: asyncio.Future[None] | None = None
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
        self._unstored += 1
        if self._most_unstored is not None and self._unstored >= self._most_unstored:
            self._hold_receivers()
        if self._task is None or self._task.done():
            self._start_writing()

    def _hold_receivers(self) -> None:
        if self._room is None and self.store.blocking and not self._is_failing:
            self._room = asyncio.get_running_loop().create_future()

    @property
    def hold(self) -> Awaitable[None] | None:
        """What receivers have to wait for before they get their next event, if anything."""
        return None if self._room is None else asyncio.shield(self._room)

    def _note_written(self, count: int) -> None:
        """So many positions are stored, or cannot be at present: receivers go on."""
        self._unstored -= count
        room, self._room = self._room, None
        if room is not None and not room.done():
            room.set_result(None)

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

        Raises:
            PositionConflictError: The stored position is not the one that this consumer has read or stored last. The
                block has not begun.
        """
        async with self._lock:  # a store with one writer at a time would wait for ourselves
            older = self._unsaved.pop(subscription, None)
            positions = {subscription: self._position(pending)}
            fence = partial(self._fence.check, positions)
            try:
                async with fenced_transaction(store, self._consumer, positions, fence) as transaction:
                    yield transaction
            except BaseException:
                if older is not None:
                    self._unsaved.setdefault(subscription, older)
                    self._start_writing()
                raise
            self._newest |= positions
            self._fence.on_written(positions)
        self._tell_stored(positions)

    # -- dead letters

    async def keep_dead_letter(self, letter: DeadLetter) -> int | None:
        """Store a dead letter; return its number, or None if this kind of store keeps none.

        Raises:
            Exception: The store's own, if it could not store it.
        """
        if not isinstance(self.store, DeadLetterStore):
            return None
        add = partial(self.store.add_dead_letter, self._consumer, letter)
        async with self._lock:
            return await asyncio.to_thread(add) if self.store.blocking else add()

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
            batch, self._unsaved, count = self._unsaved, {}, self._unstored
            try:
                await self._set(batch)
            except BaseException as error:
                self._unsaved = batch | self._unsaved
                self._note_written(0)
                if not isinstance(error, Exception):
                    raise
                self._note_failure(error)
                return False
            self._note_written(count)
            if self._is_failing:
                self._is_failing = False
                _logger.info("positions are stored again")
        return True

    def _note_failure(self, error: Exception) -> None:
        """Log one line when storing begins to fail, and details where they are asked for."""
        if not self._is_failing:
            self._is_failing = True
            text = " ".join(str(error).split("\n[SQL:")[0].split())
            _logger.error("positions cannot be stored, and are kept until they can: %s: %s", type(error).__name__, text)
        _logger.debug("positions could not be stored", exc_info=error)

    async def _set(self, noted: dict[str, _AnyPosition]) -> None:
        commit = Commit(self._fence, {key: self._position(each) for key, each in noted.items()})
        if self.store.blocking:
            await asyncio.to_thread(self._set_now, commit)
        else:
            self._set_now(commit)
        self._fence.committed(commit)
        self._tell_stored(commit.positions)

    def _set_now(self, commit: Commit) -> None:
        fenced_set(self.store, self._consumer, commit.positions, commit.choose)
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
        finally:
            self._fence.clear()
            self._note_written(self._unstored)
            if "store" in self.__dict__:
                self.store.close()
