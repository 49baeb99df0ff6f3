"""The state of an org: sessions, events, tokens, limits and clock.

Owns the lookup of a request's session, with the checks in the order of a real org: first the server that the load
balancer chooses, then the cookies, then the token.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pybayeux_devserver.toolkit import Refused

from .events.bus import Bus
from .org.apps import Apps
from .org.clock import OrgClock
from .org.device_codes import DeviceCodes
from .org.ids import Ids
from .org.logins import Logins
from .org.quotas import Quotas
from .org.records import RecordStore
from .org.tokens import Tokens
from .org.users import Users
from .schema.channel_records import ChannelMembers, ChannelRecords
from .schema.fields import Field
from .schema.objects import Objects
from .schema.push_topics import PushTopics
from .streaming.authentication import Authenticator
from .streaming.batches import BatchBuilder
from .streaming.cookies import BROWSER, LoadBalancer
from .streaming.replies import ERROR_ADVICE, HANDSHAKE_ADVICE
from .streaming.session_endings import DEFAULT_ENDING, SESSION_ENDINGS
from .streaming.sessions import OrgSessions
from .texts import NO_HANDSHAKE, no_cookie

if TYPE_CHECKING:
    from collections.abc import Callable

    from pybayeux_devserver.toolkit import Json

    from .options import OrgOptions
    from .streaming.request_context import RequestContext
    from .streaming.sessions import OrgSession

__all__ = ("OrgState",)


class OrgState:
    """The state that all handlers share.

    Args:
        options: The options of the org.
        wall: Returns the real time, in seconds since the epoch.
    """

    def __init__(self, options: OrgOptions, wall: Callable[[], float]) -> None:
        self.options: Final = options
        self.clock: Final = OrgClock(wall, options.time_scale)
        self.ids: Final = Ids(options.seed)
        self.org_id: Final = self.ids.record("00D")
        self.users: Final = Users(self.ids, options, self.clock)
        self.tokens: Final = Tokens(self.ids, self.org_id, options.token_lifetime, self.clock)
        self.apps: Final = Apps(self.ids, self.clock)
        self.device_codes: Final = DeviceCodes(self.ids, self.clock)
        self.logins: Final = Logins(self.clock)
        self.authenticator: Final = Authenticator(self.tokens, options, self.clock)
        self.balancer: Final = LoadBalancer(self.ids, options.cookie_lifetime, self.clock)
        self.sessions: Final = OrgSessions(self.ids, options.max_interval, self.clock)
        self.bus: Final = Bus(options, self.clock)
        self.batches: Final = BatchBuilder(self.bus, options)
        self.quotas: Final = Quotas(options, self.sessions, self.clock)
        self.objects: Final = Objects(self.bus.last_fields)
        self.push_topics: Final = PushTopics(self.bus, self.ids, self.objects)
        self.channel_records: Final = ChannelRecords(self.bus, self.ids)
        self.channel_members: Final = ChannelMembers(self.bus, self.ids, self.channel_records, self.objects)
        self.records: Final = RecordStore()
        self.instance = 101
        """The number in the name of the instance. It changes when the org moves."""
        self.busy: int = 0
        """How many further requests are refused because the server is too busy."""

    def entity(self, name: str) -> str | None:
        """The object of this name, in any case, if it may have records."""
        found = self.objects.find(name)
        return found.name if found is not None and not found.is_event else self.records.find(name)

    def record_fields(self, entity: str) -> list[Field]:
        """The fields of an object's records: those that it is defined with, and those that a record ever had."""
        found = self.objects.find(entity)
        defined = () if found is None else found.fields
        names = {each.name for each in defined}
        others = self.records.fields(entity).items()
        return [*defined, *(Field(name=name, type=kind) for name, kind in others if name not in names)]

    @property
    def instance_name(self) -> str:
        """The name of the instance that the org is on."""
        return f"NA{self.instance}"

    def session_of(self, message: Json, context: RequestContext) -> OrgSession:
        """The session that a message belongs to.

        Raises:
            Refused: It has ended or is on another server, or its client has no cookies or no valid token.
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
        """Revoke or expire a token, or all of them.

        If tokens are checked with every request, held connects are answered at once.

        Returns:
            How many tokens were valid before.
        """
        ended = self.tokens.expire(value) if expired else self.tokens.revoke(value)
        if not self.options.validate_interval:
            self.wake()
        return ended

    def end_refresh_token(self, value: str) -> int:
        """Revoke a refresh token, and with it the access tokens of its app and user.

        Returns:
            How many tokens were valid before.
        """
        owner = self.apps.refresh_token_owner(value)
        if owner is None:
            return 0
        ended = self.apps.revoke_refresh_token(value) + self.tokens.revoke_those_of(*owner)
        if not self.options.validate_interval:
            self.wake()
        return ended

    def wake(self) -> None:
        """Have every held connect answered now."""
        for session in self.sessions:
            session.wake()

    def wake_overdue(self) -> None:
        """Have held connects answered that are overdue, or whose token has expired, after the clock was moved."""
        now, checking = self.clock.now(), not self.options.validate_interval
        for session in self.sessions:
            if session.held_until <= now or (checking and self.tokens.find(session.token) is None):
                session.wake()

    def is_busy(self) -> bool:
        """Whether this request is refused because the server is too busy. A refusal is counted."""
        if self.busy <= 0:
            return False
        self.busy -= 1
        return True

    def ended_session_error(self, client_id: object) -> Refused:
        """The error for the client of a session that has ended or never existed."""
        variant = "402" if self.options.cookie_error == "402" else DEFAULT_ENDING
        ending = self.sessions.ending_of(client_id) or SESSION_ENDINGS[variant]
        return Refused(ending["error"], **{name: value for name, value in ending.items() if name != "error"})
