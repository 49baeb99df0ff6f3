"""A token endpoint (RFC 6749, section 3.2): sends a request, and returns the grant or raises the error.

The other endpoints of its server that take a form with the app's credentials are asked in the same way.

Authlib builds the request. Its HTTP clients are not used, because they cannot wrap an HTTP client of the user, with its
proxies and certificates.
"""

from __future__ import annotations

import ssl
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode, urlsplit

from ..errors import AuthError, LoginMisconfiguredError, LoginRefusedError, LoginUnreachableError
from ..grant import grant_of
from .http import TIMEOUT, new_http
from .login_url import parse_login_url
from .oauth_errors import REQUEST_ERRORS, TEMPORARY_ERRORS, advice_on

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from ..grant import Grant
    from .app import App

__all__ = ("TokenEndpoint",)

_SECRET_FIELDS: Final = (
    "assertion",
    "code",
    "code_verifier",
    "device_code",
    "password",
    "refresh_token",
    "token",
)
_NEEDED_HEADERS: Final = ("host", "accept-encoding", "connection", "user-agent", "content-length", "transfer-encoding")
_MAX_DESCRIPTION: Final = 200
_MAX_SKEW: Final = 60.0
"""Seconds by which the clocks may differ before the error mentions it."""


class TokenEndpoint:
    """A token endpoint.

    Args:
        login_url: The login server, as in `parse_login_url`.
        http: An httpx client of the user, which stays open; None for that of the Bayeux client (`use_http`), or a new
            one for each request.
        clock: Returns the present time, in seconds since the epoch.

    Raises:
        LoginMisconfiguredError: `login_url` is not valid.
    """

    def __init__(self, login_url: str, *, http: Any = None, clock: Callable[[], float] = time.time) -> None:
        self.url: Final = parse_login_url(login_url)
        self._http: Final = http
        self._shared: Any = None
        self._has_answered = False
        self._clock: Final = clock

    def now(self) -> float:
        """Return the present time, in seconds since the epoch."""
        return self._clock()

    async def request_token(self, grant_type: str, app: App | None = None, **fields: str | None) -> Grant:
        """Request a token.

        Args:
            grant_type: The OAuth grant type.
            app: The app that requests it; None if the fields identify it.
            fields: Further fields of the form; those that are None are left out.

        Raises:
            LoginRefusedError: The server refused the credentials.
            LoginUnreachableError: The server did not answer, or cannot answer now.
            LoginMisconfiguredError: The server does not accept the request, or is no token endpoint.
        """
        answer = await self.send(self.url.endpoint, app, purpose=grant_type, grant_type=grant_type, **fields)
        try:
            return grant_of(answer, self._clock())
        except (TypeError, ValueError):
            raise LoginMisconfiguredError(
                f"login_url: expected a token endpoint; {self.url.endpoint} returned no token"
            ) from None

    async def send(self, url: str, app: App | None = None, *, purpose: str, **fields: str | None) -> Mapping[str, Any]:
        """Send a form to an endpoint of this server, and return the JSON object of its response.

        Args:
            url: The endpoint.
            app: The app that sends it; None if the fields identify it.
            purpose: The grant type, or what else the request is for, from which errors say what to do.
            fields: The fields of the form; those that are None are left out.

        Raises:
            LoginRefusedError: The server refused the credentials.
            LoginUnreachableError: The server did not answer, or cannot answer now.
            LoginMisconfiguredError: The server does not accept the request, or is no such endpoint.
        """
        headers, body = _request(url, app, fields)
        response = await self._post(url, headers, body)
        secrets = [app and app.client_secret, *(fields.get(name) for name in _SECRET_FIELDS)]
        return self._read(url, response, purpose, [secret for secret in secrets if secret])

    def use_http(self, http: Any) -> None:
        """Use the HTTP client of the Bayeux client, if this endpoint has none of its own."""
        self._shared = http

    async def _post(self, url: str, headers: dict[str, str], body: str) -> Any:
        try:
            async with self._client() as http:
                limits = {"timeout": TIMEOUT} if http is self._shared else {}
                request = http.build_request("POST", url, content=body, headers=headers, **limits)
                if http is self._shared:
                    _remove_client_additions(request, headers, url)
                # Do not follow redirects: secrets must not go to another server.
                response = await http.send(request, follow_redirects=False, auth=None)
        except Exception as error:  # the classes depend on the library of the user's client
            raise self._unreachable(error) from error
        self._has_answered = True
        return response

    def _unreachable(self, error: Exception) -> LoginUnreachableError:
        refused = _certificate_error(error)
        if refused is None:
            return LoginUnreachableError(self.url.origin, f"{type(error).__name__}: {error}".rstrip(": "))
        why = f"certificate: {refused.verify_message}; SSL_CERT_FILE or http= of the client can trust another CA"
        # A server that has answered before has a valid certificate: then something is in between, perhaps not for long.
        return LoginUnreachableError(self.url.origin, why, fatal=not self._has_answered)

    @asynccontextmanager
    async def _client(self) -> AsyncIterator[Any]:
        given = self._http if self._http is not None else self._shared
        if given is not None:
            yield given
            return
        async with new_http() as http:
            yield http

    def _read(self, url: str, response: Any, purpose: str, secrets: list[str]) -> Mapping[str, Any]:
        answer = _json(response)
        if isinstance(answer.get("error"), str):
            raise self._refusal(response, answer, purpose, secrets)
        if response.status_code != 200:
            raise self._failure(url, response)
        return answer

    def _refusal(self, response: Any, answer: Mapping[str, Any], purpose: str, secrets: list[str]) -> AuthError:
        error, description = (_redacted(secrets, answer.get(name)) for name in ("error", "error_description"))
        if error.lower() in TEMPORARY_ERRORS or response.status_code >= 500 or response.status_code == 429:
            return LoginUnreachableError(
                self.url.origin, f"{error}: {description}", retry_after=_retry_after(response), error=error.lower()
            )
        advice = advice_on(purpose, error, description)
        if error.lower() in REQUEST_ERRORS:
            text = "; ".join(part for part in (f"{error}: {description}".rstrip(": "), advice) if part)
            return LoginMisconfiguredError(f"login at {self.url.origin} is not possible with these options: {text}")
        if purpose.endswith("jwt-bearer"):
            advice = "; ".join(part for part in (advice, self._skew(response)) if part)
        return LoginRefusedError(self.url.origin, error=error, description=description, advice=advice)

    def _skew(self, response: Any) -> str:
        """Return a note about this machine's clock if it differs so much that a JWT may be invalid, else an empty
        text."""
        server_time = _date(response.headers.get("Date"))
        ahead = 0.0 if server_time is None else self._clock() - server_time
        if abs(ahead) < _MAX_SKEW:
            return ""
        return f"this machine's clock is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} the server's"

    def _failure(self, url: str, response: Any) -> AuthError:
        status = response.status_code
        if status == 429 or status >= 500:
            return LoginUnreachableError(self.url.origin, f"HTTP {status}", retry_after=_retry_after(response))
        if 300 <= status < 400:
            target = urlsplit(response.headers.get("Location", "")).hostname or "nowhere"
            return LoginMisconfiguredError(
                f"login_url: expected a token endpoint; {url} redirects to {target} (not followed)"
            )
        return LoginMisconfiguredError(f"login_url: expected a token endpoint; {url} returned HTTP {status}")


def _request(url: str, app: App | None, fields: Mapping[str, str | None]) -> tuple[dict[str, str], str]:
    # Imported late, because every client imports this package.
    from authlib.oauth2.auth import ClientAuth  # type: ignore[import-untyped]

    headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
    body = urlencode({name: value for name, value in fields.items() if value})
    if app is None:
        return headers, body
    method = app.method if app.client_secret else "none"
    try:
        _, headers, body = ClientAuth(app.client_id, app.client_secret, method).prepare("POST", url, headers, body)
    except UnicodeError:
        raise LoginMisconfiguredError(
            "client_secret: expected Latin characters only, as client_secret_basic requires"
        ) from None
    return headers, body


def _remove_client_additions(request: Any, headers: Mapping[str, str], url: str) -> None:
    """Remove what the shared HTTP client adds by itself: it may be credentials for the Bayeux server."""
    kept = {*map(str.lower, headers), *_NEEDED_HEADERS}
    for name in [name for name in request.headers if name.lower() not in kept]:
        del request.headers[name]
    request.url = type(request.url)(url)


def _certificate_error(error: BaseException | None) -> ssl.SSLCertVerificationError | None:
    while error is not None and not isinstance(error, ssl.SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    return error


def _json(response: Any) -> Mapping[str, Any]:
    try:
        answer = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _redacted(secrets: list[str], text: object) -> str:
    """Return a text of the server on one line, shortened, without the secrets that were sent to it."""
    shown = " ".join(text.split()) if isinstance(text, str) else ""
    for secret in secrets:
        shown = shown.replace(secret, "***")
    return shown[:_MAX_DESCRIPTION]


def _retry_after(response: Any) -> float:
    """Return the seconds in ``Retry-After``; 0 if there are none."""
    header = (response.headers.get("Retry-After") or "").strip()
    if header.isdecimal():
        return float(header)
    moment, now = _date(header), _date(response.headers.get("Date"))
    return 0.0 if moment is None else max(0.0, moment - (now or datetime.now(UTC).timestamp()))


def _date(header: str | None) -> float | None:
    """Return the time in a header, in seconds since the epoch; None if it has none."""
    try:
        moment = parsedate_to_datetime(header or "")
    except (ValueError, OverflowError):
        return None
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()
