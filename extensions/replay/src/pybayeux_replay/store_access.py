"""Access to the store of one consumer: it is opened at the first use, and read before a hook needs what is in it.

It is opened so late because only then are all extensions registered that may add its scheme. It is read ahead because a
hook must not hold the event loop for as long as a database may take.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING, Final

from pybayeux.errors import UsageError

from .dead_letters import DeadLetterStore
from .store import LoopBoundStore, MemoryStore, TransactionalStore

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from .store import Store

__all__ = ("StoreAccess",)


class StoreAccess:
    """The store of one consumer.

    Args:
        open_store: Opens the store.
        consumer: The name under which the positions are stored.

    Attributes:
        opened: The store, when it was used; None before.
        opens_slowly: Whether to open the store takes longer than a hook may, so that it is opened in a thread.
    """

    def __init__(self, open_store: Callable[[], Store], consumer: str) -> None:
        self._open_store: Final = open_store
        self._consumer: Final = consumer
        self._opening: Final = Lock()
        self.opened: Store | None = None
        self.opens_slowly = False
        self._read: MemoryStore = MemoryStore()
        self._fresh: set[str] = set()
        self._forgotten_while_reading: set[str | None] = set()
        self._transactional: TransactionalStore | None = None
        self._dead_letters: DeadLetterStore | None = None

    # -- opening

    @property
    def store(self) -> Store:
        """The store.

        Raises:
            UsageError: Its scheme is unknown.
        """
        if self.opened is None:
            with self._opening:
                if self.opened is None:
                    self.opened = self._open_store()
        return self.opened

    def warm_up(self) -> None:
        """Open the store and read once, so that its first use in a hook does not block the event loop for long.

        An error is raised where the store is needed.
        """
        with suppress(Exception):
            self.store.get(self._consumer, "")

    async def close(self) -> None:
        """Close the store. The next use opens it again."""
        self._fresh.clear()
        if self.opened is not None:
            if isinstance(self.opened, LoopBoundStore):
                await self.opened.aclose()
            self.opened.close()

    # -- what it can do; to ask isinstance for a protocol takes as long as a commit to SQLite

    def transactional(self) -> TransactionalStore:
        """Return the store, if it has transactions.

        Raises:
            UsageError: It has none, or its scheme is unknown.
        """
        if self._transactional is None:
            store = self.store
            if not isinstance(store, TransactionalStore):
                raise UsageError(
                    f"exactly once is not possible: {type(store).__name__} has no transactions; choose "
                    "store='sqlite:///positions.db' or another database"
                )
            self._transactional = store
        return self._transactional

    def dead_letters(self) -> DeadLetterStore | None:
        """Return the store, if it keeps dead letters, else None."""
        if self._dead_letters is None and isinstance(store := self.store, DeadLetterStore):
            self._dead_letters = store
        return self._dead_letters

    # -- reading ahead

    def has_to_read(self, subscription: str) -> bool:
        """Whether the position of a subscription has to be loaded before it is looked for, if the store may block."""
        return subscription not in self._fresh

    async def load(self, subscriptions: Collection[str]) -> None:
        """Open the store, and read the positions of these subscriptions, so that to look for them does not block.

        Raises:
            Exception: The store's own.
        """
        if self.opened is None and self.opens_slowly:
            await asyncio.to_thread(lambda: self.store)
        if not self.store.blocking:
            for subscription in subscriptions:
                self.store.get(self._consumer, subscription)  # whether it can be read again
            return
        self._forgotten_while_reading.clear()
        positions = await asyncio.to_thread(self.store.items, self._consumer)
        self._read = MemoryStore()
        self._read.set(self._consumer, positions)
        # Another replica may have gone on meanwhile from what was read.
        if None not in self._forgotten_while_reading:
            self._fresh = set(subscriptions) - self._forgotten_while_reading

    def for_reading(self, subscription: str) -> Store:
        """Return where to look for the position of a subscription: in what was read ahead, once, or in the store."""
        if subscription in self._fresh:
            self._fresh.discard(subscription)
            return self._read
        return self.store

    def forget(self, subscriptions: Collection[str] | None = None) -> None:
        """Read again what was read ahead of these subscriptions, None for all: another replica has gone on from it."""
        self._forgotten_while_reading.update([None] if subscriptions is None else subscriptions)
        self._fresh = set() if subscriptions is None else self._fresh.difference(subscriptions)
