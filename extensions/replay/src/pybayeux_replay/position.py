"""Replay ids: where they are in an event, and what stands for a place in a stream.

Owns the wire format of Salesforce's replay extension. Knows nothing of sessions, windows and stores.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

import msgspec

if TYPE_CHECKING:
    from datetime import datetime

    from pybayeux import Message

__all__ = ("EARLIEST", "LATEST", "OnInvalid", "Position", "Since", "place", "replay_id", "wire_key")

LATEST: Final = -1
"""The server's word for: only what is published after the subscription."""

EARLIEST: Final = -2
"""The server's word for: everything that is still kept."""

Since: TypeAlias = int | Literal["latest", "earliest"]
"""Where a consumer without a position begins."""

OnInvalid: TypeAlias = Literal["latest", "earliest", "raise"]
"""What to do about a position that the server refuses."""

_PLACES: Final = {"latest": LATEST, "earliest": EARLIEST}


class Position(NamedTuple):
    """The last handled event of one subscription.

    Attributes:
        replay_id: Its replay id. Ids are opaque: they grow within a channel, with gaps.
        stored_at: When it was stored, in UTC.
    """

    replay_id: int
    stored_at: datetime


class _Event(msgspec.Struct):
    replay_id: int | None = msgspec.field(default=None, name="replayId")


class _Payload(msgspec.Struct):
    event: _Event | None = None


_decoder: Final = msgspec.json.Decoder(_Payload)


def replay_id(event: Message) -> int | None:
    """The ``data.event.replayId`` of an event (PushTopics, platform events and change events alike), or None.

    Skips over the rest of the payload, which costs less than to search it for the name.
    """
    payload = event.raw_data
    if not payload.startswith(b"{"):
        return None
    try:
        decoded = _decoder.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None  # the name means something else in this payload
    return decoded.event.replay_id if decoded.event is not None else None


def wire_key(subscription: str) -> str:
    """The name under which the server looks for the position: that of a filtered PushTopic is without its filter."""
    return subscription.partition("?")[0]


def place(since: Since) -> int:
    """A place as the server understands it.

    Raises:
        ValueError: Neither ``latest`` nor ``earliest`` nor a replay id.
    """
    number = _PLACES.get(since) if isinstance(since, str) else since
    if number is None or number < EARLIEST:
        raise ValueError(f"since {since!r} is neither 'latest' nor 'earliest' nor a replay id")
    return number
