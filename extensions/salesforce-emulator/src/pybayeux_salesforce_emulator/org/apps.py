"""Connected apps: their secrets and keys, their users, their refresh tokens and authorization codes.

What a grant requires is in `api/oauth/`.
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
    """None for a public app, such as one on a desktop, which cannot keep a secret."""
    username: str
    """The user of client credentials and JWT bearer, and the one who consents in the browser."""
    public_key: Callable[[], str] | None = None
    """Returns the key that verifies assertions, as PEM."""
    rotate: bool = False
    """Each refresh returns a new refresh token and revokes the old one."""
    token_lifetime: float | None = None
    callback_urls: frozenset[str] | None = None
    """Where the browser may be sent back to, character for character. None: anywhere, which no real app allows."""
    device_flow: bool = True
    """Whether *Enable for Device Flow* is set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """An authorization code. It can be used once."""

    client_id: str
    username: str
    redirect_uri: str
    challenge: str | None
    scope: str | None
    expires_at: float


class Apps:
    """The apps of an org.

    Args:
        ids: Generates secrets.
        clock: The org's clock.
    """

    def __init__(self, ids: Ids, clock: OrgClock) -> None:
        self._ids: Final = ids
        self._clock: Final = clock
        self._known: Final[dict[str, App]] = {}
        self._refresh_tokens: Final[dict[str, tuple[str, str]]] = {}
        self._codes: Final[dict[str, Code]] = {}

    @property
    def known(self) -> Mapping[str, App]:
        """All apps, by client id."""
        return self._known

    def add(self, app: App) -> None:
        """Add an app."""
        self._known[app.client_id] = app

    def issue_refresh_token(self, app: App, username: str) -> str:
        """Issue a refresh token. It is valid until it is revoked or rotated."""
        value = f"5Aep861{self._ids.secret(80)}"
        self._refresh_tokens[value] = (app.client_id, username)
        return value

    def refreshed_by(self, app: App, value: str) -> str | None:
        """The user of a refresh token of this app. None if the token is invalid."""
        client_id, username = self._refresh_tokens.get(value, (None, None))
        return username if client_id == app.client_id else None

    def revoke_refresh_token(self, value: str | None = None) -> int:
        """Revoke a refresh token, or all of them.

        Returns:
            How many tokens were valid before.
        """
        ended = [known for known in self._refresh_tokens if value in (None, known)]
        for known in ended:
            del self._refresh_tokens[known]
        return len(ended)

    def refresh_token_owner(self, value: str) -> tuple[str, str] | None:
        """The id of the app and the user of a refresh token. None if it is invalid."""
        return self._refresh_tokens.get(value)

    def issue_code(
        self,
        app: App,
        redirect_uri: str,
        challenge: str | None,
        *,
        username: str | None = None,
        scope: str | None = None,
    ) -> str:
        """Issue an authorization code.

        Args:
            app: The app.
            redirect_uri: Where the browser is sent with it.
            challenge: The PKCE challenge, if there was one.
            username: The user who consents. None: the app's own.
            scope: The requested scopes. None: all that the app has.
        """
        value = f"aPrx{self._ids.secret(60)}"
        self._codes[value] = Code(
            client_id=app.client_id,
            username=username or app.username,
            redirect_uri=redirect_uri,
            challenge=challenge,
            scope=scope,
            expires_at=self._clock.now() + _CODE_LIFETIME,
        )
        return value

    def redeem(self, value: str) -> Code | None:
        """The authorization code with this value, which is used up."""
        code = self._codes.pop(value, None)
        return code if code is not None and code.expires_at > self._clock.now() else None
