"""Positions: what stands for a place in a stream, and what is kept of the last handled event.

Owns the words of Salesforce's replay extension for places. Knows nothing of sessions, windows and stores.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - libraries that encode positions look their types up
from typing import Final, Literal, TypeAlias

__all__ = ("EARLIEST", "LATEST", "PLACES", "Place", "Position", "place", "place_name", "wire_key")

LATEST: Final = -1
"""The server's word for: only what is published after the subscription."""

EARLIEST: Final = -2
"""The server's word for: everything that is still kept."""

Place: TypeAlias = int | Literal["latest", "earliest"]
"""A place in a stream: after a replay id, or one of the two words."""

PLACES: Final = {"latest": LATEST, "earliest": EARLIEST}
"""The words, and the numbers that stand for them on the wire and in stores."""


@dataclass(frozen=True, slots=True)
class Position:
    """The last handled event of one subscription.

    Attributes:
        replay_id: Its replay id. Ids are opaque: they grow within a channel, with gaps. -1 and -2 stand for the latest
            and the earliest: whoever sets a position by hand may choose these.
        stored_at: When it was stored, in UTC.
        event_time: When the event happened, in UTC, where it says so.
        event_uuid: The event's own id, where it has one. It is good everywhere and for ever.
        org: The org and instance that numbers the events, where somebody knows it (hook `replay_origin`): to any other
            the replay id means nothing, or something else.
        quiet_until: Until when the server had nothing after it, in UTC, where that is known.
    """

    replay_id: int
    stored_at: datetime
    event_time: datetime | None = None
    event_uuid: str | None = None
    org: str | None = None
    quiet_until: datetime | None = None

    @property
    def complete_until(self) -> datetime | None:
        """Until when it stands for everything: nothing after it was published before; None where that is not known."""
        return self.quiet_until or self.event_time


def wire_key(subscription: str) -> str:
    """The name under which the server looks for the position: that of a filtered PushTopic is without its filter."""
    return subscription.partition("?")[0]


def place(given: Place) -> int:
    """A place as the server understands it.

    Raises:
        ValueError: Neither ``latest`` nor ``earliest`` nor a replay id.
    """
    number = PLACES.get(given) if isinstance(given, str) else given
    if not isinstance(number, int) or isinstance(number, bool) or number < EARLIEST:
        raise ValueError(f"{given!r} is neither 'latest' nor 'earliest' nor a replay id")
    return number


def place_name(number: int) -> Place:
    """A place as people understand it: the opposite of `place`."""
    if number == LATEST:
        return "latest"
    return "earliest" if number == EARLIEST else number
