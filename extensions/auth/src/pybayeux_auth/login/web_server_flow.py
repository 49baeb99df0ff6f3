"""The authorization code flow (RFC 6749, section 4.1) with PKCE (RFC 7636); Salesforce calls it the web server flow."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING, Final

from ..errors import LoginMisconfiguredError, LoginRefusedError, LoginUnreachableError
from ..flows.oauth_errors import advice_on
from .callback_server import CallbackServer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..flows.app import App
    from ..flows.token_endpoint import TokenEndpoint
    from ..grant import Grant
    from .endpoints import Endpoints

__all__ = ("log_in_with_browser",)

_GRANT_TYPE: Final = "authorization_code"
_MAX_DESCRIPTION: Final = 200


async def log_in_with_browser(
    app: App,
    endpoint: TokenEndpoint,
    endpoints: Endpoints,
    *,
    redirect_uri: str,
    scope: str | None,
    timeout: float,
    show: Callable[[str, str], None],
) -> Grant:
    """Wait until a person has logged in with a browser.

    Args:
        app: The app.
        endpoint: The token endpoint.
        endpoints: The endpoints of its server.
        redirect_uri: Where the browser comes back to, as in `CallbackServer`.
        scope: The scopes to request, separated by spaces; None for those that the server chooses.
        timeout: Seconds to wait.
        show: Is called with the address to open, and with the redirect URI that it leads to.

    Raises:
        LoginRefusedError: The person or the server refused.
        LoginUnreachableError: The browser did not come back in time, or the server cannot answer now.
        LoginMisconfiguredError: The server has no such flow, or does not accept the request.
    """
    from authlib.oauth2.rfc6749.parameters import prepare_grant_uri  # type: ignore[import-untyped]
    from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]

    if endpoints.authorization is None:
        raise LoginMisconfiguredError(f"{endpoint.url.origin} has no authorization endpoint: use --device")
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
    async with CallbackServer(redirect_uri, state) as server:
        address = prepare_grant_uri(
            endpoints.authorization,
            app.client_id,
            "code",
            redirect_uri=server.redirect_uri,
            scope=scope,
            state=state,
            code_challenge=create_s256_code_challenge(verifier),
            code_challenge_method="S256",
        )
        show(address, server.redirect_uri)
        try:
            async with asyncio.timeout(timeout):
                answer = await server.answer()
        except TimeoutError:
            raise LoginUnreachableError(
                endpoint.url.origin,
                f"the browser did not come back within {timeout:.0f} s; if it cannot reach this machine, use --device",
            ) from None
        # The server goes on until the exchange is done: a browser that asks again still gets its page.
        code = _code(answer, endpoint.url.origin, endpoints.issuer)
        return await endpoint.request_token(
            _GRANT_TYPE, app, code=code, redirect_uri=server.redirect_uri, code_verifier=verifier
        )


def _code(answer: Mapping[str, str], where: str, issuer: str | None) -> str:
    """The authorization code of an answer.

    Raises:
        LoginRefusedError: The answer is an error, or that of another server.
    """
    if issuer is not None and answer.get("iss", issuer) != issuer:  # RFC 9207, section 2.4
        raise LoginRefusedError(where, error="iss", description="the answer is that of another server")
    if error := answer.get("error", ""):
        description = " ".join(answer.get("error_description", "").split())[:_MAX_DESCRIPTION]
        raise LoginRefusedError(
            where, error=error, description=description, advice=advice_on(_GRANT_TYPE, error, description)
        )
    return answer["code"]
