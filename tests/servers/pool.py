"""Servers that run on from test to test: each is lent to one test at a time, with the options that it asks for.

A start takes up to half a second, and the first requests of a fresh Java process are slow. So a server that is given
back waits for the next test with the same options. It knows no session and no data then. One that no longer runs is not
kept.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType
    from typing import Self

    from tests.servers.server import Option

__all__ = ("Lendable", "ServerPool")

_IDLE: Final = 4
"""How many servers wait at the most; the one that has waited longest is stopped for another."""


class Lendable(Protocol):
    """What the pool needs of a server or an engine."""

    @property
    def is_running(self) -> bool:
        """Whether it was started, and neither stopped nor killed since."""

    def start(self) -> Self:
        """Start it."""

    def reset(self) -> bool:
        """Make it as new for the next test; False if it is not fit for one."""

    def close(self) -> None:
        """Stop it for good."""


S = TypeVar("S", bound=Lendable)


class ServerPool:
    """Lends running servers; those that wait are stopped at the end of its block.

    Args:
        idle: how many may wait.
    """

    def __init__(self, idle: int = _IDLE) -> None:
        self._limit: Final = idle
        self._idle: Final[list[tuple[str, Lendable]]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with ThreadPoolExecutor() as threads:
            for _, server in self._idle:
                threads.submit(server.close)
        self._idle.clear()

    @contextmanager
    def lend(self, make: Callable[..., S], **options: Option) -> Iterator[S]:
        """A running server without sessions and data, for this block alone.

        Args:
            make: makes it if none waits, such as `tests.servers.cometd.cometd`.
            options: its options.

        Raises:
            MissingTool: a program that it needs is missing.
            BuildError: it could not be built.
            ChildError: it does not start.
        """
        key = f"{make.__name__} {sorted(options.items())}"
        server = self._waiting(key, make) or make(**options).start()
        try:
            yield server
        finally:
            self._take_back(key, server)

    def _waiting(self, key: str, make: Callable[..., S]) -> S | None:
        for index, (name, server) in enumerate(self._idle):
            if name == key:
                del self._idle[index]
                return cast("S", server)  # the key has the name of what makes it
        return None

    def _take_back(self, key: str, server: Lendable) -> None:
        if not server.is_running or not server.reset():
            server.close()
            return
        self._idle.append((key, server))
        if len(self._idle) > self._limit:
            self._idle.pop(0)[1].close()
