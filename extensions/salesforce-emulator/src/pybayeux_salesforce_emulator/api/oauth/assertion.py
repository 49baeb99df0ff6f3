"""Signed assertions (RFC 7523; Salesforce's "OAuth 2.0 JWT Bearer Flow").

Owns their verification: signature, issuer, audience, expiry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import jwt

from .errors import OAuthError

if TYPE_CHECKING:
    from collections.abc import Collection

    from ...org.apps import App, Apps

__all__ = ("verify",)

# Expiry is checked below, with the clock that the signer has.
_OPTIONS: Final[Any] = {
    "require": ["iss", "sub", "aud", "exp"],
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
}


def verify(assertion: str, apps: Apps, audiences: Collection[str], now: float) -> tuple[App, str]:
    """The app and the user of an assertion.

    Args:
        assertion: The signed token.
        apps: The apps of the org.
        audiences: The accepted audiences.
        now: The real time, which the signer's clock shows.

    Raises:
        OAuthError: It is malformed, signed with another key, expired, or for another audience.
    """
    app = _signer(assertion, apps)
    if app.public_key is None:
        raise OAuthError("invalid_client", "invalid client credentials")
    try:
        claims = jwt.decode(
            assertion, app.public_key(), algorithms=["RS256"], audience=list(audiences), options=_OPTIONS
        )
    except jwt.InvalidAudienceError:
        raise OAuthError("invalid_grant", "audience is invalid") from None
    except jwt.InvalidTokenError:
        raise OAuthError("invalid_grant", "invalid assertion") from None
    # The documentation limits the expiry to three minutes. Salesforce's own command line sends milliseconds instead, so
    # the limit cannot be enforced.
    if now >= claims["exp"]:
        raise OAuthError("invalid_grant", "expired authorization code")
    return app, str(claims["sub"])


def _signer(assertion: str, apps: Apps) -> App:
    try:
        issuer = jwt.decode(assertion, options={"verify_signature": False}).get("iss")
    except jwt.InvalidTokenError:
        raise OAuthError("invalid_grant", "invalid assertion") from None
    app = apps.known.get(str(issuer))
    if app is None:
        raise OAuthError("invalid_client_id", "client identifier invalid")
    return app
