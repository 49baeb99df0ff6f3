"""The consumer as a process: started, killed at any instruction, started again.

Owns the processes. A consumer of pybayeux is forked from a server process that has imported everything already, so that
hundreds of starts cost no imports; one of another client is a command.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Protocol

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence
    from multiprocessing.process import BaseProcess
    from pathlib import Path

    from .settings import Settings

__all__ = ("CommandConsumer", "Consumer", "ForkedConsumer")

_PRELOADED: Final = "pybayeux_devserver.soak.preload"


class Consumer(Protocol):
    """A consumer that can die."""

    async def start(self, settings: Settings) -> None:
        """Start it."""

    async def kill(self) -> None:
        """End it without giving it a chance to say goodbye, and see it gone. One that is gone already is no error."""

    @property
    def died(self) -> str:
        """Why it ended by itself; empty while it runs or where it was killed."""


class ForkedConsumer:
    """A consumer that runs `program.main` in a process of its own.

    Args:
        log: The file that gets what it prints.
    """

    def __init__(self, log: Path) -> None:
        self._log: Final = log
        self._context: Final = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([_PRELOADED])
        self._process: BaseProcess | None = None

    async def start(self, settings: Settings) -> None:
        """Fork it."""
        from .program import main

        process = self._context.Process(target=main, args=(settings, self._log), daemon=True)
        await asyncio.to_thread(process.start)
        self._process = process

    async def kill(self) -> None:
        """SIGKILL."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            await asyncio.to_thread(process.join)
            process.close()

    @property
    def died(self) -> str:
        """Its exit code, where it has one."""
        if self._process is None or self._process.exitcode is None:
            return ""
        return f"exit code {self._process.exitcode}"


class CommandConsumer:
    """A consumer that is a program: it gets its settings as JSON in its last argument.

    Args:
        command: What to start.
        log: The file that gets what it prints.
    """

    def __init__(self, command: Sequence[str], log: Path) -> None:
        self._command: Final = tuple(command)
        self._log: Final = log
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, settings: Settings) -> None:
        """Start it."""
        given = msgspec.json.encode(settings).decode()
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                given,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | {"NO_PROXY": "*"},  # the org is on this machine
                start_new_session=True,  # Ctrl-C is not meant for it
            )

    async def kill(self) -> None:
        """SIGKILL."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()

    @property
    def died(self) -> str:
        """Its exit code, where it has one."""
        if self._process is None or self._process.returncode is None:
            return ""
        return f"exit code {self._process.returncode}"
