"""The process of the listener: started, killed, started again, ended.

What the program does is in `listener.py`.
"""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import msgspec

from .status import Status

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType
    from typing import Self

__all__ = ("ListenerDied", "ListenerProcess")

_MODULE: Final = "pybayeux_devserver.demo.listener"
_EXIT_TIMEOUT: Final = 2.0
"""Seconds that it may take to end by itself."""
_LOG_TAIL: Final = 500


class ListenerDied(Exception):
    """The listener ended by itself."""


class ListenerProcess:
    """The process of the listener. It lives within the block.

    Args:
        arguments: The arguments of the program.
        log: The file for its standard error.
        on_status: Receives what it reports, and the states ``starting`` and ``killed``.
    """

    def __init__(self, *arguments: str | Path, log: Path, on_status: Callable[[Status], object]) -> None:
        self._command: Final = (sys.executable, "-P", "-m", _MODULE, *arguments)
        self._log: Final = log
        self._on_status: Final = on_status
        self._process: asyncio.subprocess.Process
        self._reading: asyncio.Task[None]

    async def start(self) -> None:
        """Start the process."""
        self._on_status(Status(state="starting"))
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                env=os.environ | {"NO_PROXY": "*"},  # the server is on this machine
                start_new_session=True,  # Ctrl-C stops the demo, which then ends the listener
            )
        assert self._process.stdout is not None
        self._reading = asyncio.create_task(self._read(self._process.stdout))

    async def kill(self) -> None:
        """Kill the process with SIGKILL and wait until it has ended."""
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._ended()
        self._on_status(Status(state="killed"))

    def check(self) -> None:
        """Check that the process is alive and its output is read.

        Raises:
            ListenerDied: The process has ended.
            Exception: An exception of `on_status`.
        """
        if self._reading.done():
            self._reading.result()
        code = self._process.returncode
        if code is not None:
            log_tail = self._log.read_text(errors="replace")[-_LOG_TAIL:].strip()
            raise ListenerDied(f"the listener ended with exit code {code}\n{log_tail}")

    async def _read(self, output: asyncio.StreamReader) -> None:
        async for line in output:
            self._on_status(msgspec.json.decode(line, type=Status))

    async def _ended(self) -> None:
        await self._process.wait()
        await self._reading

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ended(), _EXIT_TIMEOUT)
        if self._process.returncode is None:
            await self.kill()
