"""The record of what was handled: the numbers of orders in a file, one per line, in the order of their handling.

Owns the file's form. A line is written without a buffer: when the writer's `note` has returned, the operating system
has the line, and the death of the process cannot take it back.
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
    """Gives a function that adds a number to the record."""
    with path.open("ab", buffering=0) as file:

        def note(number: int) -> None:
            file.write(b"%d\n" % number)

        yield note


class RecordReader:
    """Reads a record while it grows.

    Args:
        path: The file; it is made where there is none.
    """

    def __init__(self, path: Path) -> None:
        path.touch()
        self._path: Final = path
        self._read = 0

    def new(self) -> list[int]:
        """What was added since the last call."""
        with self._path.open("rb") as file:
            file.seek(self._read)
            lines, ending, _ = file.read().rpartition(b"\n")
        self._read += len(lines) + len(ending)
        return [int(line) for line in lines.split()]
