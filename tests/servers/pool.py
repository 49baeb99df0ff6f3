"""Servers that run on from test to test: each is lent to one test at a time, with the options that it asks for.

A start takes up to half a second, and the first requests of a fresh Java process are slow. So a server that is given
back waits for the next test with the same options. It knows no session then. One that no longer runs is not kept.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from tests.servers.control import ControlError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType
    from typing import Self

    from tests.servers.server import Option, Server

__all__ = ("ServerPool",)

_IDLE: Final = 4
"""How many servers wait at the most; the one that has waited longest is stopped for another."""


class ServerPool:
    """Lends running servers; those that wait are stopped at the end of its block.

    Args:
        idle: how many may wait.
    """

    def __init__(self, idle: int = _IDLE) -> None:
        self._limit: Final = idle
        self._idle: Final[list[tuple[str, Server]]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with ThreadPoolExecutor() as threads:
            for _, server in self._idle:
                threads.submit(server.stop)
        self._idle.clear()

    @contextmanager
    def lend(self, make: Callable[..., Server], **options: Option) -> Iterator[Server]:
        """A running server without sessions, for this block alone.

        Args:
            make: makes it if none waits, such as `tests.servers.cometd.cometd`.
            options: its options.

        Raises:
            MissingTool: a program that it needs is missing.
            BuildError: it could not be built.
            ChildError: it does not start.
        """
        key = f"{make.__name__} {sorted(options.items())}"
        server = self._waiting(key) or make(**options).start()
        try:
            yield server
        finally:
            self._take_back(key, server)

    def _waiting(self, key: str) -> Server | None:
        for index, (name, server) in enumerate(self._idle):
            if name == key:
                del self._idle[index]
                return server
        return None

    def _take_back(self, key: str, server: Server) -> None:
        if not _is_fit(server):
            server.stop()
            return
        self._idle.append((key, server))
        if len(self._idle) > self._limit:
            self._idle.pop(0)[1].stop()


def _is_fit(server: Server) -> bool:
    """Whether a server runs and has forgotten the sessions that a test left."""
    if not server.is_running:
        return False
    try:
        server.control.drop()
    except (ControlError, OSError):
        return False
    return True
