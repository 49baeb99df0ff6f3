"""When the position of a handled event is handed to the store.

Late is safe: what is handled and not stored comes again after a crash. What differs is how much, and what the store has
to bear. Owns the words of the option `commit`; the groups are kept in `window.py`, the intervals in `ledger.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from math import isfinite
from typing import Literal, TypeAlias

__all__ = ("Commit", "CommitMode", "Grouping", "commit_of")

CommitMode: TypeAlias = Literal["event", "batch", "transaction"] | float
"""After each event, each batch (what arrived together), each transaction of change data, or every so many seconds."""


class Grouping(Enum):
    """What a stored position never lies within."""

    EACH = auto()
    """One event."""
    BATCH = auto()
    """Events that arrived together, as long as the client runs."""
    TRANSACTION = auto()
    """Events with one transaction key, ever."""


@dataclass(frozen=True, slots=True)
class Commit:
    """How positions are committed.

    Attributes:
        grouping: What belongs together.
        delay: Seconds to gather positions before they are stored together.
    """

    grouping: Grouping
    delay: float = 0.0


def commit_of(mode: CommitMode) -> Commit:
    """What the option says.

    Raises:
        ValueError: It makes no sense.
    """
    match mode:
        case "event":
            return Commit(Grouping.EACH)
        case "batch":
            return Commit(Grouping.BATCH)
        case "transaction":
            return Commit(Grouping.TRANSACTION)
        case int() | float() if isfinite(mode) and mode > 0:
            return Commit(Grouping.EACH, float(mode))
    raise ValueError(f"commit {mode!r} is neither 'event', 'batch' nor 'transaction', nor a number of seconds")
