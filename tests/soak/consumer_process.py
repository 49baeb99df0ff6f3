"""The process of a consumer: started, killed with SIGKILL, started again.

A consumer of pybayeux is forked from a fork server that has imported everything already, so hundreds of starts cost no
imports. A consumer of another client is a command.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Protocol

import msgspec

from tests.soak.consumer import main

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from multiprocessing.process import BaseProcess
    from pathlib import Path

    from tests.soak.settings import Settings

__all__ = ("CommandConsumer", "Consumer", "ForkedConsumer")

_PRELOAD: Final = "tests.soak.preload"


class Consumer(Protocol):
    """A consumer that can be killed."""

    async def start(self, settings: Settings) -> None:
        """Start its process."""

    async def kill(self) -> None:
        """Kill its process and wait until it has ended. Without a running process it does nothing."""

    def replica(self) -> Consumer:
        """Return another consumer of the same kind, which is not started yet."""

    @property
    def died(self) -> str:
        """Why the process ended by itself. Empty while it runs, and after it was killed."""


class ForkedConsumer:
    """A consumer that runs `consumer.main`, or another function like it, in a forked process.

    Args:
        log: The file for its output.
        target: The function.
    """

    def __init__(self, log: Path, target: Callable[[Any, Path], None] = main) -> None:
        self._log: Final = log
        self._target: Final = target
        self._context: Final = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([_PRELOAD])
        self._process: BaseProcess | None = None

    async def start(self, settings: Any) -> None:
        """Fork the process."""
        process = self._context.Process(target=self._target, args=(settings, self._log), daemon=True)
        await asyncio.to_thread(process.start)
        self._process = process

    async def kill(self) -> None:
        """Send SIGKILL and wait for the end."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            await asyncio.to_thread(process.join)
            process.close()

    def replica(self) -> ForkedConsumer:
        """Return another one with the same log."""
        return ForkedConsumer(self._log, self._target)

    @property
    def died(self) -> str:
        """Its exit code, if it ended by itself."""
        if self._process is None or self._process.exitcode is None:
            return ""
        return f"exit code {self._process.exitcode}"


class CommandConsumer:
    """A consumer that is a program. Its settings are its last argument, as JSON.

    Args:
        command: The command to start.
        log: The file for its output.
        folder: The working directory; None means that of this process.
    """

    def __init__(self, command: Sequence[str], log: Path, folder: Path | None = None) -> None:
        self._command: Final = tuple(command)
        self._log: Final = log
        self._folder: Final = folder
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, settings: Settings) -> None:
        """Start the command."""
        encoded = msgspec.json.encode(settings).decode()
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                encoded,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                env=os.environ | {"NO_PROXY": "*"},  # the org is on this machine
                start_new_session=True,  # Ctrl-C stops the soak test, which then kills its consumers
            )

    async def kill(self) -> None:
        """Send SIGKILL and wait for the end."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()

    def replica(self) -> CommandConsumer:
        """Return another one with the same command and log."""
        return CommandConsumer(self._command, self._log, self._folder)

    @property
    def died(self) -> str:
        """Its exit code, if it ended by itself."""
        if self._process is None or self._process.returncode is None:
            return ""
        return f"exit code {self._process.returncode}"
