"""A token endpoint (RFC 6749, section 3.2): one request, and a grant or an error that says what is wrong.

Authlib knows how the request looks and where a client's credentials go in it. Its own HTTP clients stay aside: they
cannot be made of a client that the user has, with proxies and certificates of its own.
"""

from __future__ import annotations

import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

import httpx

from ..errors import AuthError, LoginMisconfiguredError, LoginRefusedError, LoginUnreachableError
from ..grant import grant_of
from .explanations import MISTAKES, TRANSIENT, advice_on
from .login_url import parse_login_url

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from ..grant import Grant
    from .app import App

__all__ = ("TokenEndpoint",)

_SECRET: Final = ("assertion", "password", "refresh_token")
_TIMEOUT: Final = 30.0
_LONGEST: Final = 200
_SKEW: Final = 60.0
"""Seconds that clocks may differ by before it is worth a word."""


class TokenEndpoint:
    """Asks one token endpoint.

    Args:
        login_url: As `parse_login_url` has it.
        http: An httpx client of the user's, which stays open; None for a new one each time.
        clock: Gives the time of day, in seconds since 1970.

    Raises:
        LoginMisconfiguredError: The address is none.
    """

    def __init__(self, login_url: str, *, http: Any = None, clock: Callable[[], float] = time.time) -> None:
        self.url: Final = parse_login_url(login_url)
        self._http: Final = http
        self._clock: Final = clock

    def now(self) -> float:
        """The time of day."""
        return self._clock()

    async def ask(self, grant_type: str, app: App | None = None, **fields: str | None) -> Grant:
        """Ask for a token.

        Args:
            grant_type: The kind of the request.
            app: Who asks; None where the fields say it.
            fields: What else goes into it; None is left out.

        Raises:
            LoginRefusedError: The server refused the credentials.
            LoginUnreachableError: It did not answer, or not now.
            LoginMisconfiguredError: It does not know what is asked for.
        """
        headers, body = _request(self.url.endpoint, grant_type, app, fields)
        response = await self._post(headers, body)
        secrets = [app and app.client_secret, *(fields.get(name) for name in _SECRET)]
        return self._read(response, grant_type, [secret for secret in secrets if secret])

    async def _post(self, headers: dict[str, str], body: str) -> Any:
        try:
            async with self._client() as http:
                # No redirect is followed: secrets go to the server that was named, and to no other.
                return await http.post(
                    self.url.endpoint, content=body, headers=headers, follow_redirects=False, auth=None
                )
        except Exception as error:  # which ones there are depends on the library of the client
            why = f"{type(error).__name__}: {error}".rstrip(": ")
            raise LoginUnreachableError(self.url.origin, why) from error

    @asynccontextmanager
    async def _client(self) -> AsyncIterator[Any]:
        if self._http is not None:
            yield self._http
            return
        async with httpx.AsyncClient(timeout=_TIMEOUT) as http:
            yield http

    def _read(self, response: Any, grant_type: str, secrets: list[str]) -> Grant:
        answer = _json(response)
        if isinstance(answer.get("error"), str):
            raise self._refusal(response, answer, grant_type, secrets)
        if response.status_code != 200:
            raise self._failure(response)
        try:
            return grant_of(answer, self._clock())
        except (TypeError, ValueError):
            raise LoginMisconfiguredError(f"{self.url.endpoint} gives no token: it is no token endpoint") from None

    def _refusal(self, response: Any, answer: Mapping[str, Any], grant_type: str, secrets: list[str]) -> AuthError:
        error, description = (_without(secrets, answer.get(name)) for name in ("error", "error_description"))
        if error.lower() in TRANSIENT or response.status_code >= 500 or response.status_code == 429:
            return LoginUnreachableError(self.url.origin, f"{error}: {description}", retry_after=_pause(response))
        advice = advice_on(grant_type, error, description)
        if error.lower() in MISTAKES:
            text = "; ".join(part for part in (f"{error}: {description}".rstrip(": "), advice) if part)
            return LoginMisconfiguredError(f"login at {self.url.origin} is not possible so: {text}")
        if grant_type.endswith("jwt-bearer"):
            advice = "; ".join(part for part in (advice, self._skew(response)) if part)
        return LoginRefusedError(self.url.origin, error=error, description=description, advice=advice)

    def _skew(self, response: Any) -> str:
        """A word about this machine's clock, where it differs so much that a JWT may not be valid."""
        told = _date(response.headers.get("Date"))
        ahead = 0.0 if told is None else self._clock() - told
        if abs(ahead) < _SKEW:
            return ""
        return f"this machine's clock is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} the server's"

    def _failure(self, response: Any) -> AuthError:
        status = response.status_code
        if status == 429 or status >= 500:
            return LoginUnreachableError(self.url.origin, f"HTTP {status}", retry_after=_pause(response))
        if 300 <= status < 400:
            target = httpx.URL(response.headers.get("Location", "")).host or "nowhere"
            return LoginMisconfiguredError(f"login_url: {self.url.endpoint} points to {target}, and is not followed")
        return LoginMisconfiguredError(f"login_url: {self.url.endpoint} is no token endpoint: HTTP {status}")


def _request(
    url: str, grant_type: str, app: App | None, fields: Mapping[str, str | None]
) -> tuple[dict[str, str], str]:
    # Imported late: every client imports this package.
    from authlib.oauth2.auth import ClientAuth  # type: ignore[import-untyped]
    from authlib.oauth2.rfc6749.parameters import prepare_token_request  # type: ignore[import-untyped]

    headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
    body = prepare_token_request(grant_type, **{name: value for name, value in fields.items() if value})
    if app is None:
        return headers, body
    method = app.method if app.client_secret else "none"
    try:
        _, headers, body = ClientAuth(app.client_id, app.client_secret, method).prepare("POST", url, headers, body)
    except UnicodeError:
        raise LoginMisconfiguredError("client_secret: client_secret_basic takes Latin characters alone") from None
    return headers, body


def _json(response: Any) -> Mapping[str, Any]:
    try:
        answer = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _without(secrets: list[str], text: object) -> str:
    """What the server said, cut, on one line, and without what it was told."""
    shown = " ".join(text.split()) if isinstance(text, str) else ""
    for secret in secrets:
        shown = shown.replace(secret, "***")
    return shown[:_LONGEST]


def _pause(response: Any) -> float:
    """Seconds that the server wants to be left alone (``Retry-After``)."""
    header = (response.headers.get("Retry-After") or "").strip()
    if header.isdecimal():
        return float(header)
    moment = _date(header)
    return 0.0 if moment is None else max(0.0, moment - datetime.now(UTC).timestamp())


def _date(header: str | None) -> float | None:
    """The moment in a header, in seconds since 1970."""
    try:
        moment = parsedate_to_datetime(header or "")
    except (ValueError, OverflowError):
        return None
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()
