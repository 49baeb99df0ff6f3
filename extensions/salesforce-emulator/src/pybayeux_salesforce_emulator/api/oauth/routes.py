"""OAuth over HTTP: ``/services/oauth2/token``, ``revoke``, ``introspect`` and ``userinfo``.

Owns forms and headers. Whether a token is issued is decided in `grants.py`; browsers are answered in `authorize.py`.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, unquote

from starlette.responses import PlainTextResponse, Response

from ...streaming.authentication import token_of
from ...streaming.endpoint import json_response
from .errors import OAuthError
from .grants import Grants, TokenEndpoint

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from ...state import OrgState

__all__ = ("OAuth",)


class OAuth:
    """Answers the requests to the OAuth endpoints.

    Args:
        state: The org.
        endpoint: Returns the host of a request.
    """

    def __init__(self, state: OrgState, endpoint: Callable[[Request], TokenEndpoint]) -> None:
        self._state: Final = state
        self._endpoint: Final = endpoint
        self._grants: Final = Grants(state)

    def token(self, request: Request, body: bytes) -> Response:
        """Issue a token, or the codes of a device."""
        form, endpoint = _form(request, body), self._endpoint(request)
        try:
            if form.get("response_type") == "device_code":
                answer = self._grants.device_codes(form, endpoint)
            else:
                answer = self._grants.answer(form, endpoint)
        except OAuthError as error:
            return _refused(error)
        return json_response(answer)

    def revoke(self, request: Request, body: bytes) -> Response:
        """Revoke an access token, or a refresh token together with the access tokens of its app and user."""
        value = _form(request, body).get("token", "")
        ended = self._state.end_token(value) + self._state.end_refresh_token(value)
        if not ended:
            return _refused(OAuthError("unsupported_token_type", "this token type is not supported"))
        return PlainTextResponse("")

    def introspect(self, request: Request, body: bytes) -> Response:
        """Describe a token to an app."""
        form = _form(request, body)
        try:
            self._grants.app_of(form)
        except OAuthError as error:
            return _refused(error)
        token = self._state.tokens.find(form.get("token"))
        if token is None:
            return json_response({"active": False})
        expiry = round(self._state.clock.wall_of(token.expires_at))
        members = {"client_id": token.client_id, "username": token.username, "exp": expiry}
        return json_response({"active": True, "scope": "api", "token_type": "access_token", **members})

    def userinfo(self, request: Request, body: bytes) -> Response:
        """The user of a token. The identity URL returns the same."""
        token = self._state.tokens.use(token_of(request.headers.get("authorization")))
        if token is None:
            return PlainTextResponse("Bad_OAuth_Token", 403)
        user = self._state.users.known[token.username]
        members = {"username": user.username, "preferred_username": user.username}
        return json_response({"user_id": user.user_id, "organization_id": self._state.org_id, **members})


def _form(request: Request, body: bytes) -> dict[str, str]:
    """The fields of a request, including the app's id and secret from the Authorization header."""
    form = dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeError):
            return form
        # Both are URL-encoded (RFC 6749, section 2.3.1).
        form = {"client_id": unquote(client_id), "client_secret": unquote(secret), **form}
    return form


def _refused(error: OAuthError) -> Response:
    return json_response({"error": error.error, "error_description": error.description}, 400)
