"""The stamp of an event: when it was created, and its replay id.

Knows the places where servers put them. Salesforce sends both, in places that differ by the kind of event. CometD can
send the time of the message. Only these members are decoded; the message's data stays as it came, for the receiver to
decode.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from ._util.dates import parse_timestamp

if TYPE_CHECKING:
    from .message import Message

__all__ = ("EventStamp", "read_stamp", "replay_id_of")


class EventStamp(NamedTuple):
    """When an event was created, and where it is in its stream.

    Attributes:
        created_at: When it was created, in seconds since the epoch, or None.
        position: Its replay id, or None.
    """

    created_at: float | None
    position: int | None


class _Position(msgspec.Struct, rename="camel"):
    replay_id: int | None = None


class _Event(_Position, rename="camel"):
    created_date: str | None = None


class _Header(msgspec.Struct, rename="camel"):
    commit_timestamp: int | None = None


class _Payload(msgspec.Struct):
    header: _Header | None = msgspec.field(default=None, name="ChangeEventHeader")
    created: str | None = msgspec.field(default=None, name="CreatedDate")


class _Data(msgspec.Struct):
    event: _Event | None = None


class _DataWithPayload(_Data):
    payload: _Payload | None = None


_with_payload: Final = msgspec.json.Decoder(_DataWithPayload)
_without_payload: Final = msgspec.json.Decoder(_Data)
_position: Final = msgspec.json.Decoder(_Position)


def read_stamp(message: Message) -> EventStamp:
    """Read the stamp of an event: from its payload first, then from the message around it.

    An event without one, or whose members of these names mean something else, has a stamp of None and None.
    """
    data = _data(message)
    position = created = None
    if data is not None:
        if isinstance(data, _DataWithPayload) and data.payload is not None:
            created = _commit_time(data.payload)
        if data.event is not None:
            position = data.event.replay_id
            if created is None:
                created = _timestamp_of(data.event.created_date)
    if created is None and message.timestamp is not None:
        created = _message_time(message.timestamp)
    return EventStamp(created, position)


def replay_id_of(message: Message) -> int | None:
    """Read the replay id alone, ``data.event.replayId``, also of an event whose data is broken in another place.

    None if there is none.
    """
    try:
        return _position.decode(message.raw_members().get("event", b"null")).replay_id
    except (msgspec.DecodeError, UnicodeError, TypeError):
        return None


def _data(message: Message) -> _Data | None:
    try:
        raw = message.raw_data
        if not raw.startswith(b"{"):
            return None
        try:
            return _with_payload.decode(raw)
        except msgspec.ValidationError:  # such as a generic event, whose payload is text
            return _without_payload.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, TypeError):
        return None  # the members mean something else here, or another extension replaced the data by what is not JSON


def _commit_time(payload: _Payload) -> float | None:
    if payload.header is not None and payload.header.commit_timestamp is not None:
        return payload.header.commit_timestamp / 1000
    return _timestamp_of(payload.created)


def _timestamp_of(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment).timestamp()


@lru_cache(maxsize=64)
def _message_time(timestamp: str) -> float | None:
    # Cached: servers send whole seconds, the same for many messages, in a format that is slow to parse.
    moment = parse_timestamp(timestamp)
    return None if moment is None else moment.timestamp()
