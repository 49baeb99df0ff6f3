"""The cookies of one session, whichever transport carries its requests.

CometD ties a session to its cookie, load balancers a client to its server. So one jar serves long-polling and the
WebSocket upgrade alike, and no two clients share one, even where they share an HTTP client.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ("CookieJar",)

_HTTP: Final = {"ws": "http", "wss": "https"}


class CookieJar:
    """Keeps cookies by host and path, IP addresses included (RFC 6265)."""

    def __init__(self) -> None:
        self._cookies: Final = httpx.Cookies()

    def seed(self, cookies: httpx.Cookies) -> None:
        """Begin with these too, such as those of the user's HTTP client."""
        self._cookies.update(cookies)

    def header(self, url: str, given: str | None = None) -> str | None:
        """The value of the `Cookie` header for a request to `url`, behind what was given for it; None for no header."""
        request = httpx.Request("GET", _as_http(url))
        self._cookies.set_cookie_header(request)
        return "; ".join(filter(None, (given, request.headers.get("Cookie")))) or None

    def take(self, url: str, headers: Iterable[tuple[str, str]]) -> None:
        """Keep what the headers of an answer from `url` set."""
        request = httpx.Request("GET", _as_http(url))
        self._cookies.extract_cookies(httpx.Response(200, headers=list(headers), request=request))


def _as_http(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    return f"{_HTTP.get(scheme, scheme)}{separator}{rest}"
