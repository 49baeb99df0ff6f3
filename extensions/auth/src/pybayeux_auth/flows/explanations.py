"""What a login server's refusal means, and what to do about it.

RFC 6749, section 5.2, has the words; what Salesforce says in its descriptions was gathered from its documents and from
people who met it.
"""

from __future__ import annotations

from typing import Final

__all__ = ("MISTAKES", "TRANSIENT", "advice_on")

TRANSIENT: Final = frozenset(
    {
        "login_rate_exceeded",
        "rate_limit_exceeded",
        "server_error",
        "slow_down",
        "temporarily_unavailable",
        "unknown_error",
    }
)
"""Errors that pass by themselves."""

MISTAKES: Final = frozenset(
    {
        "invalid_request",
        "invalid_scope",
        "invalid_target",
        "unauthorized_client",
        "unsupported_grant_type",
    }
)
"""Errors about the request, not about the credentials."""

_PRE_AUTHORISE: Final = (
    "authorise the app once in a browser as this user, or pre-authorise it: set the app's policy to 'Admin approved "
    "users are pre-authorized', and assign the user's profile or a permission set to it"
)
_NO_APP: Final = "no app has this client_id here: a sandbox is at https://test.salesforce.com"
_CLIENT: Final = (
    "the client_id or the client_secret is wrong, or the server looks elsewhere: token_endpoint_auth_method"
)
_PASSWORD: Final = (
    "the username, password or security token is wrong, or the org allows no username-password flow (Setup, OAuth and "
    "OpenID Connect Settings); from a network that it does not know, the org wants a security token"
)
_REFRESH_TOKEN: Final = (
    "the refresh token was revoked, has expired, or was replaced by a newer one: authorise the app again, and store "
    "the new refresh token"
)
_KEY: Final = (
    "the private key belongs to another certificate than the app's, or client_id, username or audience is wrong"
)

_OF_ANY: Final = (
    ("approved this consumer", _PRE_AUTHORISE),
    ("audience", "audience is to be the login server: https://login.salesforce.com, https://test.salesforce.com"),
    ("invalid client credentials", "the client_secret is not that of this client_id"),
    ("client identifier invalid", _NO_APP),
    ("invalid_client_id", _NO_APP),
    ("no client credentials user", "name a user under 'Run As' in the app's client credentials settings"),
    ("on this domain", "login_url is to be the org's own address: https://MyDomainName.my.salesforce.com"),
    ("locked", "an administrator has to unlock the user"),
    ("inactive", "the user or the org is not active"),
    ("ip restricted", "the user's profile or the app does not allow this IP address"),
    ("login hours", "the user's profile does not allow logins at this hour"),
    ("blocked", "an administrator has blocked the app: allow it under Connected Apps OAuth Usage"),
    ("unsupported_grant_type", "this flow is not enabled: for the app, or for the whole org"),
    ("unauthorized_client", "the app may not use this flow"),
    ("invalid_scope", "the app does not have this scope"),
    ("invalid_client", _CLIENT),
)
"""From a part of what the server says to the advice; the first that fits counts."""

_OF_ONE: Final = {
    "password": (("authentication failure", _PASSWORD),),
    "refresh_token": (("invalid_grant", _REFRESH_TOKEN),),
    "urn:ietf:params:oauth:grant-type:jwt-bearer": (("invalid_grant", _KEY),),
}
"""The same for single grant types, looked at afterwards."""


def advice_on(grant_type: str, error: str, description: str) -> str:
    """What to do about a refusal; empty where nobody knows.

    Args:
        grant_type: What was asked for.
        error: The server's word.
        description: What it said beside that.
    """
    said = f"{error} {description}".lower()
    known = (*_OF_ANY, *_OF_ONE.get(grant_type, ()))
    return next((advice for part, advice in known if part in said), "")
