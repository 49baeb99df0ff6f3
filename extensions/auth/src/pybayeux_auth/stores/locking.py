"""A lock between processes, waited for without blocking the loop."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from ..errors import TokenStoreError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

__all__ = ("locked",)

_PATIENCE: Final = 60.0
"""Seconds to wait for somebody else: longer than a login takes."""
_PAUSE: Final = 0.05


@asynccontextmanager
async def locked(path: Path, patience: float = _PATIENCE) -> AsyncIterator[None]:
    """Hold the lock file at `path`. The system lets go of it when its holder dies.

    Raises:
        TokenStoreError: It cannot be had.
    """
    from filelock import FileLock, Timeout  # imported late: every client imports this package

    lock = FileLock(path, mode=0o600, thread_local=False)
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + patience
    while True:
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock.acquire(blocking=False)
            break
        except Timeout:
            if loop.time() >= give_up_at:
                raise TokenStoreError(str(path), f"another process has held it for {patience:.0f} s") from None
        except OSError as error:
            raise TokenStoreError(str(path), error.strerror or str(error)) from error
        await asyncio.sleep(_PAUSE)
    try:
        yield
    finally:
        lock.release()
