"""Redirects: where one leads, and which headers may go along (RFC 9110, section 15.4). Sends nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urldefrag, urljoin, urlsplit, urlunsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("FOLLOWED", "MOST_REDIRECTS", "Redirect", "anonymous_headers", "read_redirect", "without_secrets")

FOLLOWED: Final = frozenset({307, 308})
"""They ask for the same method and body. The others turn a POST into a GET, which no Bayeux server answers."""

MOST_REDIRECTS: Final = 5

_REDIRECTS: Final = FOLLOWED | {301, 302, 303}
_PORTS: Final = {"http": 80, "https": 443}
_ANONYMOUS: Final = frozenset(
    {
        "accept",
        "accept-encoding",
        "accept-language",
        "cache-control",
        "connection",
        "content-length",
        "content-type",
        "host",
        "transfer-encoding",
        "user-agent",
    }
)


class Redirect(NamedTuple):
    """Another address that a server's answer points to.

    Attributes:
        text: The address without user, password and query, which may be secret; for texts.
        url: The address to send the same request to, or None where this is not to be followed.
        same_origin: Whether the same server answers there.
    """

    text: str
    url: str | None
    same_origin: bool


def read_redirect(status: int, asked: str, location: str | None) -> Redirect | None:
    """The redirect that an answer makes; None where it makes none.

    An address that is neither http nor https is not followed, nor one that leaves TLS: messages carry the client id,
    and an eavesdropper could take the session over.

    Args:
        status: The answer's status.
        asked: The URL that was asked.
        location: The answer's header `Location`, which may be relative.
    """
    if status not in _REDIRECTS or location is None:
        return None
    try:
        url = urldefrag(urljoin(asked, location.strip())).url
        old, new = _origin(asked), _origin(url)
    except ValueError:
        return Redirect("an address that cannot be read", None, same_origin=False)
    may_be_followed = status in FOLLOWED and new[0] in _PORTS and bool(new[1]) and (old[0], new[0]) != ("https", "http")
    return Redirect(without_secrets(url), url if may_be_followed else None, old == new)


def anonymous_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Those of the headers that do not identify the sender."""
    return {name: value for name, value in headers.items() if name.lower() in _ANONYMOUS}


def without_secrets(url: str) -> str:
    """An address without user, password and query, which may be secret."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)
