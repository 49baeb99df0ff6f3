"""`pybayeux relay` as a process, for tests that kill it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ("Relay", "start")


class Relay(subprocess.Popen[str]):
    """A relay. A block that fails kills it; one that ends waits for its end."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self.kill()
        super().__exit__(kind, error, trace)


def start(url: str, *arguments: str) -> Relay:
    """Start `pybayeux relay`."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYBAYEUX_")}
    command = [sys.executable, "-m", "pybayeux", "relay", url, *arguments]
    return Relay(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
