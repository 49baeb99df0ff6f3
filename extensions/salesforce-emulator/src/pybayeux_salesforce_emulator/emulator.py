"""`SalesforceEmulator`: a Salesforce org on a socket of this process.

Owns the org's server, and starting and stopping. The org itself is in `emulated_org.py`.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar

from starlette.applications import Starlette

from pybayeux_devserver.toolkit import Listener, ServerThread, Sockets

from .api.date_header import DateHeader
from .blocking import BlockingEmulator
from .control import control_routes
from .emulated_org import EmulatedOrg
from .faults.faults import OrgFaults
from .options import OrgOptions
from .org.hosts import Hosts
from .routes import org_routes
from .streaming.engine import OrgEngine

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from types import TracebackType
    from typing import Self

__all__ = ("SalesforceEmulator",)

P = ParamSpec("P")
T = TypeVar("T")


class SalesforceEmulator(EmulatedOrg):
    """A Salesforce org for tests and demos. It starts with one user and one connected app that may use every grant.

    ::

        async with SalesforceEmulator(seed=1) as org:
            org.define("/event/Order__e")
            replay_id = await org.publish("/event/Order__e", {"Number__c": 1})

        with SalesforceEmulator() as org:
            org.define("/event/Order__e")
            org.publish("/event/Order__e", {"Number__c": 1})

    It has the methods of `EmulatedOrg` and of `Publisher`, where publishing is awaited.

    Args:
        host: The address to listen on.
        port: The port; 0 takes a free one.
        control: Offer the control interface under ``/control``.
        clock: Returns the real time, in seconds since the epoch.
        options: The members of `OrgOptions`, by name.

    Raises:
        TypeError: An option is unknown.
        ValueError: The value of an option is invalid.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        control: bool = True,
        clock: Callable[[], float] = time.time,
        **options: Any,
    ) -> None:
        sockets, chosen = Sockets(), OrgOptions(**options)
        self._faults: Final = OrgFaults(sockets)
        super().__init__(chosen, clock, Hosts(chosen.hostname or host, lambda: self._listener.port), self._faults)
        self.publish: Final = _awaited(self._publisher.publish)
        self.publish_change: Final = _awaited(self._publisher.publish_change)
        self.publish_transaction: Final = _awaited(self._publisher.publish_transaction)
        self._thread: Final = ServerThread()
        self._engine: Final = OrgEngine(self._state)
        self._state.bus.listeners.append(self._engine.wake_due)
        routes = org_routes(self._state, self._engine, self._publisher, self._faults, self.recorder, self._hosts)
        names = {host, chosen.hostname or host}
        app = Starlette(routes=[control_routes(self, names), *routes] if control else routes)
        self._listener: Final = Listener(DateHeader(app, clock), sockets, host=host, port=port)

    @property
    def control_url(self) -> str:
        """The URL of the control interface."""
        return f"{self._listener.origin}/control"

    async def __aenter__(self) -> Self:
        await self._listener.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._listener.stop()

    def __enter__(self) -> BlockingEmulator:
        return BlockingEmulator(self, self._thread.start(self))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.stop()


def _awaited(function: Callable[P, T]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Return `function` as a coroutine function: publishing is awaited, though today it never waits."""

    async def call(*args: P.args, **kwargs: P.kwargs) -> T:
        return function(*args, **kwargs)

    return call
