"""Session ids and access tokens, which Salesforce takes for one another: who has which, and whether it is alive.

Owns their states. How one is asked for is in `oauth/` and `soap.py`, where one is needed in `authenticator.py`.
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
    """One that was given out."""

    value: str
    username: str
    client_id: str | None
    """The connected app that asked for it; None for a SOAP login or one made by the command line."""
    lifetime: float
    expires_at: float
    revoked: bool = False


class Tokens:
    """All that were given out.

    Args:
        ids: Makes them up.
        org_id: What they begin with.
        lifetime: How long one lives without being used.
        clock: The org's time.
    """

    def __init__(self, ids: Ids, org_id: str, lifetime: float, clock: OrgClock) -> None:
        self._ids: Final = ids
        self._org_id: Final = org_id
        self._lifetime: Final = lifetime
        self._clock: Final = clock
        self._known: Final[dict[str, Token]] = {}

    def issue(self, username: str, client_id: str | None = None, lifetime: float | None = None) -> Token:
        """Give a new one out."""
        lifetime = self._lifetime if lifetime is None else lifetime
        expires_at = self._clock.now() + lifetime
        token = Token(self._ids.token(self._org_id), username, client_id, lifetime, expires_at)
        self._known[token.value] = token
        return token

    def find(self, value: str | None) -> Token | None:
        """The token of this value if it is alive."""
        token = self._known.get(value or "")
        if token is None or token.revoked or token.expires_at <= self._clock.now():
            return None
        return token

    def use(self, value: str | None) -> Token | None:
        """The same; and its life starts_session anew, as that of a session that is in use."""
        token = self.find(value)
        if token is not None:
            token.expires_at = self._clock.now() + token.lifetime
        return token

    def revoke(self, value: str | None = None) -> int:
        """An administrator or a logout ends one, or all.

        Returns:
            How many were alive.
        """
        alive = self._alive(value)
        for token in alive:
            token.revoked = True
        return len(alive)

    def expire(self, value: str | None = None) -> int:
        """The time of one is over, or that of all.

        Returns:
            How many were alive.
        """
        alive = self._alive(value)
        for token in alive:
            token.expires_at = self._clock.now()
        return len(alive)

    def _alive(self, value: str | None) -> list[Token]:
        return [token for token in self._known.values() if value in (None, token.value) and self.find(token.value)]
