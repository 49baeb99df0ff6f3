"""The policies of replay: what the options `since`, `on_invalid`, `on_recovery`, `retention` and `commit` mean.

The options are checked here. Then the policies say where a subscription begins, whether a position is too old, and when
a position is stored. They know no subscription's state.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from math import isfinite
from typing import Final, Literal, TypeAlias

from .gaps import Gap
from .grouping import Grouping
from .position import LATEST, Place, place

__all__ = ("CommitMode", "CommitPolicy", "OnInvalid", "OnRecovery", "Policies", "commit_policy", "duration")

OnInvalid: TypeAlias = Literal["earliest", "latest", "raise"] | Callable[[Gap], Place | Literal["raise"]]
"""What to do about a position that the server refuses, or that another org or instance numbered."""

OnRecovery: TypeAlias = Literal["resume", "latest"]
"""Where to go on in a new session within a run: after the last handled event, or with new events only."""

CommitMode: TypeAlias = Literal["event", "batch", "transaction"] | float
"""When positions are stored: after each event, after each batch (the events that arrived together), after each
transaction of change data capture, or every so many seconds."""

MOST_UNSTORED: Final = 32
"""Handled events whose positions are not stored yet, before receivers wait for the store."""


class Policies:
    """The policies for all subscriptions of a client.

    Args:
        since: Where a subscription without a position begins: one place for all, or one for each.
        on_invalid: Where a subscription begins if its position cannot be used.
        on_recovery: Where a subscription goes on in a new session.
        retention: How long the server keeps events, if known; a number is in seconds.

    Attributes:
        live_only: Whether a new session goes on with new events only.

    Raises:
        ValueError: An option has a wrong value.
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
            raise ValueError(f"on_invalid: expected 'earliest', 'latest', 'raise' or a function; got {on_invalid!r}")
        if on_recovery not in ("resume", "latest"):
            raise ValueError(f"on_recovery: expected 'resume' or 'latest'; got {on_recovery!r}")
        self._on_invalid: Final = on_invalid
        self.live_only: Final = on_recovery == "latest"
        self._retention: Final = duration("retention", retention)

    def start(self, subscription: str) -> int:
        """Return where a subscription without a position begins."""
        return self._starts.get(subscription, self._start)

    def fall_back(self, gap: Gap) -> int | None:
        """Return where a subscription begins whose position cannot be used, or None if that is an error.

        Raises:
            ValueError: The function passed as `on_invalid` returned a wrong value.
            Exception: What that function raised.
        """
        choice = self._on_invalid(gap) if callable(self._on_invalid) else self._on_invalid
        return None if choice == "raise" else _place("on_invalid", choice)

    def is_expired(self, age: timedelta | None) -> bool:
        """Whether the server certainly no longer keeps an event of this age."""
        return self._retention is not None and age is not None and age > self._retention

    def is_kept(self, age: timedelta | None) -> bool:
        """Whether the server certainly still keeps an event of this age."""
        return self._retention is not None and age is not None and age <= self._retention


def _place(option: str, value: Place) -> int:
    try:
        return place(value)
    except ValueError as error:
        raise ValueError(f"{option}: {error}") from None


def duration(option: str, value: float | timedelta | None) -> timedelta | None:
    """Return the value of an option that is a time, in seconds or as a timedelta; None stays.

    Raises:
        ValueError: It is not longer than 0.
    """
    if value is None:
        return None
    length = value if isinstance(value, timedelta) else timedelta(seconds=value)
    if length <= timedelta():
        raise ValueError(f"{option}: expected a time longer than 0; got {value!r}")
    return length


@dataclass(frozen=True, slots=True)
class CommitPolicy:
    """When positions are stored.

    To store late is safe: an event that is handled and whose position is not stored comes again after a crash. Modes
    differ in how many events come again, and in how often the store is written.

    Attributes:
        grouping: Within which events no position is stored.
        delay: Seconds during which positions are gathered, to be stored together.
        most_unstored: How many positions may be noted and not stored before receivers wait; None for any number.
    """

    grouping: Grouping
    delay: float = 0.0
    most_unstored: int | None = None


def commit_policy(mode: CommitMode) -> CommitPolicy:
    """Return the policy for the option `commit`.

    Raises:
        ValueError: The option has a wrong value.
    """
    match mode:
        case "event":
            return CommitPolicy(Grouping.EACH, most_unstored=MOST_UNSTORED)
        case "batch":
            return CommitPolicy(Grouping.BATCH)
        case "transaction":
            return CommitPolicy(Grouping.TRANSACTION)
        case int() | float() if isfinite(mode) and mode > 0:
            return CommitPolicy(Grouping.EACH, float(mode))
    raise ValueError(f"commit: expected 'event', 'batch', 'transaction' or a number of seconds above 0; got {mode!r}")
