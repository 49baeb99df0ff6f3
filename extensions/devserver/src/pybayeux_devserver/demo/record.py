"""The record of handled orders: their numbers in a file, one per line, in the order of handling.

Owns the file format. A line is written without a buffer: once it is written, the operating system has it, and killing
the process does not lose it.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ("RecordReader", "recording")


@contextmanager
def recording(path: Path) -> Iterator[Callable[[int], None]]:
    """Open the record to add numbers to it.

    Yields:
        A function that writes a number.
    """
    with path.open("ab", buffering=0) as file:

        def write(number: int) -> None:
            file.write(b"%d\n" % number)

        yield write


class RecordReader:
    """Reads a record while it grows.

    Args:
        path: The file. It is created if it does not exist.
    """

    def __init__(self, path: Path) -> None:
        path.touch()
        self._path: Final = path
        self._read = 0

    def new(self) -> list[int]:
        """The numbers that were added since the last call."""
        with self._path.open("rb") as file:
            file.seek(self._read)
            lines, ending, _ = file.read().rpartition(b"\n")
        self._read += len(lines) + len(ending)
        return [int(line) for line in lines.split()]
