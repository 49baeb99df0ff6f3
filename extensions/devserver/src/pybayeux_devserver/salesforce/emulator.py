"""`SalesforceEmulator`: an org inside this process, as far as streaming clients see one.

Owns starting and stopping. What can be seen of an org is in `views.py`, what it is made of in `making.py`, what can
happen to it in `verbs.py`.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from starlette.applications import Starlette

from ..listener import Listener, Sockets
from ..own_thread import OwnThread
from ..recorder import Recorder
from .blocking import BlockingEmulator
from .control import control_routes
from .engine import OrgEngine
from .faults import OrgFaults
from .hosts import Hosts
from .options import OrgOptions
from .publishing import Publisher
from .routes import org_routes
from .state import OrgState
from .verbs import OrgVerbs

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

__all__ = ("SalesforceEmulator",)


class SalesforceEmulator(OrgVerbs):
    """A Salesforce org for tests and demos.

    ::

        async with SalesforceEmulator(seed=1) as org:
            org.define("/event/Order__e")
            replay_id = await org.publish("/event/Order__e", {"Number__c": 1})

        with SalesforceEmulator() as org:
            org.define("/event/Order__e")
            org.publish("/event/Order__e", {"Number__c": 1})

    Args:
        host: The address to listen on.
        port: The port; 0 takes a free one.
        control: Offer the control interface under ``/control``.
        clock: Everybody's time, in seconds since the epoch.
        options: The members of `OrgOptions`, by name.

    Raises:
        TypeError: An option is unknown.
        ValueError: An option makes no sense.
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
        state = OrgState(chosen, clock)
        publisher, faults, recorder = Publisher(state), OrgFaults(sockets), Recorder(state.clock.now)
        hosts = Hosts(chosen.hostname or host, lambda: self._listener.port)
        super().__init__(state, publisher, faults, hosts, recorder)
        engine = OrgEngine(state)
        state.bus.listeners.append(engine.wake_due)
        routes = org_routes(state, engine, publisher, faults, recorder, hosts)
        app = Starlette(routes=[control_routes(self), *routes] if control else routes)
        self._listener: Final = Listener(app, sockets, host=host, port=port)
        self._thread: Final = OwnThread()

    @property
    def control_url(self) -> str:
        """Where the control interface is."""
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
