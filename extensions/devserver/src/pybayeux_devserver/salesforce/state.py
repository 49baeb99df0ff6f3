"""What every handler of a message shares: the org's sessions, events, tokens and limits, and who is speaking.

Owns the verdict whether a request belongs to a session, in the order in which a real org finds out: first the server
that the load balancer leads to, then the cookies, then the token.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..errors import Refused
from .apps import Apps
from .bus import Bus
from .clock import OrgClock
from .cookies import BROWSER, Balancer
from .delivery import Delivery
from .farewells import DEFAULT, FAREWELLS
from .gate import Gate
from .ids import Ids
from .logins import Logins
from .quotas import Quotas
from .sessions import OrgSessions
from .shapes import HANDSHAKE_AGAIN, STOP
from .texts import NO_HANDSHAKE, no_cookie
from .tokens import Tokens
from .users import Users

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..options import Json
    from .options import OrgOptions
    from .sessions import OrgSession
    from .visit import Visit

__all__ = ("OrgState",)


class OrgState:
    """The state of an org.

    Args:
        options: How it behaves.
        wall: Everybody's time, in seconds since the epoch.
    """

    def __init__(self, options: OrgOptions, wall: Callable[[], float]) -> None:
        self.options: Final = options
        self.clock: Final = OrgClock(wall, options.time_scale)
        self.ids: Final = Ids(options.seed)
        self.org_id: Final = self.ids.record("00D")
        self.users: Final = Users(self.ids, options, self.clock)
        self.tokens: Final = Tokens(self.ids, self.org_id, options.token_lifetime, self.clock)
        self.apps: Final = Apps(self.ids, self.clock)
        self.logins: Final = Logins(self.clock)
        self.gate: Final = Gate(self.tokens, options, self.clock)
        self.balancer: Final = Balancer(self.ids, options.cookie_lifetime, self.clock)
        self.sessions: Final = OrgSessions(self.ids, options.max_interval, self.clock)
        self.bus: Final = Bus(options, self.clock)
        self.delivery: Final = Delivery(self.bus, options)
        self.quotas: Final = Quotas(options, self.sessions, self.clock)
        self.busy = 0
        """How many requests are still turned down because the server is busy."""

    def session_of(self, message: Json, visit: Visit) -> OrgSession:
        """The session that a message belongs to.

        Raises:
            Refused: It has ended, is on another server, or its client has no cookies or no living token.
        """
        client_id = message.get("clientId")
        if client_id is None:
            raise Refused(NO_HANDSHAKE, advice=HANDSHAKE_AGAIN)
        session = self.sessions.find(client_id)
        if session is None:
            raise self.farewell_of(client_id)
        route = visit.route
        if route.bare and self.options.cookie_error == "400":
            raise Refused(no_cookie(session.client_id, BROWSER), clientId=session.client_id, advice=STOP)
        if route.server != session.server or route.browser != session.browser:
            raise self.farewell_of(client_id)
        self.gate.check(visit.token, session)
        self.sessions.touch(session)
        visit.session = session
        return session

    def end_token(self, value: str | None = None, *, expired: bool = False) -> int:
        """End a token, or all; where tokens are looked at all the time, connects that are held learn it at once.

        Returns:
            How many were alive.
        """
        ended = self.tokens.expire(value) if expired else self.tokens.revoke(value)
        if not self.options.validate_interval:
            self.wake()
        return ended

    def wake(self) -> None:
        """Have every held connect answered now."""
        for session in self.sessions:
            session.wake()

    def wake_overdue(self) -> None:
        """Have those connects answered whose time is over, or whose token's time, after the clock was moved."""
        now, looking = self.clock.now(), not self.options.validate_interval
        for session in self.sessions:
            if session.held_until <= now or (looking and self.tokens.find(session.token) is None):
                session.wake()

    def is_busy(self) -> bool:
        """Whether this request is turned down because the server is busy; it counts then."""
        if self.busy <= 0:
            return False
        self.busy -= 1
        return True

    def farewell_of(self, client_id: object) -> Refused:
        """What the client of a session hears that has ended, or never was."""
        variant = "402" if self.options.cookie_error == "402" else DEFAULT
        farewell = self.sessions.farewell(client_id) or FAREWELLS[variant]
        return Refused(farewell["error"], **{name: value for name, value in farewell.items() if name != "error"})
