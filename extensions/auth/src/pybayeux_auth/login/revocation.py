"""The revocation of a refresh token (RFC 7009)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..errors import LoginRefusedError

if TYPE_CHECKING:
    from ..flows.app import App
    from ..flows.token_endpoint import TokenEndpoint

__all__ = ("revoke",)

_HINT: Final = "refresh_token"
_UNKNOWN: Final = ("invalid_token", "invalid_grant", "unsupported_token_type")
"""Errors for tokens that are not valid, or not any more. By RFC 7009 that is no error; Salesforce says the last one."""


async def revoke(app: App, endpoint: TokenEndpoint, url: str, token: str, *, is_salesforce: bool) -> bool:
    """Revoke a refresh token, and with it the access tokens that came from it.

    Args:
        app: The app.
        endpoint: The token endpoint of the server.
        url: The revocation endpoint.
        token: The refresh token.
        is_salesforce: Send the token alone, as Salesforce documents it.

    Returns:
        False if the server does not know the token.

    Raises:
        LoginRefusedError: The server refused the app.
        LoginUnreachableError: The server did not answer, or cannot answer now.
        LoginMisconfiguredError: The server does not accept the request.
    """
    try:
        if is_salesforce:
            await endpoint.send(url, purpose="revocation", token=token)
        else:
            await endpoint.send(url, app, purpose="revocation", token=token, token_type_hint=_HINT)
    except LoginRefusedError as error:
        if error.error not in _UNKNOWN:
            raise
        return False
    return True
