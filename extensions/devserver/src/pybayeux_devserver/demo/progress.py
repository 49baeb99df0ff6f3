"""Waiting for something to come true, while the record is read. Decides nothing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from .record import RecordReader
    from .tally import Tally

__all__ = ("Progress",)

_TICK: Final = 0.02


class Progress:
    """How far a run has come.

    Args:
        tally: Gets what the record says.
        record: What was handled.
        check: Raises where waiting has become senseless.
        elapsed: Tells the seconds since the beginning.

    Attributes:
        tally: The count so far.
        elapsed: As given.
    """

    def __init__(
        self, tally: Tally, record: RecordReader, *, check: Callable[[], None], elapsed: Callable[[], float]
    ) -> None:
        self.tally: Final = tally
        self.elapsed: Final = elapsed
        self._record: Final = record
        self._check: Final = check

    async def until(self, reached: Callable[[], bool]) -> None:
        """Wait until `reached` says so.

        Raises:
            Exception: What `check` raised.
        """
        self.read()
        while not reached():
            self._check()
            await asyncio.sleep(_TICK)
            self.read()

    async def at(self, moment: float) -> None:
        """Wait for a moment, in seconds since the beginning; one that is over is not waited for."""
        await self.until(lambda: self.elapsed() >= moment)

    def read(self) -> None:
        """Count what was handled meanwhile."""
        self.tally.handle(self._record.new())
