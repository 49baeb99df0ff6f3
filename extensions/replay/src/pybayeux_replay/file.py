"""Positions in a JSON file, to be read by people too.

A change is made in a new file that takes the old one's place, and is on the disk before that: whatever happens, there
is the file of before or the file of after. Processes take turns by a lock beside it. What is no file of positions is
never overwritten.
"""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Final

import msgspec
from filelock import FileLock

from pybayeux.errors import UsageError

from .folder import check_folder
from .record import Record
from .store import as_positions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .position import Position

__all__ = ("FileStore",)

_PATIENCE: Final = 10.0
"""Seconds to wait for another process that writes."""


class _Content(msgspec.Struct, forbid_unknown_fields=True):
    consumers: dict[str, dict[str, Record]] = msgspec.field(default_factory=dict)


_decoder: Final = msgspec.json.Decoder(_Content)


class FileStore:
    """Keeps positions in a file of JSON: over restarts and crashes.

    Several consumers, in several processes, may share one file on a local disk. Each `set` writes the whole file and
    waits for the disk: for some hundreds of subscriptions, not for thousands.

    Args:
        path: The file; it is made where there is none, its folder is not.
    """

    blocking: Final = True

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path: Final = Path(path).expanduser()

    def __repr__(self) -> str:
        return f"FileStore({str(self.path)!r})"

    def get(self, consumer: str, subscription: str) -> Position | None:
        """The position kept, or None."""
        return self.items(consumer).get(subscription)

    def set(self, consumer: str, positions: Mapping[str, Position | int]) -> None:
        """Keep these positions by subscription, all of them or none; a replay id alone is a position of this moment."""
        with self._changed() as content:
            kept = content.consumers.setdefault(consumer, {})
            kept.update({name: Record.of(each) for name, each in as_positions(positions).items()})

    def delete(self, consumer: str, subscription: str) -> None:
        """Forget a position."""
        with self._changed() as content:
            content.consumers.get(consumer, {}).pop(subscription, None)

    def items(self, consumer: str) -> Mapping[str, Position]:
        """All positions of a consumer, by subscription."""
        kept = self._read().consumers.get(consumer, {})
        return {name: each.position() for name, each in sorted(kept.items())}

    def close(self) -> None:
        """Nothing to let go of: the file is open only while it is read or written."""

    def _read(self) -> _Content:
        check_folder(self.path.parent, "file")
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return _Content()
        try:
            return _decoder.decode(data) if data.strip() else _Content()
        except msgspec.DecodeError as error:
            raise UsageError(f"{self.path} is no file of positions, and is left as it is: {error}") from error

    @contextmanager
    def _changed(self) -> Iterator[_Content]:
        check_folder(self.path.parent, "file")
        with FileLock(f"{self.path}.lock", timeout=_PATIENCE):
            content = self._read()
            yield content
            self._write(msgspec.json.format(msgspec.json.encode(content, order="sorted")) + b"\n")

    def _write(self, data: bytes) -> None:
        folder = self.path.parent
        with NamedTemporaryFile(dir=folder, prefix=f".{self.path.name}.", delete=False) as new:
            new.write(data)
            new.flush()
            os.fsync(new.fileno())
        try:
            if self.path.exists():
                shutil.copymode(self.path, new.name)
            os.replace(new.name, self.path)
        except OSError:
            os.unlink(new.name)
            raise
        _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    """Have the new name on the disk as well, where folders can be opened."""
    if hasattr(os, "O_DIRECTORY"):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
