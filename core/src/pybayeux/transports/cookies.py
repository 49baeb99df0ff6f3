"""The cookies of one session, whichever transport carries its requests (RFC 6265, sections 5.3 and 5.4).

CometD ties a session to its cookie, load balancers a client to its server. So one jar serves long-polling and the
WebSocket upgrade alike, and no two clients share one, even where they share an HTTP client.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from .._util.dates import parse_date
from .set_cookie import Cookie, as_octets, domain_matches, path_matches, read_cookie

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from http import cookiejar

    import httpx

__all__ = ("CookieJar",)

_SETTING: Final = "set-cookie"
_ADDRESSES: Final = 16
_MOST: Final = 300
_SESSION: Final = "BAYEUX_BROWSER"
"""What CometD ties a session to."""
_LOCAL: Final = ".local"
"""What Python's own jar appends to a host of one label."""


class CookieJar:
    """Keeps cookies by host and path, IP addresses included; of more than three hundred, the newest.

    Headers are texts of which each character stands for an octet.
    """

    def __init__(self) -> None:
        self._cookies: Final[dict[tuple[str, str, str], Cookie]] = {}
        self._known: Final[dict[tuple[str, bool], str | None]] = {}

    def seed(self, cookies: httpx.Cookies) -> None:
        """Begin with these too, such as those of the user's HTTP client.

        Left out are those that a server has set here since, and the cookie of another session: an HTTP client keeps
        what comes through it, and sessions that share one would get each other's.
        """
        for given in cookies.jar:
            cookie = _converted(given)
            if cookie.name != _SESSION and cookie.key not in self._cookies:
                self._keep(cookie)

    def header(self, url: str, given: str | None = None, *, anonymous: bool = False) -> str | None:
        """The value of the `Cookie` header for a request to `url`, behind what was given for it; None for no header.

        Cookies of no host in particular, as users give them to HTTP clients, go to every server but the `anonymous`.
        """
        return "; ".join(filter(None, (given and as_octets(given), self._header(url, anonymous)))) or None

    def _header(self, url: str, anonymous: bool) -> str | None:
        """The addresses are few: each is asked for once."""
        if not self._cookies:
            return None
        if (url, anonymous) in self._known:
            return self._known[url, anonymous]
        # The longest path first; the dictionary keeps those of one path in the order of their creation.
        fitting = sorted(self._fitting(url, anonymous), key=lambda cookie: len(cookie.path), reverse=True)
        header = "; ".join(f"{cookie.name}={cookie.value}" for cookie in fitting) or None
        if not any(cookie.expires for cookie in self._cookies.values()):  # else it is another one later
            if len(self._known) >= _ADDRESSES:  # callback-polling has the messages in them
                self._known.clear()
            self._known[url, anonymous] = header
        return header

    def _fitting(self, url: str, anonymous: bool) -> Iterator[Cookie]:
        parts, now = urlsplit(url), time.time()
        host, path, is_secure = (parts.hostname or "").lower(), parts.path or "/", parts.scheme in ("https", "wss")
        for cookie in self._cookies.values():
            if cookie.is_over(now) or (cookie.secure and not is_secure) or not path_matches(path, cookie.path):
                continue
            if not cookie.domain:
                if not anonymous:
                    yield cookie
            elif host == cookie.domain or (not cookie.host_only and domain_matches(host, cookie.domain)):
                yield cookie

    def take(self, url: str, headers: Iterable[tuple[str, str]]) -> None:
        """Keep what the headers of an answer from `url` set. What cannot be read is left out.

        The server's own clock, the header `Date`, decides when a cookie ends: with the clock of this machine, which may
        be wrong by hours, a new cookie could look over.
        """
        headers = list(headers)
        setting = [as_octets(value) for name, value in headers if name.lower() == _SETTING]
        if not setting:
            return
        date = parse_date(next((value for name, value in headers if name.lower() == "date"), None))
        clock_error = 0.0 if date is None else time.time() - date.timestamp()
        for value in setting:
            if (cookie := read_cookie(url, value, time.time, clock_error)) is not None:
                self._keep(cookie)

    def _keep(self, cookie: Cookie) -> None:
        self._known.clear()
        if cookie.is_over(time.time()):
            self._cookies.pop(cookie.key, None)
            return
        self._cookies[cookie.key] = cookie  # one that takes another's place keeps its turn
        while len(self._cookies) > _MOST:
            del self._cookies[next(iter(self._cookies))]


def _converted(given: cookiejar.Cookie) -> Cookie:
    domain = given.domain.lower().removeprefix(".")
    host_only = not given.domain_specified
    if host_only and domain.count(".") == 1:
        domain = domain.removesuffix(_LOCAL)
    value = f"{given.name}={given.value or ''}"
    name, _, octets = as_octets(value).partition("=")
    expires = None if given.expires is None else float(given.expires)
    return Cookie(name, octets, domain, host_only, given.path or "/", given.secure, expires)
