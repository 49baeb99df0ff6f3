"""What an event says of its origin: when it was made, and its replay id.

Salesforce says both, in places that differ by the kind of event; CometD can say when the message was sent. The payload
is read past, never kept: what it is decoded into is up to the receiver.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, NamedTuple

import msgspec

from pybayeux import Message

__all__ = ("Origin", "origin_of")


class Origin(NamedTuple):
    """Where an event comes from, as far as it says so.

    Attributes:
        created: When it was made, in seconds since the epoch, or None.
        position: Its replay id, or None.
    """

    created: float | None
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


def origin_of(message: Message) -> Origin:
    """What an event says: its payload first, else the message around it."""
    data = _data(message)
    position = created = None
    if data is not None:
        if isinstance(data, _DataWithPayload) and data.payload is not None:
            created = _committed(data.payload)
        if data.event is not None:
            position = data.event.replay_id
            if created is None:
                created = _seconds(data.event.created_date)
    if created is None and message.timestamp is not None:
        created = _sent(message.timestamp)
    return Origin(created, position)


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
        return None  # the names mean something else in this data, or another extension has made no JSON of it


def _committed(payload: _Payload) -> float | None:
    if payload.header is not None and payload.header.commit_timestamp is not None:
        return payload.header.commit_timestamp / 1000
    return _seconds(payload.created)


def _seconds(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment).timestamp()


@lru_cache(maxsize=64)
def _sent(timestamp: str) -> float | None:
    """Servers tell whole seconds, the same for many messages, and in a form that takes long to read."""
    moment = Message(channel="/", timestamp=timestamp).timestamp_as_time()
    return None if moment is None else moment.timestamp()
