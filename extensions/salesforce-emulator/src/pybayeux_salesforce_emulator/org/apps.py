"""Connected apps: which programs may ask for tokens, with which secrets and keys, on whose behalf.

Owns them and their refresh tokens and authorization codes. What a grant requires is in `oauth/`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .clock import OrgClock
    from .ids import Ids

__all__ = ("App", "Apps", "Code")

_CODE_LIFETIME: Final = 900.0


@dataclass(slots=True, eq=False, kw_only=True)
class App:
    """A connected app."""

    client_id: str
    client_secret: str | None
    """None for a public app, such as one on a desktop, which cannot keep one."""
    username: str
    """Whom it acts for with client credentials and JWT bearer, and who consents in the browser."""
    public_key: Callable[[], str] | None = None
    """Gives the key, as PEM, that assertions are verified with."""
    rotate: bool = False
    """Each refresh gives a new refresh token and ends the old one."""
    token_lifetime: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """An authorization code, good for one use."""

    client_id: str
    username: str
    redirect_uri: str
    challenge: str | None
    expires_at: float


class Apps:
    """The apps of an org.

    Args:
        ids: Makes secrets up.
        clock: The org's time.
    """

    def __init__(self, ids: Ids, clock: OrgClock) -> None:
        self._ids: Final = ids
        self._clock: Final = clock
        self._known: Final[dict[str, App]] = {}
        self._refresh_tokens: Final[dict[str, tuple[str, str]]] = {}
        self._codes: Final[dict[str, Code]] = {}

    @property
    def known(self) -> Mapping[str, App]:
        """All of them, by client id."""
        return self._known

    def add(self, app: App) -> None:
        """Add an app."""
        self._known[app.client_id] = app

    def issue_refresh_token(self, app: App, username: str) -> str:
        """Give out a refresh token; it lives until it is revoked or rotated away."""
        value = f"5Aep861{self._ids.secret(80)}"
        self._refresh_tokens[value] = (app.client_id, username)
        return value

    def refreshed_by(self, app: App, value: str) -> str | None:
        """Whom a refresh token of this app is for, or None if it is dead."""
        client_id, username = self._refresh_tokens.get(value, (None, None))
        return username if client_id == app.client_id else None

    def revoke_refresh_token(self, value: str | None = None) -> int:
        """End one refresh token, or all.

        Returns:
            How many were alive.
        """
        ended = [known for known in self._refresh_tokens if value in (None, known)]
        for known in ended:
            del self._refresh_tokens[known]
        return len(ended)

    def issue_code(self, app: App, redirect_uri: str, challenge: str | None) -> str:
        """Give out an authorization code."""
        value = f"aPrx{self._ids.secret(60)}"
        self._codes[value] = Code(
            client_id=app.client_id,
            username=app.username,
            redirect_uri=redirect_uri,
            challenge=challenge,
            expires_at=self._clock.now() + _CODE_LIFETIME,
        )
        return value

    def redeem(self, value: str) -> Code | None:
        """The code, which is used up by this."""
        code = self._codes.pop(value, None)
        return code if code is not None and code.expires_at > self._clock.now() else None
