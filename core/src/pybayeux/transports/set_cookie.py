"""The header `Set-Cookie`, read as browsers read it (RFC 6265, sections 5.1 and 5.2). Keeps nothing.

Texts stand for octets here, each character for one: a cookie has to go back as it came, whatever it is encoded in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("Cookie", "as_octets", "domain_matches", "is_address", "path_matches", "read_cookie")

_LONGEST: Final = 8192
_LONGEST_ATTRIBUTE: Final = 1024
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_ADDRESS: Final = re.compile(r"[\d.]+\Z|.*:")
_DATE_PARTS: Final = re.compile(r"[A-Za-z0-9:\x80-\xff]+")
_TIME: Final = re.compile(r"(\d{1,2}):(\d{1,2}):(\d{1,2})(?!\d)")
_DAY: Final = re.compile(r"(\d{1,2})(?!\d)")
_YEAR: Final = re.compile(r"(\d{2,4})(?!\d)")
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_SECONDS: Final = re.compile(r"-?\d{1,18}\Z")


@dataclass(frozen=True, slots=True)
class Cookie:
    """One cookie.

    Attributes:
        domain: The host, or the domain, that it is for; empty for every host.
        host_only: Whether it is for exactly this host.
        expires: When it ends, in seconds since 1970; None for the end of the session.
    """

    name: str
    value: str
    domain: str
    host_only: bool
    path: str
    secure: bool = False
    expires: float | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """What another cookie has that takes the place of this one."""
        return self.domain, self.path, self.name

    def is_over(self, now: float) -> bool:
        """Whether it has ended."""
        return self.expires is not None and self.expires <= now


def as_octets(text: str) -> str:
    """A header's value, one character for each octet, whichever way the library has decoded it."""
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogateescape").decode("latin-1")
    return text


def read_cookie(url: str, header: str, clock: Callable[[], float], clock_error: float = 0.0) -> Cookie | None:
    """The cookie that an answer from `url` sets; None where it sets none, or may not set it.

    Args:
        url: What was asked for.
        header: The value of `Set-Cookie`.
        clock: The time in seconds since 1970, by the clock of this machine.
        clock_error: Seconds that this clock is ahead of the server's.
    """
    if _CONTROL.search(header):
        return None
    pair, *rest = header.split(";")
    name, separator, value = (part.strip() for part in pair.partition("="))
    if not separator or not name or len(name) + len(value) > _LONGEST:
        return None
    attributes = _attributes(rest)
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    domain = _unquoted(attributes.get("domain", "")).lower().removeprefix(".")
    # A domain of one label is all of a top-level domain, unless it is the host itself: "localhost", say.
    host_only = not domain or (domain == host and (is_address(host) or "." not in host))
    if not host_only and ("." not in domain or not domain_matches(host, domain)):
        return None
    path = _unquoted(attributes.get("path", ""))
    return Cookie(
        name,
        value,
        host if host_only else domain,
        host_only,
        path if path.startswith("/") else _default_path(parts.path),
        "secure" in attributes,
        _expires(attributes, clock, clock_error),
    )


def _attributes(parts: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in parts:
        name, _, value = part.partition("=")
        if len(value) <= _LONGEST_ATTRIBUTE:
            found[name.strip().lower()] = value.strip()
    return found


def _unquoted(value: str) -> str:
    return value[1:-1].strip() if len(value) > 1 and value[0] == value[-1] == '"' else value


def _default_path(path: str) -> str:
    return path[: path.rfind("/")] or "/" if path.startswith("/") else "/"


def _expires(attributes: dict[str, str], clock: Callable[[], float], clock_error: float) -> float | None:
    """The end, of which `Max-Age` says more than `Expires`; what cannot be read says nothing."""
    if _SECONDS.match(age := _unquoted(attributes.get("max-age", ""))):
        return clock() + int(age) if int(age) > 0 else 0.0
    date = _unquoted(attributes.get("expires", ""))
    end = _read_date(date) if date else None
    return None if end is None else end + clock_error


def _read_date(text: str) -> float | None:
    """A date in any of the forms in use, by section 5.1.1: the parts are known by their looks, in any order."""
    time: tuple[int, int, int] | None = None
    day, month, year = None, None, None
    for part in _DATE_PARTS.findall(text):
        if time is None and (found := _TIME.match(part)) is not None:
            time = int(found[1]), int(found[2]), int(found[3])
        elif day is None and (found := _DAY.match(part)) is not None:
            day = int(found[1])
        elif month is None and part[:3].lower() in _MONTHS:
            month = _MONTHS.index(part[:3].lower()) + 1
        elif year is None and (found := _YEAR.match(part)) is not None:
            year = int(found[1])
    if time is None or day is None or month is None or year is None:
        return None
    if year < 100:
        year += 1900 if year >= 70 else 2000
    try:
        return datetime(year, month, day, time[0], time[1], time[2], tzinfo=UTC).timestamp()
    except (ValueError, OverflowError):
        return None


def is_address(host: str) -> bool:
    """Whether a host is an address rather than a name."""
    return _ADDRESS.match(host) is not None


def domain_matches(host: str, domain: str) -> bool:
    """Whether a host is in a domain (section 5.1.3)."""
    return host == domain or (host.endswith(f".{domain}") and not is_address(host))


def path_matches(path: str, of_cookie: str) -> bool:
    """Whether a path is under that of a cookie (section 5.1.4)."""
    return path == of_cookie or (path.startswith(of_cookie) and (of_cookie[-1] == "/" or path[len(of_cookie)] == "/"))
