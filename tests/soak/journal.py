"""The journal of a consumer: each event when it was handled, and each gap that was reported.

Owns the file format: one JSON object per line, written without a buffer. Once a line is written, the operating system
has it, so killing the process does not lose it.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ("Entry", "JournalWriter", "mark_of", "open_journal", "read_journal")


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of a journal.

    Attributes:
        kind: ``event``, ``gap``, ``position`` or ``conflict``. Other kinds are ignored.
        channel: The channel.
        mark: The unique mark that the publisher put into the event.
        run: The number of the process, counted from one.
        text: Any further text.
    """

    kind: str
    channel: str = ""
    mark: str = ""
    run: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True)
class JournalWriter:
    """Writes the lines of one process.

    Attributes:
        write: Writes one line to the file.
        run: The number of the process.
    """

    write: Callable[[bytes], object]
    run: int

    def __call__(self, kind: str, channel: str = "", mark: str = "", text: str = "") -> None:
        """Write a line. It is in the file when this returns."""
        self.write(msgspec.json.encode(Entry(kind, channel, mark, self.run, text)) + b"\n")


@contextmanager
def open_journal(path: Path, run: int) -> Iterator[JournalWriter]:
    """Open a journal to add lines to it."""
    with path.open("ab", buffering=0) as file:
        file.write(b"\n")  # an earlier process may have been killed within its last line
        yield JournalWriter(file.write, run)


_decoder: Final = msgspec.json.Decoder(Entry)


def read_journal(path: Path) -> list[Entry]:
    """All complete lines. A last line that was cut off is ignored."""
    if not path.exists():
        return []
    lines, _, _ = path.read_bytes().rpartition(b"\n")
    return [entry for line in lines.splitlines() if line and (entry := _decode(line)) is not None]


def _decode(line: bytes) -> Entry | None:
    try:
        return _decoder.decode(line)
    except msgspec.DecodeError:
        return None


def mark_of(data: Any) -> str:
    """The mark of an event: the field ``Mark__c``, wherever the shape of the data has its fields; empty without one."""
    for member in ("payload", "sobject"):
        fields = data.get(member) if isinstance(data, dict) else None
        if isinstance(fields, dict) and "Mark__c" in fields:
            return str(fields["Mark__c"])
    return ""
