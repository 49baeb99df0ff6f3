"""A client program in a process of its own: its commands in, its events out with the time of their arrival."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ("ClientDied", "ClientProcess", "Event")

_LOG_LINES: Final = 40
_STOP_TIMEOUT: Final = 15.0


class ClientDied(Exception):
    """The process ended; the text has the end of what it wrote to standard error."""


@dataclass(frozen=True)
class Event:
    """What a client reports.

    Attributes:
        name: ``up``, ``subscribed``, ``published``, ``message``, ``ended``, ``stopped``.
        details: What belongs to it.
        time: When it arrived, on the clock `time.monotonic`.
    """

    name: str
    details: Mapping[str, Any]
    time: float = field(default_factory=time.monotonic)


class ClientProcess:
    """A running client program.

    Attributes:
        events: What it has reported since the last `forget`.
        log: The last lines of its standard error.
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process: Final = process
        self.events: list[Event] = []
        self.log: Final[deque[str]] = deque(maxlen=_LOG_LINES)
        self._news = asyncio.Event()
        self._readers: Final = [asyncio.create_task(self._read_events()), asyncio.create_task(self._read_log())]

    @classmethod
    async def begin(cls, command: Sequence[str], environment: Mapping[str, str]) -> ClientProcess:
        """Starts a program. Proxies of the environment are left out: everything is on this machine."""
        inherited = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *command, stdin=pipe, stdout=pipe, stderr=pipe, env={**inherited, **environment}, limit=1 << 20
        )
        return cls(process)

    async def _read_events(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            with suppress(ValueError):
                details = json.loads(line)
                self.events.append(Event(details.pop("event"), details))
                self._news.set()
        self._news.set()

    async def _read_log(self) -> None:
        assert self._process.stderr is not None
        async for line in self._process.stderr:
            self.log.append(line.decode(errors="replace").rstrip())

    def send(self, op: str, **arguments: Any) -> None:
        """Gives a command; a process that has ended takes none."""
        assert self._process.stdin is not None
        if self._readers[0].done():
            return
        with suppress(OSError):
            self._process.stdin.write(json.dumps({"op": op, **arguments}).encode() + b"\n")

    async def wait(self, condition: Callable[[Event], bool], timeout: float) -> Event | None:
        """The first event that fulfils a condition; None if there is none within `timeout` seconds.

        Raises:
            ClientDied: The process ended before.
        """
        seen = 0
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                while True:
                    for event in self.events[seen:]:
                        seen += 1
                        if condition(event):
                            return event
                    if self._readers[0].done():
                        raise ClientDied(" | ".join(self.log))
                    self._news.clear()
                    await self._news.wait()
        return None

    async def stop_client(self) -> bool:
        """Has the program close its client; whether it did."""
        self.send("stop")
        with suppress(ClientDied):
            return await self.wait(lambda event: event.name == "stopped", _STOP_TIMEOUT) is not None
        return False

    def forget(self) -> None:
        """Forgets all events."""
        self.events = []

    async def close(self) -> None:
        """Ends the process."""
        assert self._process.stdin is not None
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        await asyncio.gather(*self._readers)
        self._process.stdin.close()
