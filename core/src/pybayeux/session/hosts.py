"""Which server to ask for a session: the user's own, or one that it advised (Bayeux 1.0, section 3.5, ``hosts``).

The hosts advised are tried in their order when a new handshake is due and the host in use is not among them; then the
user's own again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ("Hosts",)


class Hosts:
    """The order in which servers are asked.

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

    def new_handshake(self, advised: Sequence[str]) -> None:
        """A new session is to be begun, while these hosts are advised."""
        if not advised or _name(self.current or self._own) in map(_name, advised):
            return
        self._order = [*advised, None]
        self.current = self._order[0]

    def failed(self) -> None:
        """The handshake with the current host failed: the next one is due."""
        place = self._order.index(self.current) if self.current in self._order else -1
        self.current = self._order[(place + 1) % len(self._order)]


def _name(host: str) -> str:
    return urlsplit(host).netloc if "://" in host else host
