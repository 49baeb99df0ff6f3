"""`WriteFirstStore`: a store for targets that have no transactions, such as a pipe.

The target is written first, then the position is stored. After a crash in between, an event is written again: at least
once.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from pybayeux_replay.store import fenced_set

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from contextlib import AbstractAsyncContextManager

    from pybayeux_replay import Fence, Position, Store

__all__ = ("WriteFirstStore",)


class WriteFirstStore:
    """Keeps positions in another store, each at the end of a block that writes elsewhere.

    It has no leases and no dead letters.

    Args:
        store: Keeps the positions.
    """

    def __init__(self, store: Store) -> None:
        self._store: Final = store
        self.get: Final = store.get
        self.set: Final = store.set
        self.delete: Final = store.delete
        self.items: Final = store.items
        self.close: Final = store.close

    def __repr__(self) -> str:
        return f"WriteFirstStore({self._store!r})"

    @property
    def blocking(self) -> bool:
        """Whether `set` may wait for a disk or a network."""
        return self._store.blocking

    def fenced_set(self, consumer: str, positions: Mapping[str, Position], fence: Fence) -> None:
        """Store what `fence` returns when it is called with the stored positions."""
        fenced_set(self._store, consumer, positions, fence)

    def transaction(self, consumer: str, positions: Mapping[str, Position]) -> AbstractAsyncContextManager[Any]:
        """Return a block as `fenced_transaction` does, whatever is stored."""
        return self.fenced_transaction(consumer, positions, lambda stored: positions)

    @asynccontextmanager
    async def fenced_transaction(
        self, consumer: str, positions: Mapping[str, Position], fence: Fence
    ) -> AsyncIterator[None]:
        """Run a block, then store what `fence` returns, which is called before the block as well and may refuse it."""
        await self._call(lambda: fence(self._stored(consumer, positions)))
        yield
        await self._call(partial(self.fenced_set, consumer, positions, fence))

    def _stored(self, consumer: str, positions: Mapping[str, Position]) -> dict[str, Position]:
        found = {name: self._store.get(consumer, name) for name in positions}
        return {name: each for name, each in found.items() if each is not None}

    async def _call(self, function: Any) -> None:
        if self._store.blocking:
            await asyncio.to_thread(function)
        else:
            function()
