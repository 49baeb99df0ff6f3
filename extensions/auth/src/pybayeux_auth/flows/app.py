"""The OAuth 2.0 client (Salesforce: app), and where its credentials go in a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from ..secret import Secret

if TYPE_CHECKING:
    from ..secret import SecretSource

__all__ = ("App", "AuthMethod", "ConfiguredApp")

AuthMethod: TypeAlias = Literal["client_secret_post", "client_secret_basic", "none"]
"""Where the client's credentials go, in the words of RFC 7591, section 2."""


class App(NamedTuple):
    """The app that requests a token.

    Attributes:
        client_id: The app's id; Salesforce calls it the consumer key.
        client_secret: The app's secret, or None.
        method: Where both go in the request.
    """

    client_id: str
    client_secret: str | None = None
    method: AuthMethod = "client_secret_post"


class ConfiguredApp:
    """An app whose secret is read at each use.

    Args:
        client_id: The app's id.
        client_secret: The app's secret, or where it is; None if it has none.
        method: Where both go in the request.
    """

    def __init__(self, client_id: str, client_secret: SecretSource | None, method: AuthMethod) -> None:
        self.client_id: Final = client_id
        self._secret: Final = None if client_secret is None else Secret(client_secret, "client_secret")
        self._method: Final = method

    async def read(self) -> App:
        """Return the app with its secret.

        Raises:
            LoginMisconfiguredError: The secret cannot be read.
        """
        return App(self.client_id, None if self._secret is None else await self._secret.read(), self._method)
