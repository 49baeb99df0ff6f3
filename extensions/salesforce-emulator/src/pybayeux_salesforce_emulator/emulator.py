"""`SalesforceEmulator`: a Salesforce org on a socket of this process.

Owns the wiring of an org's parts, and starting and stopping. What is set up is in `setup.py`, what is published in
`publishing.py`, what happens to an org in `incidents.py`.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from starlette.applications import Starlette

from pybayeux_devserver.toolkit import Listener, RecordedRequest, Recorder, ServerThread, Sockets

from .api.date_header import DateHeader
from .blocking import BlockingEmulator
from .control import control_routes
from .faults.faults import OrgFaults
from .faults.kinds import FAULT_KINDS
from .incidents import Incidents
from .options import OrgOptions
from .org.hosts import Hosts
from .publishing import Publisher
from .routes import org_routes
from .setup import Setup
from .state import OrgState
from .streaming.engine import OrgEngine

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType
    from typing import Self

    from .events.bus import PublishedEvent
    from .events.changes import Transaction
    from .events.channels import ChannelDefinition
    from .org.credentials import Credentials
    from .org.logins import Login
    from .streaming.sessions import OrgSession

__all__ = ("SalesforceEmulator",)


class SalesforceEmulator:
    """A Salesforce org for tests and demos. It starts with one user and one connected app that may use every grant.

    ::

        async with SalesforceEmulator(seed=1) as org:
            org.define("/event/Order__e")
            replay_id = await org.publish("/event/Order__e", {"Number__c": 1})

        with SalesforceEmulator() as org:
            org.define("/event/Order__e")
            org.publish("/event/Order__e", {"Number__c": 1})

    It has the methods of `Setup`, of `Incidents` and of `Publisher`, where publishing is awaited.

    Args:
        host: The address to listen on.
        port: The port; 0 takes a free one.
        control: Offer the control interface under ``/control``.
        clock: Returns the real time, in seconds since the epoch.
        options: The members of `OrgOptions`, by name.

    Attributes:
        recorder: The requests and their replies, with the times of the org's clock.
        fault_kinds: The kinds that `fail_next` accepts.

    Raises:
        TypeError: An option is unknown.
        ValueError: The value of an option is invalid.
    """

    fault_kinds: Final = (*FAULT_KINDS, "huge-ids")

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
        self._state: Final = OrgState(chosen, clock)
        self._hosts: Final = Hosts(chosen.hostname or host, lambda: self._listener.port)
        self._publisher: Final = Publisher(self._state)
        self._setup: Final = Setup(self._state)
        self.recorder: Final = Recorder(self._state.clock.now)
        self._thread: Final = ServerThread()
        self._engine: Final = OrgEngine(self._state)
        self._faults: Final = OrgFaults(sockets)
        self._state.bus.listeners.append(self._engine.wake_due)
        self._bind(Incidents(self._state, self._faults, self._hosts))
        routes = org_routes(self._state, self._engine, self._publisher, self._faults, self.recorder, self._hosts)
        names = {host, chosen.hostname or host}
        app = Starlette(routes=[control_routes(self, names), *routes] if control else routes)
        self._listener: Final = Listener(DateHeader(app, clock), sockets, host=host, port=port)

    def _bind(self, incidents: Incidents) -> None:
        # One flat interface for tests and for the control interface. Each method is documented where it is defined.
        self.define = self._setup.define
        self.add_user = self._setup.add_user
        self.add_app = self._setup.add_app
        self.issue_token = self._setup.issue_token
        self.transaction = self._publisher.transaction
        self.revoke = incidents.revoke
        self.expire = incidents.expire
        self.rebalance = incidents.rebalance
        self.kill_sessions = incidents.kill_sessions
        self.busy = incidents.busy
        self.fail_next = incidents.fail_next
        self.clear_faults = incidents.clear_faults
        self.cut_connections = incidents.cut_connections
        self.quota = incidents.quota
        self.advance = incidents.advance
        self.purge = incidents.purge
        self.backlog = incidents.backlog
        self.forget = incidents.forget
        self.jump = incidents.jump
        self.migrate = incidents.migrate

    async def publish(self, channel: str, payload: Any, *, action: str = "created", uuid: str | None = None) -> int:
        """Publish an event; see `Publisher.publish`."""
        return self._publisher.publish(channel, payload, action=action, uuid=uuid)

    async def publish_change(
        self,
        entity: str,
        kind: str,
        record_ids: Sequence[str],
        fields: Mapping[str, Any] | None = None,
        transaction: Transaction | None = None,
        **more: Any,
    ) -> dict[str, int]:
        """Publish a change of records; see `Publisher.publish_change`."""
        return self._publisher.publish_change(entity, kind, record_ids, fields, transaction, **more)

    async def publish_transaction(self, changes: Sequence[Mapping[str, Any]]) -> list[dict[str, int]]:
        """Publish changes that are committed together; see `Publisher.publish_transaction`."""
        return self._publisher.publish_transaction(changes)

    @property
    def url(self) -> str:
        """The org's My Domain URL. It is the ``instance_url`` of logins, and logins work there too."""
        return self._hosts.instance_url

    @property
    def endpoint(self) -> str:
        """The streaming endpoint of the newest API version."""
        return f"{self.url}/cometd/{self._state.options.version}"

    @property
    def login_url(self) -> str:
        """The login host. Every grant works there except client credentials."""
        return self._hosts.login_url

    @property
    def control_url(self) -> str:
        """The URL of the control interface."""
        return f"{self._listener.origin}/control"

    @property
    def org_id(self) -> str:
        """The org's id, 18 characters."""
        return self._state.org_id

    @property
    def instance_name(self) -> str:
        """The name of the instance, ``Organization.InstanceName``. It changes when the org moves."""
        return self._state.instance_name

    @property
    def credentials(self) -> Credentials:
        """The credentials of the default app and its user."""
        return self._setup.credentials(login_url=self.login_url, instance_url=self.url)

    @property
    def options(self) -> OrgOptions:
        """The options of the org."""
        return self._state.options

    @property
    def requests(self) -> Sequence[RecordedRequest]:
        """Every recorded request, the oldest first."""
        return tuple(self.recorder.requests)

    @property
    def logins(self) -> int:
        """How many logins succeeded, by OAuth and by SOAP."""
        return self._state.logins.succeeded

    @property
    def login_history(self) -> Sequence[Login]:
        """Every attempt to log in, the oldest first."""
        return tuple(self._state.logins.history)

    @property
    def locked_out(self) -> Sequence[str]:
        """The usernames that were ever locked out."""
        return tuple(user.username for user in self._state.users.known.values() if user.lockouts)

    @property
    def sessions(self) -> Sequence[OrgSession]:
        """The sessions that are alive."""
        return tuple(self._state.sessions)

    @property
    def published(self) -> Mapping[str, Sequence[PublishedEvent]]:
        """Every event that was ever published, by channel."""
        return self._state.bus.published

    @property
    def channels(self) -> Mapping[str, ChannelDefinition]:
        """The channels that are defined, by name."""
        return self._state.bus.definitions

    @property
    def now(self) -> float:
        """The time of the org's clock, in seconds since the epoch."""
        return self._state.clock.now()

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
