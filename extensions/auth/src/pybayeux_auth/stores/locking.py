"""A file lock between processes that does not block the event loop."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from ..errors import TokenStoreError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

__all__ = ("locked",)

_TIMEOUT: Final = 60.0
"""Seconds to wait for another holder: longer than a login takes."""
_POLL_INTERVAL: Final = 0.05


@asynccontextmanager
async def locked(path: Path, timeout: float = _TIMEOUT) -> AsyncIterator[None]:
    """Hold the lock file at `path`. The operating system releases it when its process ends.

    Args:
        path: The lock file, which is created if missing.
        timeout: Seconds to wait for another holder.

    Raises:
        TokenStoreError: Another process holds the lock, or the file cannot be created.
    """
    from filelock import FileLock, Timeout  # imported late, because every client imports this package

    lock = FileLock(path, mode=0o600, thread_local=False)
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + timeout
    while True:
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock.acquire(blocking=False)
            break
        except Timeout:
            if loop.time() >= give_up_at:
                raise TokenStoreError(str(path), f"another process has held the lock for {timeout:.0f} s") from None
        except OSError as error:
            raise TokenStoreError(str(path), error.strerror or str(error)) from error
        await asyncio.sleep(_POLL_INTERVAL)
    try:
        yield
    finally:
        lock.release()
