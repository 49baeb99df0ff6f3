"""The life of a position writer: from its first use, or its last `flush`, to the next `flush`, on one event loop.

Owns who may use the store, and what is under way there. When a life ends, what waits is woken and gives up. What the
store is doing is waited for, since it might be committed later, and nobody would know. The code of a program in a
transaction is not waited for: it may take any time, or be the code that closes the client. When it has ended, the
transaction finds that its life is over, and is rolled back.

A life that is over stays over. What belongs to it never takes the next one for its own.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from pybayeux.errors import ClientStateError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("WriterLife",)


class WriterLife:
    """One life of a writer. It is made on the event loop on which it is lived.

    Attributes:
        loop: The event loop.
        lock: Who has it may write. A store with one writer at a time would wait for ourselves.
    """

    def __init__(self) -> None:
        self.loop: Final = asyncio.get_running_loop()
        self.lock: Final = asyncio.Lock()
        self._over: Final = asyncio.Event()
        self._idle: Final = asyncio.Event()
        self._idle.set()
        self._calls = 0

    @property
    def is_over(self) -> bool:
        """Whether it has ended: nothing may begin any more."""
        return self._over.is_set()

    def check(self) -> None:
        """See that it has not ended.

        Raises:
            ClientStateError: It has.
        """
        if self.is_over:
            raise ClientStateError("the client was closed before the event was handled: nothing was written")

    async def wait(self, seconds: float) -> None:
        """Wait for so long, but not longer than it lasts."""
        if seconds > 0 and not self.is_over:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), seconds)

    # -- what is under way in the store

    @contextmanager
    def storing(self) -> Iterator[None]:
        """The store is being used: the end waits for it."""
        self._begin_call()
        try:
            yield
        finally:
            self._end_call()

    @contextmanager
    def in_block(self) -> Iterator[None]:
        """Within `storing`, code of the program runs: the end does not wait for it."""
        self._end_call()
        try:
            yield
        finally:
            self._begin_call()

    def _begin_call(self) -> None:
        self._calls += 1
        self._idle.clear()

    def _end_call(self) -> None:
        self._calls -= 1
        if not self._calls:
            self._idle.set()

    async def end(self) -> None:
        """End it; return when nothing is under way in the store."""
        self._over.set()
        await self._idle.wait()
