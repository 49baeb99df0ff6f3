"""The grants of the token endpoint: what each of them requires.

Owns the six grants that streaming clients use (Salesforce help, "OAuth Authorization Flows") and their error texts.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING, Final, NamedTuple

from ...org.device_codes import INTERVAL, Decision
from . import assertion
from .errors import OAuthError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from pybayeux_devserver.toolkit import Json

    from ...org.apps import App
    from ...state import OrgState

__all__ = ("JWT_BEARER", "Grants", "TokenEndpoint")

JWT_BEARER: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_WAITING: Final = ("authorization_pending", "slow_down")
"""Errors of a device that waits. They are no attempts to log in."""
_REFRESHING: Final = frozenset({"refresh_token", "offline_access"})
"""The scopes with which there is a refresh token."""
_SALESFORCE: Final = ("https://login.salesforce.com", "https://test.salesforce.com")


class _Grant(NamedTuple):
    app: App
    username: str
    refresh_token: str | None = None
    scope: str | None = None


class TokenEndpoint(NamedTuple):
    """The host under which the token endpoint was requested."""

    instance_url: str
    login_url: str
    at_login_host: bool
    """Whether it is the login host, not My Domain."""


class Grants:
    """Issues tokens.

    Args:
        state: The org.
    """

    def __init__(self, state: OrgState) -> None:
        self._state: Final = state
        self._grants: Final[Mapping[str, Callable[[Mapping[str, str], TokenEndpoint], _Grant]]] = {
            "password": self._password,
            "client_credentials": self._client_credentials,
            "refresh_token": self._refresh_token,
            "authorization_code": self._authorization_code,
            "device": self._device,
            JWT_BEARER: self._jwt_bearer,
        }

    def answer(self, form: Mapping[str, str], endpoint: TokenEndpoint) -> Json:
        """The response of the token endpoint.

        Raises:
            OAuthError: The request is refused.
        """
        way = form.get("grant_type", "")
        try:
            grant = self._grants.get(way)
            if grant is None:
                raise OAuthError("unsupported_grant_type", "grant type not supported")
            granted = grant(form, endpoint)
        except OAuthError as refusal:
            if refusal.error in _WAITING:
                raise
            error = f"{refusal.error}: {refusal.description}"
            self._state.logins.add(way, form.get("username"), form.get("client_id"), error)
            raise
        self._state.logins.add(way, granted.username, granted.app.client_id)
        return self._token_response(granted, endpoint)

    def device_codes(self, form: Mapping[str, str], endpoint: TokenEndpoint) -> Json:
        """The codes for a device and for the person who approves it.

        Raises:
            OAuthError: There is no such app, or it may not use the device flow.
        """
        app = self._state.apps.known.get(form.get("client_id", ""))
        if app is None:
            raise OAuthError("invalid_client_id", "client identifier invalid")
        if not app.device_flow:
            raise OAuthError("invalid_request", "device flow is not enabled")
        code = self._state.device_codes.issue(app.client_id, form.get("scope"))
        interval = self._state.clock.outside(INTERVAL)
        return {
            "device_code": code.value,
            "user_code": code.user_code,
            "verification_uri": f"{endpoint.login_url}/setup/connect",
            "interval": int(interval) if interval.is_integer() else interval,
        }

    def app_of(self, form: Mapping[str, str]) -> App:
        """The app of a request, after its secret was checked if it has one.

        Raises:
            OAuthError: There is no such app, or the secret is wrong.
        """
        app = self._state.apps.known.get(form.get("client_id", ""))
        if app is None:
            raise OAuthError("invalid_client_id", "client identifier invalid")
        if app.client_secret is not None and form.get("client_secret") != app.client_secret:
            raise OAuthError("invalid_client", "invalid client credentials")
        return app

    def _password(self, form: Mapping[str, str], endpoint: TokenEndpoint) -> _Grant:
        app = self.app_of(form)
        user = self._state.users.with_password(form.get("username", ""), form.get("password", ""))
        if user is None:
            raise OAuthError("invalid_grant", "authentication failure")
        return _Grant(app, user.username)

    def _client_credentials(self, form: Mapping[str, str], endpoint: TokenEndpoint) -> _Grant:
        if endpoint.at_login_host:
            raise OAuthError("invalid_grant", "request not supported on this domain")
        app = self.app_of(form)
        if app.client_secret is None:
            raise OAuthError("invalid_grant", "no client credentials user enabled")
        return _Grant(app, app.username)

    def _refresh_token(self, form: Mapping[str, str], endpoint: TokenEndpoint) -> _Grant:
        app, value = self.app_of(form), form.get("refresh_token", "")
        username = self._state.apps.refreshed_by(app, value)
        if username is None:
            raise OAuthError("invalid_grant", "expired access/refresh token")
        if not (app.rotate or self._state.options.rotate_refresh_tokens):
            return _Grant(app, username)
        self._state.apps.revoke_refresh_token(value)
        return _Grant(app, username, self._state.apps.issue_refresh_token(app, username))

    def _authorization_code(self, form: Mapping[str, str], endpoint: TokenEndpoint) -> _Grant:
        app, code = self.app_of(form), self._state.apps.redeem(form.get("code", ""))
        if code is None or code.client_id != app.client_id:
            raise OAuthError("invalid_grant", "expired authorization code")
        if code.redirect_uri != form.get("redirect_uri"):
            raise OAuthError("redirect_uri_mismatch", "redirect_uri must match configuration")
        if code.challenge is not None and code.challenge != _challenge(form.get("code_verifier", "")):
            raise OAuthError("invalid_grant", "invalid code verifier")
        return self._consented(app, code.username, code.scope)

    def _device(self, form: Mapping[str, str], endpoint: TokenEndpoint) -> _Grant:
        codes = self._state.device_codes
        app, code = self._state.apps.known.get(form.get("client_id", "")), codes.polled(form.get("code", ""))
        if app is None:
            raise OAuthError("invalid_client_id", "client identifier invalid")
        if code is None or code.client_id != app.client_id:
            raise OAuthError("invalid_grant", "invalid device code")
        if codes.is_too_soon(code):
            raise OAuthError("slow_down", "polling too frequently")
        if code.decision is Decision.PENDING:
            raise OAuthError("authorization_pending", "authorization pending")
        codes.remove(code)
        if code.decision is Decision.DENIED:
            raise OAuthError("access_denied", "end-user denied authorization")
        return self._consented(app, code.username, code.scope)

    def _consented(self, app: App, username: str, scope: str | None) -> _Grant:
        """The grant of a person. Without scopes it has all of the app's."""
        renewable = scope is None or not _REFRESHING.isdisjoint(scope.split())
        token = self._state.apps.issue_refresh_token(app, username) if renewable else None
        return _Grant(app, username, token, scope)

    def _jwt_bearer(self, form: Mapping[str, str], endpoint: TokenEndpoint) -> _Grant:
        audiences: Collection[str] = (endpoint.login_url, endpoint.instance_url, *_SALESFORCE)
        app, username = assertion.verify(
            form.get("assertion", ""), self._state.apps, audiences, self._state.clock.wall()
        )
        if username != app.username:
            raise OAuthError("invalid_grant", "user hasn't approved this consumer")
        return _Grant(app, username)

    def _token_response(self, granted: _Grant, endpoint: TokenEndpoint) -> Json:
        app, user = granted.app, self._state.users.known[granted.username]
        token = self._state.tokens.issue(user.username, app.client_id, app.token_lifetime)
        identity = f"{endpoint.login_url}/id/{self._state.org_id}/{user.user_id}"
        issued_at = str(round(self._state.clock.now() * 1000))
        secret = (app.client_secret or "").encode()
        signature = hmac.digest(secret, (identity + issued_at).encode(), hashlib.sha256)
        # Salesforce sends no expires_in.
        answer = {
            "access_token": token.value,
            "signature": base64.b64encode(signature).decode(),
            "scope": granted.scope or ("refresh_token api" if granted.refresh_token else "api"),
            "instance_url": endpoint.instance_url,
            "id": identity,
            "token_type": "Bearer",
            "issued_at": issued_at,
        }
        return answer | ({"refresh_token": granted.refresh_token} if granted.refresh_token else {})


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
