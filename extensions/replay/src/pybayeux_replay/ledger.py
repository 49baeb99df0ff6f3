"""The way of a position into the store: written behind, in order, never on the event loop.

Why late is safe. A position says that everything up to it is handled. One that is stored late, or not at all because
the process died, makes the server send handled events once more. One that is stored too early would lose events. So
positions are only noted here when their events are handled; all that are noted within one turn of the event loop, or
while the store is busy, become one commit; and `close` waits for the last.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .store import Store

__all__ = ("Ledger",)

_logger: Final = logging.getLogger("pybayeux.replay")
_PAUSE: Final = 1.0
"""Seconds between two attempts to write into a store that fails."""


class Ledger:
    """The positions of one consumer: read through to a store, written behind.

    Args:
        store: Where the positions are kept.
        consumer: The name under which they are kept.
    """

    def __init__(self, store: Store, consumer: str) -> None:
        self._store: Final = store
        self._consumer: Final = consumer
        self._newest: dict[str, int] = {}
        self._unsaved: dict[str, int] = {}
        self._writer: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()

    def get(self, subscription: str) -> int | None:
        """The newest position of a subscription, stored or about to be."""
        if subscription in self._newest:
            return self._newest[subscription]
        kept = self._store.get(self._consumer, subscription)
        return None if kept is None else kept.replay_id

    def put(self, subscription: str, replay_id: int) -> None:
        """Note a position. It is in the store soon, at the latest when `close` has returned."""
        self._newest[subscription] = self._unsaved[subscription] = replay_id
        if self._writer is None or self._writer.done():
            self._writer = asyncio.get_running_loop().create_task(self._write(), name="pybayeux-replay-writer")

    async def close(self) -> None:
        """Store what is not stored yet and let go of the store, which is opened again where it is needed again.

        Raises:
            Exception: The store's own, where it cannot keep the last positions.
        """
        self._closing.set()
        if self._writer is not None and not self._writer.done():
            await self._writer
        self._writer, self._closing = None, asyncio.Event()
        unsaved, self._unsaved = self._unsaved, {}
        self._newest.clear()
        try:
            if unsaved:
                await self._set(unsaved)
        finally:
            self._store.close()

    async def _write(self) -> None:
        while self._unsaved:
            batch, self._unsaved = self._unsaved, {}
            try:
                await self._set(batch)
            except Exception:
                _logger.exception("%d positions could not be stored; they are kept and tried again", len(batch))
                self._unsaved = batch | self._unsaved
                if self._closing.is_set():
                    return
                await self._pause()

    async def _set(self, replay_ids: dict[str, int]) -> None:
        if self._store.blocking:
            await asyncio.to_thread(self._store.set, self._consumer, replay_ids)
        else:
            self._store.set(self._consumer, replay_ids)

    async def _pause(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), _PAUSE)
