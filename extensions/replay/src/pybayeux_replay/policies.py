"""The three settings: where a subscription begins at first, after a position that is of no use, after a lost session.

Owns the words of the options and what they make of them. Knows no subscription's state.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final, Literal, TypeAlias

from .gap import Gap
from .position import EARLIEST, LATEST, Place, place

__all__ = ("OnInvalid", "OnRecovery", "Policies")

OnInvalid: TypeAlias = Literal["earliest", "latest", "raise"] | Callable[[Gap], Place | Literal["raise"]]
"""What to do about a position that the server refuses, or that another org or instance numbered."""

OnRecovery: TypeAlias = Literal["resume", "latest"]
"""Where to go on in a new session within a run: after the last handled event, or with what is new."""


class Policies:
    """What was chosen, for all subscriptions of a client.

    Args:
        since: Where a subscription without a position begins, for all or for each by itself.
        on_invalid: Where it begins if its position is of no use.
        on_recovery: Where it goes on in a new session.
        retention: How long the server keeps events, where that is known; a number is seconds.

    Attributes:
        live_only: Whether a new session goes on with what is new.

    Raises:
        ValueError: One of them makes no sense.
    """

    def __init__(
        self,
        since: Place | Mapping[str, Place] = "latest",
        on_invalid: OnInvalid = "earliest",
        on_recovery: OnRecovery = "resume",
        retention: float | timedelta | None = None,
    ) -> None:
        each = dict(since) if isinstance(since, Mapping) else {}
        self._start: Final = LATEST if isinstance(since, Mapping) else _place("since", since)
        self._starts: Final = {name: _place(f"since {name}", start) for name, start in each.items()}
        if not callable(on_invalid) and on_invalid not in ("earliest", "latest", "raise"):
            raise ValueError(f"on_invalid {on_invalid!r} is neither 'earliest' nor 'latest' nor 'raise' nor a function")
        if on_recovery not in ("resume", "latest"):
            raise ValueError(f"on_recovery {on_recovery!r} is neither 'resume' nor 'latest'")
        self._on_invalid: Final = on_invalid
        self.live_only: Final = on_recovery == "latest"
        self._retention: Final = _duration(retention)

    def start(self, subscription: str) -> int:
        """Where a subscription without a position begins."""
        return self._starts.get(subscription, self._start)

    def fall_back(self, gap: Gap) -> int | None:
        """Where a subscription begins whose position is of no use; None where its subscriber is to be told instead.

        Raises:
            ValueError: The function that was to say it said nonsense.
            Exception: What it raised.
        """
        choice = self._on_invalid(gap) if callable(self._on_invalid) else self._on_invalid
        return None if choice == "raise" else _place("on_invalid", choice)

    def is_past(self, age: timedelta | None) -> bool:
        """Whether the server surely no longer keeps what is so old."""
        return self._retention is not None and age is not None and age > self._retention

    def may_miss(self, age: timedelta | None, start: int) -> bool:
        """Whether one who surely had everything so long ago may miss events by beginning at `start`."""
        return start != EARLIEST or self._retention is None or age is None or age > self._retention


def _place(option: str, given: Place) -> int:
    try:
        return place(given)
    except ValueError as error:
        raise ValueError(f"{option}: {error}") from None


def _duration(retention: float | timedelta | None) -> timedelta | None:
    if retention is None:
        return None
    duration = retention if isinstance(retention, timedelta) else timedelta(seconds=retention)
    if duration <= timedelta():
        raise ValueError(f"retention {retention!r} is no time that a server could keep events")
    return duration
