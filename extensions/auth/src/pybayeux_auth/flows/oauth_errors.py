"""OAuth error codes of login servers (RFC 6749, section 5.2): which are temporary, and what the user can do about each.

Salesforce's descriptions are those of its documentation and of reports of users.
"""

from __future__ import annotations

from typing import Final

__all__ = ("REQUEST_ERRORS", "TEMPORARY_ERRORS", "advice_on")

TEMPORARY_ERRORS: Final = frozenset(
    {
        "login_rate_exceeded",
        "rate_limit_exceeded",
        "server_error",
        "slow_down",
        "temporarily_unavailable",
        "unknown_error",
    }
)
"""Errors after which the same login may work later."""

REQUEST_ERRORS: Final = frozenset(
    {
        "invalid_request",
        "invalid_scope",
        "invalid_target",
        "unauthorized_client",
        "unsupported_grant_type",
    }
)
"""Errors of the request, not of the credentials."""

_PRE_AUTHORISE: Final = (
    "authorise the app once in a browser as this user, or pre-authorise it: set the app's policy to 'Admin approved "
    "users are pre-authorized', and assign the user's profile or a permission set to it"
)
_NO_APP: Final = "this server has no app with this client_id; for a sandbox use https://test.salesforce.com"
_CLIENT: Final = (
    "check client_id and client_secret, and whether the server expects them elsewhere (token_endpoint_auth_method)"
)
_PASSWORD: Final = (
    "the username, password or security token is wrong, or the org does not allow the username-password flow (Setup, "  # noqa: S105
    "OAuth and OpenID Connect Settings); from an unknown network the org requires a security token"
)
_REFRESH_TOKEN: Final = (
    "the refresh token was revoked or replaced, or has expired: authorise the app again with pybayeux auth login, or "  # noqa: S105
    "store a new refresh token"
)
_CALLBACK: Final = (
    "the app's callback URL and the redirect URI of this login have to be the same, character for character: see "
    "--port and --redirect-uri; a change of an app takes up to ten minutes at Salesforce"
)
_DENIED: Final = "the request was denied in the browser, or the user may not use this app"
_CODE_EXPIRED: Final = "the code is not valid any more: run the command again"
_NO_DEVICE_FLOW: Final = "the device flow may not be enabled in the app: Salesforce's setting is Enable for Device Flow"
_KEY: Final = "the private key does not match the app's certificate, or client_id, username or audience is wrong"

_ADVICE: Final = (
    ("approved this consumer", _PRE_AUTHORISE),
    ("audience", "audience: expected the login server, https://login.salesforce.com or https://test.salesforce.com"),
    ("invalid client credentials", "the client_secret does not belong to this client_id"),
    ("client identifier invalid", _NO_APP),
    ("invalid_client_id", _NO_APP),
    ("no client credentials user", "set the user under 'Run As' in the app's client credentials settings"),
    ("on this domain", "login_url: expected the org's own URL, https://MyDomainName.my.salesforce.com"),
    ("locked", "an administrator must unlock the user"),
    ("inactive", "the user or the org is not active"),
    ("ip restricted", "the user's profile or the app does not allow this IP address"),
    ("login hours", "the user's profile does not allow logins at this time"),
    ("blocked", "an administrator has blocked the app: allow it under Connected Apps OAuth Usage"),
    ("redirect_uri", _CALLBACK),
    ("access_denied", _DENIED),
    ("access-denied", _DENIED),  # as Salesforce's documentation writes it
    ("expired_token", _CODE_EXPIRED),
    ("unsupported_grant_type", "this flow is not enabled for the app or for the org"),
    ("unauthorized_client", "the app may not use this flow"),
    ("invalid_scope", "the app does not have this scope"),
    ("invalid_client", _CLIENT),
)
"""Pairs of a part of the server's text and the advice; the first that matches applies."""

_ADVICE_BY_GRANT_TYPE: Final = {
    "password": (("authentication failure", _PASSWORD),),
    "authorization_code": (("invalid_grant", _CODE_EXPIRED),),
    "device": (("invalid_grant", _CODE_EXPIRED), ("invalid_request", _NO_DEVICE_FLOW)),
    "refresh_token": (("invalid_grant", _REFRESH_TOKEN),),
    "urn:ietf:params:oauth:grant-type:device_code": (("invalid_grant", _CODE_EXPIRED),),
    "urn:ietf:params:oauth:grant-type:jwt-bearer": (("invalid_grant", _KEY),),
}
"""Further pairs for single grant types, checked afterwards."""


def advice_on(grant_type: str, error: str, description: str) -> str:
    """Return what the user can do about a refusal; empty if that is not known.

    Args:
        grant_type: The grant type of the request.
        error: The error code.
        description: The server's description of it.
    """
    text = f"{error} {description}".lower()
    pairs = (*_ADVICE, *_ADVICE_BY_GRANT_TYPE.get(grant_type, ()))
    return next((advice for part, advice in pairs if part in text), "")
