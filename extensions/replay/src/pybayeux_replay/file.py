"""Positions in a JSON file, which people can read too.

Each change writes a new file, waits until it is on the disk, and renames it over the old one. So after a crash at any
moment there is the old file or the new one. Processes take turns with a lock file beside it. A file that does not hold
positions is never overwritten.
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

from .position_json import PositionRecord
from .store import as_positions, check_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .position import Position
    from .store import Fence

__all__ = ("FileStore",)

_LOCK_TIMEOUT: Final = 10.0
"""Seconds to wait for another process that is writing."""


class _Content(msgspec.Struct, forbid_unknown_fields=True):
    consumers: dict[str, dict[str, PositionRecord]] = msgspec.field(default_factory=dict)


_decoder: Final = msgspec.json.Decoder(_Content)


class FileStore:
    """Keeps positions in a JSON file: over restarts and crashes.

    Several consumers, in several processes, may share one file on a local disk. Each `set` writes the whole file and
    waits for the disk, so this store is for some hundreds of subscriptions, not for thousands.

    Args:
        path: The file. It is created if it does not exist; its folder is not.
    """

    blocking: Final = True

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path: Final = Path(path).expanduser()

    def __repr__(self) -> str:
        return f"FileStore({str(self.path)!r})"

    def get(self, consumer: str, subscription: str) -> Position | None:
        """Return the position of a subscription, or None."""
        return self.items(consumer).get(subscription)

    def set(self, consumer: str, positions: Mapping[str, Position | int]) -> None:
        """Store these positions by subscription, all or none; a bare replay id is a position stored now."""
        with self._changed() as content:
            stored = content.consumers.setdefault(consumer, {})
            stored.update({name: PositionRecord.of(each) for name, each in as_positions(positions).items()})

    def fenced_set(self, consumer: str, positions: Mapping[str, Position], fence: Fence) -> None:
        """Store what `fence` returns when it is called with the stored positions, all or none."""
        with self._changed() as content:
            stored = content.consumers.setdefault(consumer, {})
            chosen = fence({name: stored[name].position() for name in positions if name in stored})
            stored.update({name: PositionRecord.of(each) for name, each in chosen.items()})

    def delete(self, consumer: str, subscription: str) -> None:
        """Delete a position, if there is one."""
        with self._changed() as content:
            content.consumers.get(consumer, {}).pop(subscription, None)

    def items(self, consumer: str) -> Mapping[str, Position]:
        """Return all positions of a consumer, by subscription."""
        stored = self._read().consumers.get(consumer, {})
        return {name: each.position() for name, each in sorted(stored.items())}

    def close(self) -> None:
        """Do nothing: the file is open only while it is read or written."""

    def _read(self) -> _Content:
        check_folder(self.path.parent, "file")
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return _Content()
        try:
            return _decoder.decode(data) if data.strip() else _Content()
        except msgspec.DecodeError as error:
            raise UsageError(f"{self.path} does not hold positions, and is not changed: {error}") from error

    @contextmanager
    def _changed(self) -> Iterator[_Content]:
        check_folder(self.path.parent, "file")
        with FileLock(f"{self.path}.lock", timeout=_LOCK_TIMEOUT):
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
    """Wait until the new name is on the disk as well, on systems where a folder can be opened."""
    if hasattr(os, "O_DIRECTORY"):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
