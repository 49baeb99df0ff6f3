"""The life of the listening program, seen from outside: started, killed, started again, ended.

Owns the process. What the program does is in `listener.py`.
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
_PATIENCE: Final = 2.0
"""Seconds that it may take to say goodbye."""
_LAST_WORDS: Final = 500


class ListenerDied(Exception):
    """The program ended without being told to."""


class ListenerProcess:
    """The listening program; it lives within the block.

    Args:
        arguments: What the program is given.
        log: The file that gets its standard error.
        told: Is called with what it tells, and with the states ``starting`` and ``killed``.
    """

    def __init__(self, *arguments: str | Path, log: Path, told: Callable[[Status], object]) -> None:
        self._command: Final = (sys.executable, "-P", "-m", _MODULE, *arguments)
        self._log: Final = log
        self._told: Final = told
        self._process: asyncio.subprocess.Process
        self._reading: asyncio.Task[None]

    async def start(self) -> None:
        """Start it."""
        self._told(Status(state="starting"))
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                env=os.environ | {"NO_PROXY": "*"},  # the server is on this machine
                start_new_session=True,  # Ctrl-C is not meant for it
            )
        assert self._process.stdout is not None
        self._reading = asyncio.create_task(self._read(self._process.stdout))

    async def kill(self) -> None:
        """End it without giving it a chance to say goodbye, and see it gone."""
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._gone()
        self._told(Status(state="killed"))

    def check(self) -> None:
        """See that it lives and is listened to.

        Raises:
            ListenerDied: It does not live.
            Exception: What `told` has raised.
        """
        if self._reading.done():
            self._reading.result()
        code = self._process.returncode
        if code is not None:
            last_words = self._log.read_text(errors="replace")[-_LAST_WORDS:].strip()
            raise ListenerDied(f"the listener ended with exit code {code}\n{last_words}")

    async def _read(self, output: asyncio.StreamReader) -> None:
        async for line in output:
            self._told(msgspec.json.decode(line, type=Status))

    async def _gone(self) -> None:
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
                await asyncio.wait_for(self._gone(), _PATIENCE)
        if self._process.returncode is None:
            await self.kill()
