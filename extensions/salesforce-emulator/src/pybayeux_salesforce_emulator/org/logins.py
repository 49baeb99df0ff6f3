"""The record of logins: who tried to log in, how, and with which result.

Tests use it to see that a client does not log in without need.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .clock import OrgClock

__all__ = ("Login", "Logins")


@dataclass(frozen=True, slots=True)
class Login:
    """One attempt to log in."""

    time: float
    """In the org's time."""
    way: str
    """The OAuth grant type, or ``soap``."""
    username: str | None
    client_id: str | None
    error: str | None = None
    """Why it failed. None if it succeeded."""


class Logins:
    """All attempts to log in, the oldest first.

    Args:
        clock: The org's clock.
    """

    def __init__(self, clock: OrgClock) -> None:
        self._clock: Final = clock
        self.history: Final[list[Login]] = []

    def add(
        self, way: str, username: str | None = None, client_id: str | None = None, error: str | None = None
    ) -> None:
        """Record an attempt."""
        self.history.append(Login(self._clock.now(), way, username, client_id, error))

    @property
    def succeeded(self) -> int:
        """How many attempts succeeded."""
        return sum(1 for login in self.history if login.error is None)

    @property
    def failed(self) -> int:
        """How many attempts failed."""
        return len(self.history) - self.succeeded
