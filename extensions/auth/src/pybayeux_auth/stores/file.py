"""A refresh token in a file.

The file changes as a whole or not at all: a new one is written, forced to the disk, and takes the old one's place. It
is for its owner alone (mode 0600). A second file beside it, with the ending ``.lock``, is the lock between processes.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..errors import TokenStoreError
from .locking import locked

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

__all__ = ("FileTokenStore",)


class FileTokenStore:
    """Keeps a token in a file.

    Args:
        path: The file; its folder is made where there is none. A file with nothing but a refresh token in it, made by
            hand, is read as well.
    """

    def __init__(self, path: str | Path) -> None:
        # A link leads to the file that is meant: replacing the link would part it from whoever else has it.
        self._path: Final = Path(os.path.realpath(Path(path).expanduser()))

    def __repr__(self) -> str:
        return f"FileTokenStore({str(self._path)!r})"

    def lock(self) -> AbstractAsyncContextManager[object]:
        """Keep other processes out."""
        return locked(self._path.with_name(f"{self._path.name}.lock"))

    async def load(self) -> str | None:
        """What the file has, or None where there is none."""
        return await asyncio.to_thread(self._load)

    async def save(self, text: str) -> None:
        """Put this into the file."""
        await asyncio.to_thread(self._save, text)

    def _load(self) -> str | None:
        try:
            return self._path.read_text(encoding="utf-8").strip() or None
        except FileNotFoundError:
            return None
        except UnicodeDecodeError:
            raise TokenStoreError(str(self._path), "it is no text") from None
        except OSError as error:
            raise TokenStoreError(str(self._path), f"it cannot be read: {error.strerror}") from error

    def _save(self, text: str) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._replace(text)
            _sync_folder(self._path.parent)
        except OSError as error:
            raise TokenStoreError(str(self._path), f"it cannot be written: {error.strerror}") from error

    def _replace(self, text: str) -> None:
        handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")  # its mode is 0600
        try:
            with open(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, self._path)
        except BaseException:
            with suppress(OSError):
                os.unlink(name)
            raise


def _sync_folder(folder: Path) -> None:
    """The new name is on the disk only when its folder is. Systems that cannot do this do not need it."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
