"""What a consumer writes down: each event when it is handled, each gap that it was told of.

Owns the file's form: a JSON object in a line, written without a buffer, so that the operating system has it when `note`
has returned and the death of the process cannot take it back.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ("Entry", "Note", "journal", "mark_of", "read_journal")


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line.

    Attributes:
        kind: ``event`` or ``gap``; anything else is for people.
        channel: Where.
        mark: What tells the event from all others.
        run: Which process it was, counted from one.
        text: What more there is to say.
    """

    kind: str
    channel: str = ""
    mark: str = ""
    run: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """Writes lines of one process.

    Attributes:
        write: Takes the line.
        run: Which process it is.
    """

    write: Callable[[bytes], object]
    run: int

    def __call__(self, kind: str, channel: str = "", mark: str = "", text: str = "") -> None:
        """Write a line; when this has returned, it is written."""
        self.write(msgspec.json.encode(Entry(kind, channel, mark, self.run, text)) + b"\n")


@contextmanager
def journal(path: Path, run: int) -> Iterator[Note]:
    """Gives what adds lines to the journal."""
    with path.open("ab", buffering=0) as file:
        file.write(b"\n")  # another process may have died over its last line
        yield Note(file.write, run)


_decoder: Final = msgspec.json.Decoder(Entry)


def read_journal(path: Path) -> list[Entry]:
    """All whole lines; a process may have died over its last one."""
    if not path.exists():
        return []
    lines, _, _ = path.read_bytes().rpartition(b"\n")
    return [entry for line in lines.splitlines() if line and (entry := _entry(line)) is not None]


def _entry(line: bytes) -> Entry | None:
    try:
        return _decoder.decode(line)
    except msgspec.DecodeError:
        return None


def mark_of(data: Any) -> str:
    """What the publisher gave the event to be told from all others: ``Mark__c`` wherever the shape has its fields."""
    for member in ("payload", "sobject"):
        fields = data.get(member) if isinstance(data, dict) else None
        if isinstance(fields, dict) and "Mark__c" in fields:
            return str(fields["Mark__c"])
    return ""
