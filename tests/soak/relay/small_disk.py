"""A disk of a database's own, which can be full: a file system in memory whose size is changed. Needs root on Linux."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ("SmallDisk", "why_no_disk")

_SIZE: Final = "2g"
"""It takes as much memory as there is on it."""
_ATTEMPTS: Final = 50


def why_no_disk() -> str | None:
    """Why there can be no disk of a size of its own here, or None if there can."""
    return None if sys.platform == "linux" and os.geteuid() == 0 else "a disk of its own needs Linux and root"


class SmallDisk:
    """A disk.

    Args:
        folder: Where it is mounted.

    Raises:
        OSError: The system does not mount it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder: Final = folder
        _run("mount", "-t", "tmpfs", "-o", f"size={_SIZE}", "tmpfs", str(folder))

    def fill(self) -> None:
        """Let it be full: not one page more is written.

        Raises:
            OSError: It never has the size that was just measured.
        """
        for _ in range(_ATTEMPTS):
            found = os.statvfs(self._folder)
            try:
                self._resize(str((found.f_blocks - found.f_bfree) * found.f_frsize))
            except OSError:
                continue  # something was written meanwhile
            return
        raise OSError(f"{self._folder} grows too fast to be filled")

    def free(self) -> None:
        """Let there be room again."""
        self._resize(_SIZE)

    def _resize(self, size: str) -> None:
        _run("mount", "-o", f"remount,size={size}", str(self._folder))

    def close(self) -> None:
        """Take it away, with all that is on it."""
        _run("umount", "--lazy", str(self._folder))


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OSError(f"{' '.join(command)}: {done.stderr.strip()}")
