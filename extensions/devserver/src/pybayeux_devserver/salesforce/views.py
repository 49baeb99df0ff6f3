"""What can be seen of an org.

Owns nothing: it looks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .apps import App
from .credentials import Credentials, key_pair
from .kinds import FAULT_KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..recorder import Recorded, Recorder
    from .bus import Published
    from .channels import ChannelDefinition
    from .hosts import Hosts
    from .logins import Login
    from .options import OrgOptions
    from .sessions import OrgSession
    from .state import OrgState

__all__ = ("PASSWORD", "USERNAME", "OrgViews")

USERNAME: Final = "integration@example.com"
PASSWORD: Final = "correct-horse-1"


class OrgViews:
    """An org, seen from outside. It begins with a user and an app that has every grant.

    Args:
        state: The org.
        hosts: Its names.
        recorder: What remembers.

    Attributes:
        recorder: What has been received and answered, with the org's times.
        fault_kinds: What `fail_next` knows.
    """

    fault_kinds: Final = (*FAULT_KINDS, "huge-ids")

    def __init__(self, state: OrgState, hosts: Hosts, recorder: Recorder) -> None:
        self._state: Final = state
        self._hosts: Final = hosts
        self.recorder: Final = recorder
        state.users.add(USERNAME, PASSWORD)
        self._default: Final = App(
            client_id=f"3MVG9{state.ids.secret(80)}",
            client_secret=state.ids.secret(64),
            username=USERNAME,
            public_key=lambda: key_pair().public,
        )
        state.apps.add(self._default)
        self._refresh_token: Final = state.apps.issue_refresh_token(self._default, USERNAME)

    @property
    def url(self) -> str:
        """Where the org is: My Domain, the ``instance_url`` of logins, a login host too."""
        return self._hosts.instance_url

    @property
    def endpoint(self) -> str:
        """The streaming endpoint of the newest version."""
        return f"{self.url}/cometd/{self._state.options.version}"

    @property
    def login_url(self) -> str:
        """The login host, where every grant works but client credentials."""
        return self._hosts.login_url

    @property
    def org_id(self) -> str:
        """The org's id, 18 characters."""
        return self._state.org_id

    @property
    def credentials(self) -> Credentials:
        """What logs in with the default app."""
        return Credentials(
            client_id=self._default.client_id,
            client_secret=self._default.client_secret or "",
            username=USERNAME,
            password=PASSWORD,
            security_token="",
            refresh_token=self._refresh_token,
            login_url=self.login_url,
            instance_url=self.url,
        )

    @property
    def options(self) -> OrgOptions:
        """What was chosen."""
        return self._state.options

    @property
    def requests(self) -> Sequence[Recorded]:
        """Every request, the oldest first."""
        return tuple(self.recorder.requests)

    @property
    def logins(self) -> int:
        """How many tokens were given out to logins, SOAP among them."""
        return self._state.logins.succeeded

    @property
    def login_history(self) -> Sequence[Login]:
        """Every attempt to log in, the oldest first."""
        return tuple(self._state.logins.history)

    @property
    def sessions(self) -> Sequence[OrgSession]:
        """The sessions that are alive."""
        return tuple(self._state.sessions)

    @property
    def published(self) -> Mapping[str, Sequence[Published]]:
        """What was published, by channel."""
        return self._state.bus.published

    @property
    def channels(self) -> Mapping[str, ChannelDefinition]:
        """The channels that are defined, by name."""
        return self._state.bus.definitions

    @property
    def now(self) -> float:
        """The org's time, in seconds since the epoch."""
        return self._state.clock.now()

    @property
    def locked_out(self) -> Sequence[str]:
        """The users who were ever locked out."""
        return tuple(user.username for user in self._state.users.known.values() if user.lockouts)
