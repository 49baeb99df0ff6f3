"""`read_cassette`: the events of a cassette, in order.

Owns the file and the numbers of its lines. A file may be larger than memory: it is read line by line, each time anew.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .lines import CassetteError, Header, RecordedEvent, RecordedState, decode_header, decode_record

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from .lines import Record

__all__ = ("Cassette", "read_cassette")

_logger: Final = logging.getLogger("pybayeux.cassette")


def read_cassette(path: str | os.PathLike[str]) -> Cassette:
    """Open a cassette and read its header. The lines after it are read when they are asked for.

    Raises:
        CassetteError: The file is not a cassette, or of another version.
        OSError: It cannot be read.
    """
    return Cassette(Path(path))


class Cassette:
    """A recorded stream. Iterating over it reads the file: events and states, in order.

    Args:
        path: The file.

    Attributes:
        path: The file.
        header: Its first line.

    Raises:
        CassetteError: The file is not a cassette. While iterating: a line is damaged. A last line without its end is
            what a kill leaves behind: it is left out, with a warning.
    """

    def __init__(self, path: Path) -> None:
        self.path: Final = path
        with path.open("rb") as file:
            self.header: Final[Header] = self._header(file.readline())

    def __iter__(self) -> Iterator[Record]:
        at = 0.0
        with self.path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if number == 1 or line.isspace():
                    continue
                record = self._record(number, line)
                if record is None:
                    return
                if record.at < at:
                    raise self._damaged(number, f"at: expected at least {at:g}, as before; got {record.at:g}")
                at = record.at
                yield record

    @property
    def events(self) -> Iterator[RecordedEvent]:
        """The events alone."""
        return (record for record in self if isinstance(record, RecordedEvent))

    @property
    def states(self) -> Iterator[RecordedState]:
        """The changes of the connection's state alone."""
        return (record for record in self if isinstance(record, RecordedState))

    def measure(self) -> tuple[int, float]:
        """How many events there are, and the seconds until the last line. It reads the whole file, so it finds damage.

        Raises:
            CassetteError: A line is damaged.
        """
        events, at = 0, 0.0
        for record in self:
            events += isinstance(record, RecordedEvent)
            at = record.at
        return events, at

    def _header(self, line: bytes) -> Header:
        try:
            return decode_header(line)
        except ValueError as error:
            raise self._damaged(1, str(error)) from None

    def _record(self, number: int, line: bytes) -> Record | None:
        try:
            return decode_record(line)
        except ValueError as error:
            if line.endswith(b"\n"):
                raise self._damaged(number, str(error)) from None
            _logger.warning("%s, line %d: left out, it is not complete", self.path, number)
            return None

    def _damaged(self, number: int, why: str) -> CassetteError:
        return CassetteError(f"{self.path}, line {number}: {why}")
