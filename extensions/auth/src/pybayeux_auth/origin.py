"""Which addresses may see the token."""

from __future__ import annotations

from typing import Final, NamedTuple
from urllib.parse import urlsplit

__all__ = ("Origin", "origin_of")

_SECURE: Final = {"http": False, "ws": False, "https": True, "wss": True}


class Origin(NamedTuple):
    """Who answers at an address; the same server by HTTP and by WebSocket is one origin."""

    secure: bool
    host: str
    port: int

    def admits(self, other: Origin, hosts: frozenset[str]) -> bool:
        """Whether what belongs to this origin may go to `other`: to itself, and to hosts named, if as secure."""
        named = other.host in hosts or f"{other.host}:{other.port}" in hosts
        return other == self or (named and other.secure >= self.secure)


def origin_of(url: str) -> Origin:
    """The origin of a URL.

    Raises:
        ValueError: The URL is none of http, https, ws and wss.
    """
    parts = urlsplit(url)
    secure = _SECURE.get(parts.scheme)
    if secure is None or parts.hostname is None:
        raise ValueError(f"no address of a server: {parts.scheme}://{parts.hostname}")
    return Origin(secure, parts.hostname, parts.port or (443 if secure else 80))
