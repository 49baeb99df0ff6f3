"""Access tokens of requests: where a request carries one, and when it is checked.

A token is checked with each handshake, and from time to time while a session lives ("Streaming API regularly validates
the OAuth token or session ID").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pybayeux_devserver.toolkit import Refused

from ..texts import AUTHENTICATION_INVALID, AUTHENTICATION_REQUIRED, WRONG_USER
from .replies import ERROR_ADVICE, denied

if TYPE_CHECKING:
    from ..options import OrgOptions
    from ..org.clock import OrgClock
    from ..org.tokens import Token, Tokens
    from .sessions import OrgSession

__all__ = ("Authenticator", "token_of")


class Authenticator:
    """Checks access tokens.

    Args:
        tokens: The tokens of the org.
        options: How often the token of a session is checked.
        clock: The org's clock.
    """

    def __init__(self, tokens: Tokens, options: OrgOptions, clock: OrgClock) -> None:
        self._tokens: Final = tokens
        self._options: Final = options
        self._clock: Final = clock

    def authenticate(self, value: str | None) -> Token:
        """The token of a handshake.

        Raises:
            Refused: The token is missing or invalid, and the handshake is denied.
        """
        token = self._tokens.use(value)
        if token is None:
            raise denied(AUTHENTICATION_INVALID if value else AUTHENTICATION_REQUIRED)
        return token

    def check(self, value: str | None, session: OrgSession) -> None:
        """Check the token of a request of a session.

        Raises:
            Refused: The token is missing, invalid, or another user's.
        """
        if value is None:
            raise Refused(AUTHENTICATION_REQUIRED, clientId=session.client_id, advice=ERROR_ADVICE)
        token = self._tokens.use(value)
        if token is not None and token.username != session.username:
            raise Refused(WRONG_USER, clientId=session.client_id, advice=ERROR_ADVICE)
        now = self._clock.now()
        if token is None and now - session.checked_at >= self._options.validate_interval:
            raise Refused(AUTHENTICATION_INVALID, clientId=session.client_id, advice=ERROR_ADVICE)
        if token is not None:
            session.token, session.checked_at = token.value, now


def token_of(header: str | None) -> str | None:
    """The token of an Authorization header: after ``Bearer`` or ``OAuth``, or the header itself (EMP-Connector)."""
    scheme, _, rest = (header or "").strip().partition(" ")
    if scheme.lower() in ("bearer", "oauth"):
        return rest.strip() or None
    return scheme or None
