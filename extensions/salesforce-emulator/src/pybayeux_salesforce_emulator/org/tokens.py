"""Access tokens, which Salesforce accepts as session ids and the other way round: their users and their validity.

How a token is requested is in `api/oauth/` and `api/soap.py`; where one is required is in
`streaming/authentication.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .clock import OrgClock
    from .ids import Ids

__all__ = ("Token", "Tokens")


@dataclass(slots=True, eq=False)
class Token:
    """An issued token."""

    value: str
    username: str
    client_id: str | None
    """The connected app that requested it. None for a SOAP login, and for a token of the command line."""
    lifetime: float
    expires_at: float
    revoked: bool = False


class Tokens:
    """All issued tokens.

    Args:
        ids: Generates tokens.
        org_id: The beginning of every token.
        lifetime: How long a token is valid without being used.
        clock: The org's clock.
    """

    def __init__(self, ids: Ids, org_id: str, lifetime: float, clock: OrgClock) -> None:
        self._ids: Final = ids
        self._org_id: Final = org_id
        self._lifetime: Final = lifetime
        self._clock: Final = clock
        self._known: Final[dict[str, Token]] = {}

    def issue(self, username: str, client_id: str | None = None, lifetime: float | None = None) -> Token:
        """Issue a new token."""
        lifetime = self._lifetime if lifetime is None else lifetime
        expires_at = self._clock.now() + lifetime
        token = Token(self._ids.token(self._org_id), username, client_id, lifetime, expires_at)
        self._known[token.value] = token
        return token

    def find(self, value: str | None) -> Token | None:
        """The token with this value, if it is valid."""
        token = self._known.get(value or "")
        if token is None or token.revoked or token.expires_at <= self._clock.now():
            return None
        return token

    def use(self, value: str | None) -> Token | None:
        """The token with this value, if it is valid. Its lifetime restarts."""
        token = self.find(value)
        if token is not None:
            token.expires_at = self._clock.now() + token.lifetime
        return token

    def revoke(self, value: str | None = None) -> int:
        """Revoke a token, or all of them, as an administrator or a logout does.

        Returns:
            How many tokens were valid before.
        """
        valid = self._valid(value)
        for token in valid:
            token.revoked = True
        return len(valid)

    def revoke_those_of(self, client_id: str, username: str) -> int:
        """Revoke the tokens that an app has requested for a user.

        Returns:
            How many tokens were valid before.
        """
        theirs = [each for each in self._valid(None) if (each.client_id, each.username) == (client_id, username)]
        for token in theirs:
            token.revoked = True
        return len(theirs)

    def expire(self, value: str | None = None) -> int:
        """Expire a token, or all of them.

        Returns:
            How many tokens were valid before.
        """
        valid = self._valid(value)
        for token in valid:
            token.expires_at = self._clock.now()
        return len(valid)

    def _valid(self, value: str | None) -> list[Token]:
        return [token for token in self._known.values() if value in (None, token.value) and self.find(token.value)]
