"""The state of a server: its options, sessions, tokens and broker.

Owns the lookup of a request's session. It handles no message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pybayeux import Channel

from .authentication import Authenticator, Tokens
from .broker import Broker
from .errors import Refused
from .sessions import Sessions

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..options import Json, Options
    from .exchange import Exchange
    from .sessions import Session

__all__ = ("ServerState",)


class ServerState:
    """The state that all message handlers share.

    Args:
        options: The options of the server.
        clock: Returns the current time, in seconds since the epoch.
    """

    def __init__(self, options: Options, clock: Callable[[], float]) -> None:
        self.options: Final = options
        self.tokens: Final = Tokens(options.tokens, clock)
        self.authenticator: Final = Authenticator(self.tokens, options)
        self.sessions: Final = Sessions(lifetime=options.max_interval, clock=clock)
        self.broker: Final = Broker(self.sessions, options, clock)

    def session_of(self, message: Json, exchange: Exchange) -> Session:
        """The session that a message belongs to, after its token was checked if one is required.

        Raises:
            Refused: There is no such session, or no valid token.
            Unauthorized: There is no valid token, and HTTP says so.
        """
        caller = exchange.caller
        session = self.sessions.find(message.get("clientId"), caller)
        # A session may have its token from its handshake. If the session is unknown, that is the error, not the token.
        if session is not None or caller.token or self.authenticator.token_in(message):
            self.authenticator.check(message, caller, session)
        if session is None:
            raise self._unknown(message["channel"])
        self.sessions.touch(session)
        if exchange.stream is not None and not session.connected:
            # Until the first connect decides over which connection events travel, they need not wait for it.
            session.attach(exchange.stream)
        exchange.session = session
        return session

    def _unknown(self, channel: str) -> Refused:
        # CometD sends advice on connects only.
        if channel == Channel.META_CONNECT:
            return Refused(self.options.unknown_session, advice={"reconnect": "handshake", "interval": 0})
        return Refused(self.options.unknown_session)
