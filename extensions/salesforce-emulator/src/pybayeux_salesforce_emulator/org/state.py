"""What every handler of a message shares: the org's sessions, events, tokens and limits, and who is speaking.

Owns the verdict whether a request belongs to a session, in the order in which a real org finds out: first the server
that the load balancer leads to, then the cookies, then the token.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pybayeux_devserver.toolkit import Refused

from ..events.bus import Bus
from ..streaming.authentication import Authenticator
from ..streaming.batches import BatchBuilder
from ..streaming.cookies import BROWSER, LoadBalancer
from ..streaming.replies import ERROR_ADVICE, HANDSHAKE_ADVICE
from ..streaming.session_endings import DEFAULT_ENDING, SESSION_ENDINGS
from ..streaming.sessions import OrgSessions
from ..texts import NO_HANDSHAKE, no_cookie
from .apps import Apps
from .clock import OrgClock
from .ids import Ids
from .logins import Logins
from .quotas import Quotas
from .tokens import Tokens
from .users import Users

if TYPE_CHECKING:
    from collections.abc import Callable

    from pybayeux_devserver.toolkit import Json

    from ..options import OrgOptions
    from ..streaming.request_context import RequestContext
    from ..streaming.sessions import OrgSession

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
        self.authenticator: Final = Authenticator(self.tokens, options, self.clock)
        self.balancer: Final = LoadBalancer(self.ids, options.cookie_lifetime, self.clock)
        self.sessions: Final = OrgSessions(self.ids, options.max_interval, self.clock)
        self.bus: Final = Bus(options, self.clock)
        self.batches: Final = BatchBuilder(self.bus, options)
        self.quotas: Final = Quotas(options, self.sessions, self.clock)
        self.busy = 0
        """How many requests are still turned down because the server is busy."""

    def session_of(self, message: Json, context: RequestContext) -> OrgSession:
        """The session that a message belongs to.

        Raises:
            Refused: It has ended, is on another server, or its client has no cookies or no living token.
        """
        client_id = message.get("clientId")
        if client_id is None:
            raise Refused(NO_HANDSHAKE, advice=HANDSHAKE_ADVICE)
        session = self.sessions.find(client_id)
        if session is None:
            raise self.ended_session_error(client_id)
        route = context.route
        if route.without_cookies and self.options.cookie_error == "400":
            raise Refused(no_cookie(session.client_id, BROWSER), clientId=session.client_id, advice=ERROR_ADVICE)
        if route.server != session.server or route.browser != session.browser:
            raise self.ended_session_error(client_id)
        self.authenticator.check(context.token, session)
        self.sessions.touch(session)
        context.session = session
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

    def ended_session_error(self, client_id: object) -> Refused:
        """What the client of a session hears that has ended, or never was."""
        variant = "402" if self.options.cookie_error == "402" else DEFAULT_ENDING
        ending = self.sessions.ending_of(client_id) or SESSION_ENDINGS[variant]
        return Refused(ending["error"], **{name: value for name, value in ending.items() if name != "error"})
