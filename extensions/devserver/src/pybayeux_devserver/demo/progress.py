"""Waiting for a condition while record and ledger are read. Nothing is decided here."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from .ledger import LedgerReader
    from .record import RecordReader
    from .tally import Tally

__all__ = ("Progress",)

_TICK: Final = 0.02


class Progress:
    """The progress of a run.

    Args:
        tally: Counts what the record contains.
        record: The record of handled orders.
        ledger: The ledger of written orders.
        check: Raises an exception if waiting is pointless.
        elapsed: Returns the seconds since the start.

    Attributes:
        tally: The counts so far.
        elapsed: Returns the seconds since the start.
    """

    def __init__(
        self,
        tally: Tally,
        record: RecordReader,
        ledger: LedgerReader,
        *,
        check: Callable[[], None],
        elapsed: Callable[[], float],
    ) -> None:
        self.tally: Final = tally
        self.elapsed: Final = elapsed
        self._record: Final = record
        self._ledger: Final = ledger
        self._check: Final = check

    async def until(self, reached: Callable[[], bool]) -> None:
        """Wait until `reached` returns true.

        Raises:
            Exception: An exception of `check`.
        """
        self.read()
        while not reached():
            self._check()
            await asyncio.sleep(_TICK)
            self.read()

    async def at(self, moment: float) -> None:
        """Wait for a time, in seconds since the start. If it is over, do not wait."""
        await self.until(lambda: self.elapsed() >= moment)

    def read(self) -> None:
        """Count what was handled and written since the last call."""
        self.tally.handle(self._record.new())
        self.tally.write(self._ledger.new())
