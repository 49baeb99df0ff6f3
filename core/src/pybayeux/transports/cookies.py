"""The cookies of one session, whichever transport carries its requests.

CometD ties a session to its cookie, load balancers a client to its server. So one jar serves long-polling and the
WebSocket upgrade alike, and no two clients share one, even where they share an HTTP client.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import httpx

from .._util.dates import parse_date
from .._util.urls import as_http

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from http.cookiejar import Cookie

__all__ = ("CookieJar",)

_SETTING: Final = frozenset({"set-cookie", "set-cookie2"})
_ADDRESSES: Final = 16
_SESSION: Final = "BAYEUX_BROWSER"
"""What CometD ties a session to."""


class CookieJar:
    """Keeps cookies by host and path, IP addresses included (RFC 6265)."""

    def __init__(self) -> None:
        self._cookies: Final = httpx.Cookies()
        self._known: Final[dict[tuple[str, bool], str | None]] = {}

    def seed(self, cookies: httpx.Cookies) -> None:
        """Begin with these too, such as those of the user's HTTP client.

        Left out are those that a server has set here since, and the cookie of another session: an HTTP client keeps
        what comes through it, and sessions that share one would get each other's.
        """
        self._known.clear()
        known = {_key(cookie) for cookie in self._cookies.jar}
        for cookie in cookies.jar:
            if cookie.name != _SESSION and _key(cookie) not in known:
                self._cookies.jar.set_cookie(cookie)

    def header(self, url: str, given: str | None = None, *, anonymous: bool = False) -> str | None:
        """The value of the `Cookie` header for a request to `url`, behind what was given for it; None for no header.

        Cookies of no host in particular, as users give them to HTTP clients, go to every server but the `anonymous`.
        """
        return "; ".join(filter(None, (given, self._header(url, anonymous)))) or None

    def _header(self, url: str, anonymous: bool) -> str | None:
        """To find it out takes a fifth of a small request's time, and the addresses are few: each is asked once."""
        if (url, anonymous) in self._known:
            return self._known[url, anonymous]
        if not self._cookies.jar:
            return None
        request = httpx.Request("GET", as_http(url))
        (self._of_hosts() if anonymous else self._cookies).set_cookie_header(request)
        header: str | None = request.headers.get("Cookie")
        if not any(cookie.expires for cookie in self._cookies.jar):  # else it is another one later
            if len(self._known) >= _ADDRESSES:  # callback-polling has the messages in them
                self._known.clear()
            self._known[url, anonymous] = header
        return header

    def _of_hosts(self) -> httpx.Cookies:
        cookies = httpx.Cookies()
        for cookie in self._cookies.jar:
            if cookie.domain:
                cookies.jar.set_cookie(cookie)
        return cookies

    def take(self, url: str, headers: Iterable[tuple[str, str]]) -> None:
        """Keep what the headers of an answer from `url` set.

        When a cookie expires is told by the server's own clock, the header `Date`: with the one of this machine, which
        may be wrong by hours, a new cookie could look over.
        """
        headers = list(headers)
        setting = [(name, value) for name, value in headers if name.lower() in _SETTING]
        if not setting:
            return
        date = parse_date(next((value for name, value in headers if name.lower() == "date"), None))
        if date is not None:
            setting = [(name, _with_max_age(value, date)) for name, value in setting]
        self._known.clear()
        request = httpx.Request("GET", as_http(url))
        self._cookies.extract_cookies(httpx.Response(200, headers=setting, request=request))


def _with_max_age(cookie: str, date: datetime) -> str:
    """A cookie that says for how long it is valid, made of one that says until when (RFC 6265, section 5.2)."""
    attributes = {name.strip().lower(): value for name, _, value in (part.partition("=") for part in cookie.split(";"))}
    expires = parse_date(attributes.get("expires"))
    if expires is None or "max-age" in attributes:
        return cookie
    return f"{cookie}; Max-Age={max(0, round((expires - date).total_seconds()))}"


def _key(cookie: Cookie) -> tuple[str, str, str]:
    return cookie.domain, cookie.path, cookie.name
