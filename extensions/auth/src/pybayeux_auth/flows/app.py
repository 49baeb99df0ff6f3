"""The client of OAuth 2.0, and where its credentials go in a request."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

__all__ = ("App", "AuthMethod")

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
