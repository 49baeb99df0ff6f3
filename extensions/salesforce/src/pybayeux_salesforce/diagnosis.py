"""Sessions that are lost again and again right after they began: not the load balancer, but something in between.

Salesforce moves a client to another server every few hours. Sessions that live for seconds have another cause, and no
number of handshakes helps; it is said once, in words.
"""

from __future__ import annotations

from typing import Final

__all__ = ("Lifetimes",)

_SHORT: Final = 30.0
_ENOUGH: Final = 3
_WORDS: Final = (
    f"{_ENOUGH} sessions in a row were lost right after they began. Either the server's cookies do not come back to it "
    "(a proxy or an HTTP client that strips them), or another client shares this one's cookies or takes its place "
    "(one cookie jar for one client), or a proxy spreads the requests over addresses, and the org locks sessions to one"
)


class Lifetimes:
    """How long the last sessions lived."""

    def __init__(self) -> None:
        self._began: float | None = None
        self._short = 0

    def began(self, now: float) -> None:
        """A handshake succeeded."""
        self._began = now

    def lost(self, now: float) -> str:
        """The server knows the session no more; gives what is to be said of it, mostly nothing.

        Args:
            now: The present time in seconds, of the clock that `began` was told.
        """
        if self._began is None:
            return ""
        is_short = now - self._began < _SHORT
        self._began = None
        self._short = self._short + 1 if is_short else 0
        return _WORDS if self._short == _ENOUGH else ""
