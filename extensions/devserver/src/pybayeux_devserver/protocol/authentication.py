"""Bearer tokens: which are valid, where a request carries one, and how a request without one is refused.

A token is in the Authorization header of each request, in the `ext` of each message, or in the `ext` of the handshake
for the whole session.
"""

from __future__ import annotations

import math
import secrets
from typing import TYPE_CHECKING, Any, Final

from pybayeux import Channel

from ..options import AuthStyle
from .errors import Refused, Unauthorized

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..options import Json, Options
    from .exchange import Caller
    from .sessions import Session

__all__ = ("Authenticator", "Tokens", "bearer_token")

_INVALID: Final = "401::Authentication invalid"


class Tokens:
    """The accepted tokens, each with its lifetime.

    No token is required until one is added.

    Args:
        tokens: The tokens to accept from the start.
        clock: Returns the current time in seconds.
    """

    def __init__(self, tokens: Iterable[str], clock: Callable[[], float]) -> None:
        self._clock: Final = clock
        self._valid_until: Final = dict.fromkeys(tokens, math.inf)

    @property
    def required(self) -> bool:
        """Whether requests need a token."""
        return bool(self._valid_until)

    def add(self, token: str, lifetime: float | None = None) -> None:
        """Accept a token, for `lifetime` seconds or until it is revoked."""
        self._valid_until[token] = math.inf if lifetime is None else self._clock() + lifetime

    def issue(self, lifetime: float | None = None) -> str:
        """Create a random token and accept it."""
        token = secrets.token_urlsafe(24)
        self.add(token, lifetime)
        return token

    def revoke(self, token: str | None = None) -> None:
        """Stop accepting a token, or every known token."""
        for known in [token] if token is not None else list(self._valid_until):
            self._valid_until[known] = -math.inf

    def accepts(self, token: str | None) -> bool:
        """Whether a token is valid now."""
        return token is not None and self._valid_until.get(token, -math.inf) > self._clock()


class Authenticator:
    """Checks that messages carry a valid token.

    Args:
        tokens: The accepted tokens.
        options: Where a token may be, and how a message without one is refused.
    """

    def __init__(self, tokens: Tokens, options: Options) -> None:
        self._tokens: Final = tokens
        self._options: Final = options

    def token_in(self, message: Json) -> str | None:
        """The token in a message's `ext`: the member itself, or the member `token` of an object in it."""
        ext = message.get("ext")
        found: Any = ext.get(self._options.token_member) if isinstance(ext, dict) else None
        if isinstance(found, dict):
            found = found.get("token")
        return found if isinstance(found, str) else None

    def check(self, message: Json, caller: Caller, session: Session | None) -> None:
        """Check the token of a message.

        Raises:
            Refused: The token is missing or invalid, and the reply says so.
            Unauthorized: The token is missing or invalid, and HTTP says so.
        """
        if not self._tokens.required:
            return
        token = caller.token or self.token_in(message) or (session.token if session is not None else None)
        if self._tokens.accepts(token):
            return
        if self._options.auth_style is AuthStyle.HTTP:
            raise Unauthorized
        raise self._refusal(message["channel"])

    def _refusal(self, channel: str) -> Refused:
        if channel == Channel.META_CONNECT:
            return Refused(_INVALID, advice={"reconnect": "none", "interval": 0})
        if channel != Channel.META_HANDSHAKE:
            return Refused(_INVALID)
        if self._options.auth_style is AuthStyle.SALESFORCE:
            ext = {"sfdc": {"failureReason": _INVALID}, "replay": True, "payload.format": True}
            return Refused("403::Handshake denied", ext=ext, advice={"reconnect": "none"})
        return Refused(_INVALID, advice={"reconnect": "handshake", "interval": 0})


def bearer_token(header: str | None) -> str | None:
    """The token of an Authorization header with the scheme ``Bearer`` or ``OAuth``. Salesforce accepts both."""
    scheme, _, token = (header or "").partition(" ")
    return token.strip() or None if scheme.lower() in ("bearer", "oauth") else None
