"""The stored login of the configuration: what is known of it, and its end."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple

from ..errors import LoginMisconfiguredError
from ..flows.login_url import SALESFORCE
from ..flows.token_endpoint import TokenEndpoint
from ..stores.by_name import store_of
from ..stores.stored_token import StoredToken, read_stored
from .endpoints import find_endpoints
from .revocation import revoke
from .settings import FLOW

if TYPE_CHECKING:
    from ..stores import FileTokenStore, KeyringTokenStore
    from .settings import LoginSettings

__all__ = ("Account", "Logout", "log_out", "read_account")

_NO_ENDPOINT: Final = "the server has no revocation endpoint: use --local, which deletes the token on this machine"


class Account(NamedTuple):
    """A configured login.

    Attributes:
        place: The name of the store.
        store: The store.
        stored: What the store has; None for nothing.
    """

    place: str
    store: FileTokenStore | KeyringTokenStore
    stored: StoredToken | None


class Logout(Enum):
    """How a login ended."""

    NOTHING = "nothing"
    """There was none."""
    REVOKED = "revoked"
    UNKNOWN = "unknown"
    """The server did not know the token (any more)."""
    FORGOTTEN = "forgotten"
    """The server was not asked."""


async def read_account(settings: LoginSettings) -> Account | None:
    """Return the login that is configured; None if none is, or if the configured flow stores nothing.

    Raises:
        AuthError: The store cannot be read.
    """
    place = settings.get("token_store")
    if settings.get("flow") != FLOW or place is None:
        return None
    store = store_of(place)
    text = await store.load()
    return Account(place, store, None if text is None else read_stored(text, repr(store)))


async def log_out(settings: LoginSettings, account: Account, *, only_here: bool) -> Logout:
    """Revoke the stored refresh token, and delete it. If it cannot be revoked, it stays.

    Args:
        settings: The configuration.
        account: The store.
        only_here: Delete the token without revoking it.

    Raises:
        AuthError: The server refused, or did not answer, or the store cannot be changed.
    """
    async with account.store.lock():  # no client replaces the token meanwhile
        text = await account.store.load()
        if text is None:
            return Logout.NOTHING
        stored = read_stored(text, repr(account.store))
        ended = Logout.FORGOTTEN if only_here else await _revoke(settings, stored)
        await account.store.delete()
        return ended


async def _revoke(settings: LoginSettings, stored: StoredToken) -> Logout:
    url = (stored.login and stored.login.login_url) or settings.get("login_url") or SALESFORCE
    endpoint, app = TokenEndpoint(url), await settings.app().read()
    is_salesforce = endpoint.url.endpoint != endpoint.url.audience
    revocation = stored.login.revocation_endpoint if stored.login else (await find_endpoints(url)).revocation
    if revocation is None:
        raise LoginMisconfiguredError(_NO_ENDPOINT)
    known = await revoke(app, endpoint, revocation, stored.token, is_salesforce=is_salesforce)
    return Logout.REVOKED if known else Logout.UNKNOWN
