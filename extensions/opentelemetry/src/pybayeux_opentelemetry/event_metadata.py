"""Metadata of an event: when it was created, and its replay id.

Salesforce sends both, in places that differ by the kind of event. CometD can send the time of the message. Only these
members are decoded; the message's data stays as it came, for the receiver to decode.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, NamedTuple

import msgspec

from pybayeux import Message

__all__ = ("EventMetadata", "read_metadata")


class EventMetadata(NamedTuple):
    """Metadata of an event.

    Attributes:
        created_at: When it was created, in seconds since the epoch, or None.
        position: Its replay id, or None.
    """

    created_at: float | None
    position: int | None


class _Event(msgspec.Struct, rename="camel"):
    replay_id: int | None = None
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


def read_metadata(message: Message) -> EventMetadata:
    """Read the metadata of an event: from its payload first, then from the message around it."""
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
    return EventMetadata(created, position)


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
    moment = Message(channel="/", timestamp=timestamp).timestamp_as_time()
    return None if moment is None else moment.timestamp()
