"""`StdoutTarget`: each record as a line of JSON on standard output. A pipe has no transactions: at least once."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

from pybayeux import printable
from pybayeux.cli import descriptor_of, write_all

from .target import TargetError
from .write_first import WriteFirstStore

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pybayeux_replay import Store

    from .records import Record

__all__ = ("StdoutTarget",)


class StdoutTarget:
    """Writes records to standard output. When a position is stored, the operating system has the lines.

    Args:
        store: Keeps the positions.
    """

    def __init__(self, store: Store) -> None:
        self.store: Final = WriteFirstStore(store)

    def __repr__(self) -> str:
        return "standard output"

    @property
    def descriptor(self) -> int:
        """The file descriptor of standard output."""
        return descriptor_of(sys.stdout, "output")

    async def check(self) -> Sequence[str]:
        """Return what is written, and where positions are kept."""
        return ["lines of JSON on standard output, at least once", f"positions in {self.store!r}"]

    async def prepare(self) -> None:
        """Do nothing: there is nothing to make."""

    async def write(self, transaction: Any, records: Sequence[Record]) -> None:
        """Write a line for each record.

        Raises:
            TargetError: Standard output is closed, or the disk is full.
        """
        # What a terminal obeys is escaped, as JSON allows.
        lines = "".join(f"{printable(record.as_json().decode(), json=True)}\n" for record in records)
        try:
            await write_all(self.descriptor, lines.encode())
        except OSError as error:
            raise TargetError(f"standard output: {error.strerror or error}") from error

    def refuses(self, error: Exception) -> bool:
        """Return False: any record can be written."""
        return False

    async def aclose(self) -> None:
        """Do nothing: standard output stays open."""
