"""What every handler of a message shares: the options, the sessions, the broker, and who is speaking.

Owns the identification of a request's session. Handles no message itself.
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
    """The state of a server.

    Args:
        options: How it behaves.
        clock: Tells the present time, in seconds since the epoch.
    """

    def __init__(self, options: Options, clock: Callable[[], float]) -> None:
        self.options: Final = options
        self.tokens: Final = Tokens(options.tokens, clock)
        self.authenticator: Final = Authenticator(self.tokens, options)
        self.sessions: Final = Sessions(lifetime=options.max_interval, clock=clock)
        self.broker: Final = Broker(self.sessions, options, clock)

    def session_of(self, message: Json, exchange: Exchange) -> Session:
        """The session that a message belongs to, with a valid token if one is required.

        Raises:
            Refused: There is no such session, or no valid token.
            Unauthorized: There is no valid token, said by HTTP.
        """
        caller = exchange.caller
        session = self.sessions.find(message.get("clientId"), caller)
        # A session may have had its token from its handshake: where it is forgotten, it is the session that is missing.
        if session is not None or caller.token or self.authenticator.token_in(message):
            self.authenticator.check(message, caller, session)
        if session is None:
            raise self._unknown(message["channel"])
        self.sessions.touch(session)
        if exchange.stream is not None and not session.connected:
            # Whichever way the connects take later, until then events need not wait for the first of them.
            session.attach(exchange.stream)
        exchange.session = session
        return session

    def _unknown(self, channel: str) -> Refused:
        # CometD advises on connects alone.
        if channel == Channel.META_CONNECT:
            return Refused(self.options.unknown_session, advice={"reconnect": "handshake", "interval": 0})
        return Refused(self.options.unknown_session)
