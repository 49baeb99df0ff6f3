"""Which addresses may see the token: the client's own server, wherever code has moved it, and hosts that were named.

A server can advise other hosts (``advice.hosts``), and the client then says that it is there. They are strangers all
the same, so what was advised is kept, to tell it from what code says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .origin import Origin, origin_of

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ("Home",)


class Home:
    """The client's own server.

    Args:
        hosts: Others that may see the token, as ``host`` or ``host:port``.
    """

    def __init__(self, hosts: Iterable[str]) -> None:
        self._hosts: Final = frozenset(hosts)
        self._advised: Final[set[str]] = set()
        self._seen: str | None = None
        self._own: Origin | None = None
        self._former: Origin | None = None

    def advised(self, hosts: Iterable[str]) -> None:
        """A server has named these hosts: being there does not make them the client's own."""
        self._advised.update(host.rpartition("//")[2].partition("/")[0].lower() for host in hosts)

    def follow(self, url: str) -> None:
        """The client is at this address: where it began, where code moved it, or where a server sent it."""
        if url == self._seen:
            return
        self._seen = url
        origin = origin_of(url)
        if self._own is None or not self._is_advised(origin):
            self._settle(origin)

    def moved(self, url: str) -> None:
        """Code has moved the client to this address."""
        self._seen = url
        self._settle(origin_of(url))

    def admits(self, url: str) -> bool:
        """Whether the token may go to this address. A request may be on its way when the server moves."""
        if self._own is None:
            return False
        to = origin_of(url)
        return self._own.admits(to, self._hosts) or to == self._former

    def _settle(self, origin: Origin) -> None:
        """Live here; a server that is less secure than the present one is no place for its token."""
        if origin == self._own or (self._own is not None and origin.secure < self._own.secure):
            return
        self._former, self._own = self._own, origin

    def _is_advised(self, origin: Origin) -> bool:
        host = f"[{origin.host}]" if ":" in origin.host else origin.host
        return not self._advised.isdisjoint({host, f"{host}:{origin.port}"})
