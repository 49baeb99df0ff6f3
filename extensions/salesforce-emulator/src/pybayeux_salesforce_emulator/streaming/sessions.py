"""Sessions: which clients an org knows, on which server, and what they have subscribed to.

Owns their lives. A session ends some seconds after the last reply, when its cookie jar begins another session on the
same server, or when it is killed. What its client is told afterwards is kept here too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pybayeux_devserver.toolkit import Hold, Json

    from ..events.channels import Expressions
    from ..org.clock import OrgClock
    from ..org.ids import Ids
    from ..org.tokens import Token
    from ..org.versions import Version

__all__ = ("OrgSession", "OrgSessions", "Subscription")


@dataclass(slots=True, eq=False)
class Subscription:
    """A subscription, and how far its events were delivered."""

    name: str
    """The subscription as the client wrote it, filter included."""
    channel: str
    filter: Expressions
    offset: int
    """The offset of the last delivered event."""


@dataclass(slots=True, eq=False, kw_only=True)
class OrgSession:
    """One client on one server, from its handshake."""

    client_id: str
    server: int
    browser: str
    username: str
    token: str
    """The last token that was checked and valid."""
    version: Version
    expires_at: float
    checked_at: float
    """When the token was checked."""
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    hold: Hold | None = None
    held_until: float = 0.0
    """When the held connect has to be answered."""
    connected: bool = False
    """Whether the client has ever sent a connect."""
    left: bool = False
    """Whether the client has disconnected."""

    def wake(self) -> None:
        """Have the held connect answered, if there is one."""
        if self.hold is not None:
            self.hold.wake()


class OrgSessions:
    """The sessions of an org, by client id.

    Args:
        ids: Generates client ids.
        lifetime: How long a session lives after the last reply, in the org's time.
        clock: The org's clock.
    """

    def __init__(self, ids: Ids, lifetime: float, clock: OrgClock) -> None:
        self._ids: Final = ids
        self._lifetime: Final = lifetime
        self._clock: Final = clock
        self._known: Final[dict[str, OrgSession]] = {}
        self._endings: Final[dict[str, Json]] = {}

    def create(self, *, server: int, browser: str, token: Token, version: Version) -> OrgSession:
        """Create a session. An older one of the same cookie jar and server ends ("Handling Streaming API Errors")."""
        for other in self:
            if (other.server, other.browser) == (server, browser):
                self.remove(other)
        now = self._clock.now()
        session = OrgSession(
            client_id=self._ids.client(),
            server=server,
            browser=browser,
            username=token.username,
            token=token.value,
            version=version,
            expires_at=now + self._lifetime,
            checked_at=now,
        )
        self._known[session.client_id] = session
        return session

    def find(self, client_id: object) -> OrgSession | None:
        """The session with this id if it is alive, on any server."""
        self._expire()
        return self._known.get(client_id) if isinstance(client_id, str) else None

    def touch(self, session: OrgSession) -> None:
        """Restart the lifetime of a session because it was answered."""
        session.expires_at = self._clock.now() + self._lifetime

    def remove(self, session: OrgSession, ending: Json | None = None) -> None:
        """End a session. A connect that is held for it is answered.

        Args:
            session: The session.
            ending: What its client is told from now on instead of the default, see `session_endings.py`.
        """
        self._known.pop(session.client_id, None)
        if ending is not None:
            self._endings[session.client_id] = ending
        session.wake()

    def ending_of(self, client_id: object) -> Json | None:
        """How the client of a session that was killed is told. None for the default."""
        return self._endings.get(client_id) if isinstance(client_id, str) else None

    def __iter__(self) -> Iterator[OrgSession]:
        self._expire()
        return iter(tuple(self._known.values()))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, session: OrgSession) -> bool:
        return self._known.get(session.client_id) is session

    def _expire(self) -> None:
        now = self._clock.now()
        for session in [s for s in self._known.values() if s.hold is None and s.expires_at <= now]:
            self.remove(session)
