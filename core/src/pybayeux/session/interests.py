"""The channels that the client wants, and what the server knows of it.

The desired set outlives sessions: a new handshake makes every channel wanted again, and a refused resubscription is
tried again, never forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("Interest", "Interests", "Standing")


class Standing(Enum):
    """What the server knows of an interest."""

    WANTED = auto()
    ASKED = auto()
    GRANTED = auto()


@dataclass(slots=True, eq=False)
class Interest:
    """One channel that the client wants.

    `proven` says that the server has granted it before: a refusal then is no answer to the user but a fault to
    get over. `afresh` asks to unsubscribe first; `again` says that a refusal under way is to be answered by
    asking again.
    """

    channel: str
    standing: Standing = Standing.WANTED
    proven: bool = False
    afresh: bool = False
    again: bool = False
    failures: int = 0
    due: float = 0.0

    def granted(self) -> None:
        """The server said yes."""
        self.standing, self.proven, self.failures, self.again = Standing.GRANTED, True, 0, False

    def wanted(self, due: float = 0.0) -> None:
        """To be asked for, not before `due`."""
        self.standing, self.due, self.again = Standing.WANTED, due, False


class Interests:
    """The desired set."""

    def __init__(self) -> None:
        self._by_channel: dict[str, Interest] = {}

    def __contains__(self, channel: str) -> bool:
        return channel in self._by_channel

    def __iter__(self) -> Iterator[Interest]:
        return iter(list(self._by_channel.values()))

    def get(self, channel: str) -> Interest | None:
        """The interest in a channel, or None."""
        return self._by_channel.get(channel)

    def add(self, channel: str) -> Interest:
        """Want a channel; wanting it twice is wanting it once."""
        return self._by_channel.setdefault(channel, Interest(channel))

    def remove(self, channel: str) -> Interest | None:
        """No longer want a channel; gives what the server knew of it."""
        return self._by_channel.pop(channel, None)

    def clear(self) -> None:
        """Want nothing."""
        self._by_channel.clear()

    def session_lost(self) -> None:
        """The server forgot everything."""
        for interest in self:
            interest.wanted()
            interest.afresh = False

    def due(self, now: float) -> list[Interest]:
        """What is to be asked for now."""
        return [i for i in self if i.standing is Standing.WANTED and i.due <= now]

    def next_due(self, now: float) -> float | None:
        """When something is to be asked for next, after `now`; None where nothing waits for a time."""
        times = [i.due for i in self if i.standing is Standing.WANTED and i.due > now]
        return min(times, default=None)
