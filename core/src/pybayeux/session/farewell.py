"""The end of a session that the user wants: what waits is sent, then a disconnect, and nothing takes for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .. import requests
from .exchange import Exchange, Kind, Request

if TYPE_CHECKING:
    from .shared import Shared

__all__ = ("Farewell",)

_PATIENCE: Final = 1.0


class Farewell:
    """One disconnect, and the time until which the session is over in any case.

    Attributes:
        outstanding: The disconnect under way.
    """

    def __init__(self, shared: Shared) -> None:
        self._shared: Final = shared
        self.outstanding: Exchange | None = None
        self._is_said = False
        self._close_by: float | None = None

    def reset(self) -> None:
        """A new session begins."""
        self._close_by, self._is_said = None, False

    def begin(self, now: float) -> None:
        """The session is to end within the network's delay."""
        self._close_by = now + self._shared.config.max_network_delay

    def is_overdue(self, now: float) -> bool:
        """Whether the time is up."""
        return self._close_by is not None and now >= self._close_by

    def say(self, now: float) -> Exchange | None:
        """The disconnect, once; None where it is said already or where there is no session."""
        client_id = self._shared.client_id
        if self._is_said or client_id is None:
            return None
        self._is_said = True
        self.outstanding = self._shared.open(Kind.DISCONNECT, [Request(requests.disconnect(client_id))], now)
        return self.outstanding

    def wake_at(self) -> float | None:
        """When this wants to be asked again."""
        deadline = None if self.outstanding is None else self.outstanding.deadline
        return min((time for time in (self._close_by, deadline) if time is not None), default=None)

    def answered(self, now: float, held: Exchange | None) -> None:
        """The server knows, or will not say; a connect that it still holds is waited for, but not for long.

        Servers answer it when the session goes.
        """
        self.outstanding = None
        if held is not None:
            self._close_by = min(now + _PATIENCE, held.deadline)

    @property
    def is_over(self) -> bool:
        """Whether it was said, and is answered."""
        return self._is_said and self.outstanding is None

    def drop(self) -> None:
        """Nobody waits for the answer any more."""
        if self.outstanding is not None:
            self._shared.abandon(self.outstanding)
            self.outstanding = None
