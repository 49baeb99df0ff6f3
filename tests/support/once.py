"""What is made once per test run, by whichever worker needs it first, and used by all."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import pytest

__all__ = ("locked", "made_once")


def made_once(name: str, make: Callable[[Path], object], factory: pytest.TempPathFactory) -> Path:
    """A folder that is filled once per run, under the run's temporary folder.

    Args:
        name: The name of the folder.
        make: Fills the folder; other workers wait meanwhile. If it raises, the next worker tries again.
        factory: Knows where the run's temporary folder is.
    """
    base = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent  # each worker has a folder of its own within that of the run
    folder, stamp = base / name, base / f"{name}.made"
    with locked(base / f"{name}.lock"):
        if not stamp.exists():
            folder.mkdir(exist_ok=True)
            make(folder)
            stamp.touch()
    return folder


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keeps other processes out of the block as long as it runs; the file itself has no meaning."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
