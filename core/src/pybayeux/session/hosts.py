"""Hosts: which server a handshake goes to, the user's own or one that the server advised (Bayeux 1.0, section 3.5).

Knows names only. No client in use follows ``hosts``; the specification says SHOULD, and a cluster that drains a node
depends on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ("Hosts",)

_MOST: Final = 100
"""Hosts of one advice that are tried."""


class Hosts:
    """The order in which servers are asked.

    The hosts advised are tried in their order when a new handshake is due and the host in use is not among them; then
    the user's own again.

    Args:
        own: The host of the user's own server, with its port if it has one.

    Attributes:
        current: The host in use as it was advised, or None for the user's own.
    """

    def __init__(self, own: str) -> None:
        self._own = own
        self._order: list[str | None] = [None]
        self.current: str | None = None

    def restart(self) -> None:
        """Begin with the user's own server."""
        self._order, self.current = [None], None

    def move(self, own: str) -> None:
        """The user's own server has another host now, and is the one to ask."""
        self._own = own
        self.restart()

    def session_lost(self, advised: Sequence[str]) -> None:
        """A handshake is due while these hosts are advised."""
        # The specification has a client move only where the host in use is not among those advised.
        if not advised or _name(self.current or self._own) in map(_name, advised):
            return
        self._order = [*advised[:_MOST], None]
        self.current = self._order[0]

    def handshake_failed(self) -> None:
        """The handshake with the current host failed: the next one in order is due."""
        # Where `move` has begun a new order in the meantime, the current host is not in it, and it starts at the top.
        place = self._order.index(self.current) if self.current in self._order else -1
        self.current = self._order[(place + 1) % len(self._order)]


def _name(host: str) -> str:
    # Servers advise "host:port" (the specification) or whole URLs.
    return urlsplit(host).netloc if "://" in host else host
