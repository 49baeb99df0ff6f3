"""The way of a position into the store: written behind, in order, never on the event loop.

Why late is safe. A position says that everything up to it is handled. One that is stored late, or not at all because
the process died, makes the server send handled events once more. One that is stored too early would lose events. So
positions are only noted here when their events are handled; all that are noted within one turn of the event loop, or
within the delay that was asked for, or while the store is busy, become one commit; and `close` waits for the last.

The store is opened at the first use: only then is everybody there who may know its scheme.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from .handled import Handled
from .position import Position

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from datetime import datetime

    from .store import Store, TransactionalStore

__all__ = ("Ledger",)

_logger: Final = logging.getLogger("pybayeux.replay")
_PAUSE: Final = 1.0
"""Seconds between two attempts to write into a store that fails."""

_Noted: TypeAlias = Handled | Position


class Ledger:
    """The positions of one consumer: read through to a store, written behind.

    Args:
        open_store: Opens the store where the positions are kept.
        consumer: The name under which they are kept.
        now: The time of day, in UTC.
        delay: Seconds to gather positions before they are written.
    """

    def __init__(
        self, open_store: Callable[[], Store], consumer: str, now: Callable[[], datetime], delay: float = 0.0
    ) -> None:
        self._open_store: Final = open_store
        self._consumer: Final = consumer
        self._now: Final = now
        self._delay: Final = delay
        self._newest: dict[str, _Noted] = {}
        self._unsaved: dict[str, _Noted] = {}
        self._writer: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()
        self._turn = asyncio.Lock()

    @cached_property
    def store(self) -> Store:
        """The store.

        Raises:
            UsageError: Nobody knows its scheme.
        """
        return self._open_store()

    def get(self, subscription: str) -> Position | None:
        """The newest position of a subscription, stored or about to be."""
        return self.newest(subscription) or self.store.get(self._consumer, subscription)

    def newest(self, subscription: str) -> Position | None:
        """The newest position that was noted here, without a look into the store."""
        noted = self._newest.get(subscription)
        return None if noted is None else self._position(noted)

    def put(self, subscription: str, handled: Handled) -> None:
        """Note a position. It is in the store soon, at the latest when `close` has returned."""
        newest = self._newest.get(subscription)
        if newest is not None and newest.replay_id == handled.replay_id and newest.org == handled.org:
            return  # such as one that a transaction has stored
        self._newest[subscription] = self._unsaved[subscription] = handled
        if self._writer is None or self._writer.done():
            self._begin_to_write()

    def confirm(self, subscription: str, position: Position, until: datetime) -> None:
        """Note that the server had nothing after a position, which is the newest one, until this moment."""
        if position.complete_until is None or position.complete_until < until:
            confirmed = replace(position, stored_at=self._now(), quiet_until=until)
            self._newest[subscription] = self._unsaved[subscription] = confirmed
            self._begin_to_write()

    def _begin_to_write(self) -> None:
        if self._writer is None or self._writer.done():
            self._closing = asyncio.Event()
            self._writer = asyncio.get_running_loop().create_task(self._write(), name="pybayeux-replay-writer")

    async def close(self) -> None:
        """Store what is not stored yet and let go of the store, which is opened again where it is needed again.

        Raises:
            Exception: The store's own, where it cannot keep the last positions.
        """
        self._closing.set()
        if self._writer is not None and not self._writer.done():
            await self._writer
        self._writer, self._turn = None, asyncio.Lock()
        unsaved, self._unsaved = self._unsaved, {}
        self._newest.clear()
        try:
            if unsaved:
                await self._set(unsaved)
        finally:
            if "store" in self.__dict__:
                self.store.close()

    @asynccontextmanager
    async def transaction(self, store: TransactionalStore, subscription: str, handled: Handled) -> AsyncIterator[Any]:
        """Store a position in a transaction that somebody else uses as well; if that fails, nothing has moved."""
        async with self._turn:  # a store with one writer at a time is not to wait for ourselves
            older = self._unsaved.pop(subscription, None)
            position = self._position(handled)
            try:
                async with store.transaction(self._consumer, {subscription: position}) as transaction:
                    yield transaction
            except BaseException:
                if older is not None:
                    self._unsaved.setdefault(subscription, older)
                    self._begin_to_write()
                raise
            self._newest[subscription] = position

    async def _write(self) -> None:
        await self._wait(self._delay)
        while self._unsaved:
            if await self._is_written():
                pause = self._delay
            elif self._closing.is_set():
                return
            else:
                pause = max(_PAUSE, self._delay)
            if self._unsaved:
                await self._wait(pause)

    async def _is_written(self) -> bool:
        """Write all that waits; whether that succeeded."""
        async with self._turn:
            batch, self._unsaved = self._unsaved, {}
            try:
                await self._set(batch)
            except Exception:
                _logger.exception("%d positions could not be stored; they are kept and tried again", len(batch))
                self._unsaved = batch | self._unsaved
                return False
        return True

    async def _set(self, noted: dict[str, _Noted]) -> None:
        positions = {subscription: self._position(each) for subscription, each in noted.items()}
        if self.store.blocking:
            await asyncio.to_thread(self.store.set, self._consumer, positions)
        else:
            self.store.set(self._consumer, positions)

    def _position(self, noted: _Noted) -> Position:
        return noted if isinstance(noted, Position) else noted.position(self._now())

    async def _wait(self, seconds: float) -> None:
        if seconds > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), seconds)
