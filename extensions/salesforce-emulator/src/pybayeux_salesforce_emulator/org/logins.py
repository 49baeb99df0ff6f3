"""The record of logins: who tried to get a token how, and what came of it.

Owns nothing but the record; it is what tests look at to see that a client does not log in for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .clock import OrgClock

__all__ = ("Login", "Logins")


@dataclass(frozen=True, slots=True)
class Login:
    """One attempt."""

    time: float
    """In the org's time."""
    way: str
    """The OAuth grant type, or ``soap``."""
    username: str | None
    client_id: str | None
    error: str | None = None
    """Why it failed, or None."""


class Logins:
    """All attempts, the oldest first.

    Args:
        clock: The org's time.
    """

    def __init__(self, clock: OrgClock) -> None:
        self._clock: Final = clock
        self.history: Final[list[Login]] = []

    def add(
        self, way: str, username: str | None = None, client_id: str | None = None, error: str | None = None
    ) -> None:
        """Somebody has tried."""
        self.history.append(Login(self._clock.now(), way, username, client_id, error))

    @property
    def succeeded(self) -> int:
        """How many tokens were given out."""
        return sum(1 for login in self.history if login.error is None)

    @property
    def failed(self) -> int:
        """How many attempts were turned down."""
        return len(self.history) - self.succeeded
