"""A store in a file, replaced atomically: a new file is written, flushed to the disk, and renamed over the old one.

The file is readable by its owner only (mode 0600). A second file beside it, with the suffix ``.lock``, is the lock
between processes.
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
    """Stores a refresh token in a file.

    Args:
        path: The file; its folder is created if missing. A file that contains only a refresh token, written by hand, is
            accepted too.
    """

    def __init__(self, path: str | Path) -> None:
        # Resolve a symbolic link: replacing the link itself would leave its target, which others use, unchanged.
        self._path: Final = Path(os.path.realpath(Path(path).expanduser()))

    def __repr__(self) -> str:
        return f"FileTokenStore({str(self._path)!r})"

    def lock(self) -> AbstractAsyncContextManager[object]:
        """Return the lock between processes."""
        return locked(self._path.with_name(f"{self._path.name}.lock"))

    async def load(self) -> str | None:
        """Return the content of the file; None if there is none."""
        return await asyncio.to_thread(self._load)

    async def save(self, text: str) -> None:
        """Replace the content of the file."""
        await asyncio.to_thread(self._save, text)

    async def delete(self) -> None:
        """Delete the file.

        Raises:
            TokenStoreError: It cannot be deleted.
        """
        await asyncio.to_thread(self._delete)

    def _load(self) -> str | None:
        try:
            return self._path.read_text(encoding="utf-8").strip() or None
        except FileNotFoundError:
            return None
        except UnicodeDecodeError:
            raise TokenStoreError(str(self._path), "the file is not UTF-8 text") from None
        except OSError as error:
            raise TokenStoreError(str(self._path), f"the file cannot be read: {error.strerror}") from error

    def _save(self, text: str) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._replace(text)
            _sync_folder(self._path.parent)
        except OSError as error:
            raise TokenStoreError(str(self._path), f"the file cannot be written: {error.strerror}") from error

    def _delete(self) -> None:
        try:
            self._path.unlink(missing_ok=True)
            if self._path.parent.is_dir():
                _sync_folder(self._path.parent)
        except OSError as error:
            raise TokenStoreError(str(self._path), f"the file cannot be deleted: {error.strerror}") from error

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
    # A rename is durable only after its folder is flushed. Windows neither needs nor allows it.
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
