"""The client of OAuth 2.0, and where its credentials go in a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from ..secret import Secret

if TYPE_CHECKING:
    from ..secret import SecretSource

__all__ = ("App", "AuthMethod", "ConfiguredApp")

AuthMethod: TypeAlias = Literal["client_secret_post", "client_secret_basic", "none"]
"""Where the client's credentials go, in the words of RFC 7591, section 2."""


class App(NamedTuple):
    """The client of OAuth: the app that asks.

    Attributes:
        client_id: Its id; Salesforce calls it the consumer key.
        client_secret: Its secret, or None.
        method: Where both go in the request.
    """

    client_id: str
    client_secret: str | None = None
    method: AuthMethod = "client_secret_post"


class ConfiguredApp:
    """An app as a flow is told of it: its secret is read each time that it is used.

    Args:
        client_id: Its id.
        client_secret: Where its secret is, if it has one.
        method: Where both go in the request.
    """

    def __init__(self, client_id: str, client_secret: SecretSource | None, method: AuthMethod) -> None:
        self.client_id: Final = client_id
        self._secret: Final = None if client_secret is None else Secret(client_secret, "client_secret")
        self._method: Final = method

    async def read(self) -> App:
        """The app with its secret.

        Raises:
            LoginMisconfiguredError: The secret cannot be read.
        """
        return App(self.client_id, None if self._secret is None else await self._secret.read(), self._method)
