"""`EmulatedOrg`: the parts of an org, and one flat interface to them for tests and for the control interface.

Owns the wiring of the parts. It knows no socket and no thread: `SalesforceEmulator` runs it. What is set up is in
`setup.py`, what is published in `publishing.py`, what happens to an org in `incidents.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pybayeux_devserver.toolkit import RecordedRequest, Recorder

from .faults.kinds import FAULT_KINDS
from .incidents import Incidents
from .publishing import Publisher
from .setup import Setup
from .state import OrgState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from .events.bus import PublishedEvent
    from .events.channels import ChannelDefinition
    from .faults.faults import OrgFaults
    from .options import OrgOptions
    from .org.credentials import Credentials
    from .org.hosts import Hosts
    from .org.logins import Login
    from .streaming.sessions import OrgSession

__all__ = ("EmulatedOrg",)


class EmulatedOrg:
    """An org without a server. It has the methods of `Setup`, of `Incidents`, and of `Publisher` but for publishing.

    Args:
        options: The options of the org.
        clock: Returns the real time, in seconds since the epoch.
        hosts: The org's host names.
        faults: The planned faults.

    Attributes:
        recorder: The requests and their replies, with the times of the org's clock.
        fault_kinds: The kinds that `fail_next` accepts.
    """

    fault_kinds: Final = (*FAULT_KINDS, "huge-ids")

    def __init__(self, options: OrgOptions, clock: Callable[[], float], hosts: Hosts, faults: OrgFaults) -> None:
        self._state: Final = OrgState(options, clock)
        self._hosts: Final = hosts
        self._publisher: Final = Publisher(self._state)
        self._setup: Final = Setup(self._state)
        self.recorder: Final = Recorder(self._state.clock.now)
        incidents = Incidents(self._state, faults, hosts)
        # Each method is documented where it is defined.
        self.define: Final = self._setup.define
        self.define_object: Final = self._setup.define_object
        self.add_user: Final = self._setup.add_user
        self.add_app: Final = self._setup.add_app
        self.issue_token: Final = self._setup.issue_token
        self.transaction: Final = self._publisher.transaction
        self.change_records: Final = self._publisher.change_records
        self.revoke: Final = incidents.revoke
        self.expire: Final = incidents.expire
        self.rebalance: Final = incidents.rebalance
        self.kill_sessions: Final = incidents.kill_sessions
        self.busy: Final = incidents.busy
        self.fail_next: Final = incidents.fail_next
        self.clear_faults: Final = incidents.clear_faults
        self.cut_connections: Final = incidents.cut_connections
        self.quota: Final = incidents.quota
        self.advance: Final = incidents.advance
        self.purge: Final = incidents.purge
        self.backlog: Final = incidents.backlog
        self.forget: Final = incidents.forget
        self.jump: Final = incidents.jump
        self.migrate: Final = incidents.migrate

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

    def records(self, entity: str) -> Sequence[Mapping[str, Any]]:
        """The records of an object, also the deleted ones."""
        return self._state.records.of(entity)

    @property
    def now(self) -> float:
        """The time of the org's clock, in seconds since the epoch."""
        return self._state.clock.now()
