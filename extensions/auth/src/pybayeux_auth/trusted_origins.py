"""Origins that may receive the token: the client's own server, where code has moved it, and hosts that were named.

A server can advise other hosts (``advice.hosts``), and the client then goes there. Such a host is not trusted. So
advised hosts are noted, to distinguish a move by the server from a move by code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ("Origin", "TrustedOrigins", "origin_of")

_SECURE: Final = {"http": False, "ws": False, "https": True, "wss": True}


class Origin(NamedTuple):
    """The origin of a URL (RFC 6454), except that HTTP and WebSocket of one server are the same origin.

    Attributes:
        secure: Whether the connection is encrypted.
        host: The host, in lower case.
        port: The port.
    """

    secure: bool
    host: str
    port: int

    def trusts(self, other: Origin, hosts: frozenset[str]) -> bool:
        """Whether this origin's token may go to `other`: the same origin, or a named host that is as secure."""
        named = other.host in hosts or f"{other.host}:{other.port}" in hosts
        return other == self or (named and other.secure >= self.secure)


def origin_of(url: str) -> Origin:
    """Return the origin of a URL.

    Raises:
        ValueError: The scheme is not one of http, https, ws, wss, or there is no host.
    """
    parts = urlsplit(url)
    secure = _SECURE.get(parts.scheme)
    if secure is None or parts.hostname is None:
        raise ValueError(
            f"url: expected http, https, ws or wss and a host; got {parts.scheme or '(no scheme)'}://"
            f"{parts.hostname or '(no host)'}"
        )
    return Origin(secure, parts.hostname, parts.port or (443 if secure else 80))


class TrustedOrigins:
    """Decides which URLs may receive the token of one client.

    Args:
        hosts: Further hosts that may receive it, as ``host`` or ``host:port``.
    """

    def __init__(self, hosts: Iterable[str]) -> None:
        self._hosts: Final = frozenset(hosts)
        self._advised: Final[set[str]] = set()
        self._url: str | None = None
        self._own: Origin | None = None
        self._former: Origin | None = None

    def add_advised(self, hosts: Iterable[str]) -> None:
        """Note hosts that the server advised. A client that goes there does not make them trusted."""
        self._advised.update(host.rpartition("//")[2].partition("/")[0].lower() for host in hosts)

    def follow(self, url: str) -> None:
        """Note the client's present URL: the first one, or one to which code or the server moved it."""
        if url == self._url:
            return
        self._url = url
        origin = origin_of(url)
        if self._own is None or not self._is_advised(origin):
            self._set_own(origin)

    def moved(self, url: str) -> None:
        """Note that code moved the client to this URL. It is trusted even if the server advised it."""
        self._url = url
        self._set_own(origin_of(url))

    def trusts(self, url: str) -> bool:
        """Whether the token may go to this URL. The former server is trusted, for requests started before a move."""
        if self._own is None:
            return False
        to = origin_of(url)
        return self._own.trusts(to, self._hosts) or to == self._former

    def _set_own(self, origin: Origin) -> None:
        # A less secure server must not receive the token of the present one.
        if origin == self._own or (self._own is not None and origin.secure < self._own.secure):
            return
        self._former, self._own = self._own, origin

    def _is_advised(self, origin: Origin) -> bool:
        host = f"[{origin.host}]" if ":" in origin.host else origin.host
        return not self._advised.isdisjoint({host, f"{host}:{origin.port}"})
