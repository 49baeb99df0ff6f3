"""Positions: the place in a stream after which a subscription goes on, and what is stored of the last handled event.

The numbers for places are those of Salesforce's replay extension. This module knows no session, window or store.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - libraries that encode positions look their types up
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import msgspec

from .event_fields import event_time, event_uuid

if TYPE_CHECKING:
    from pybayeux import Message

__all__ = (
    "EARLIEST",
    "LATEST",
    "PLACES",
    "PendingPosition",
    "Place",
    "Position",
    "begins_at",
    "place",
    "place_name",
    "wire_key",
)

LATEST: Final = -1
"""Only what is published after the subscription."""

EARLIEST: Final = -2
"""Everything that the server still keeps."""

Place: TypeAlias = int | Literal["latest", "earliest"]
"""A place in a stream: after a replay id, or one of the two words."""

PLACES: Final = {"latest": LATEST, "earliest": EARLIEST}
"""The two words and their numbers, on the wire and in stores."""


@dataclass(frozen=True, slots=True)
class Position:
    """The last handled event of one subscription.

    Attributes:
        replay_id: Its replay id. Ids are opaque: they grow within a channel, with gaps. A position that was set by hand
            may also be -1 (the latest) or -2 (the earliest).
        stored_at: When the position was stored, in UTC.
        event_time: When the event happened, in UTC, if the event has a time. With the replay id -2: when the events
            happened that a subscription begins with, set by hand; earlier ones are dropped.
        event_uuid: The event's own id, if it has one. It stays valid when the server numbers its events differently.
        org: The org and instance that numbered the event, if an extension knows it (hook `replay_origin`). For any
            other org or instance the replay id has no meaning, or another one.
    """

    replay_id: int
    stored_at: datetime
    event_time: datetime | None = None
    event_uuid: str | None = None
    org: str | None = None

    def is_same_place(self, other: Position) -> bool:
        """Whether both stand for the same event, as far as that is known."""
        return self.replay_id == other.replay_id and (None in (self.org, other.org) or self.org == other.org)

    def is_after(self, other: Position) -> bool:
        """Whether this is the later event of one numbering."""
        return self.replay_id > other.replay_id and (None in (self.org, other.org) or self.org == other.org)


class PendingPosition(msgspec.Struct, frozen=True, gc=False):
    """A position that is not stored yet: the last handled event, from which a `Position` is made when it is stored.

    Most pending positions are replaced by the next one before they are stored. So the event's fields are read only for
    those that are, and this is a msgspec struct, which takes a third of the time of a dataclass to create.

    Attributes:
        replay_id: Everything up to this event is handled.
        event: The event, or None if it was handled before and the server sent it again.
        org: The org and instance that numbered the event, if known.
    """

    replay_id: int
    event: Message | None = None
    org: str | None = None

    def position(self, now: datetime) -> Position:
        """Return the position to store."""
        if self.event is None:
            return Position(self.replay_id, now, org=self.org)
        return Position(self.replay_id, now, event_time(self.event), event_uuid(self.event), self.org)


def begins_at(position: Position) -> datetime | None:
    """Return the time of the events that a subscription begins with, if it was set by hand."""
    return position.event_time if position.replay_id == EARLIEST else None


def wire_key(subscription: str) -> str:
    """Return the channel under which the server looks for a position: a filtered PushTopic's has no filter."""
    return subscription.partition("?")[0]


def place(value: Place) -> int:
    """Return the number of a place, as it is on the wire.

    Raises:
        ValueError: The value is neither ``latest`` nor ``earliest`` nor a replay id.
    """
    number = PLACES.get(value) if isinstance(value, str) else value
    if not isinstance(number, int) or isinstance(number, bool) or number < EARLIEST:
        raise ValueError(f"expected 'latest', 'earliest' or a replay id; got {value!r}")
    return number


def place_name(number: int) -> Place:
    """Return the word for a place, or its replay id: the inverse of `place`."""
    if number == LATEST:
        return "latest"
    return "earliest" if number == EARLIEST else number
