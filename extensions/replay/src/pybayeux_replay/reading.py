"""What an event says of itself: its replay id, its own id, its time, its transaction.

Owns the members that Salesforce's events have, in all their shapes: PushTopics, generic events, platform events and
change events. Everything is read from the payload's bytes; what a receiver sees is not touched.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import msgspec

if TYPE_CHECKING:
    from pybayeux import Message

__all__ = ("Key", "event_time", "event_uuid", "read_key", "transaction_key")

Key: TypeAlias = "str | tuple[str, int]"
"""What tells an event from all others: its own id, or its channel and replay id, which are good in one numbering."""


class _Stamp(msgspec.Struct, gc=False):
    replay_id: int | None = msgspec.field(default=None, name="replayId")
    uuid: Any = msgspec.field(default=None, name="EventUuid")


class _Stamped(msgspec.Struct, gc=False):
    event: _Stamp | None = None


class _Header(msgspec.Struct, gc=False):
    transaction_key: Any = msgspec.field(default=None, name="transactionKey")
    commit_timestamp: Any = msgspec.field(default=None, name="commitTimestamp")


class _Change(msgspec.Struct, gc=False):
    header: _Header | None = msgspec.field(default=None, name="ChangeEventHeader")
    created: Any = msgspec.field(default=None, name="CreatedDate")


class _Created(msgspec.Struct, gc=False):
    created: Any = msgspec.field(default=None, name="createdDate")


class _Dated(msgspec.Struct, gc=False):
    event: _Created | None = None
    payload: _Change | str | int | float | bool | list[Any] | None = None


_stamped: Final = msgspec.json.Decoder(_Stamped)
_dated: Final = msgspec.json.Decoder(_Dated)


def read_key(event: Message) -> tuple[int, Key] | None:
    """The ``data.event.replayId`` of an event and what tells it from others, or None where it has no replay id.

    Skips over the rest of the payload, which costs less than to search it for the name.
    """
    stamped = _decoded(event, _stamped)
    if stamped is None or (stamp := stamped.event) is None or (replay_id := stamp.replay_id) is None:
        return None
    uuid = stamp.uuid
    return replay_id, (uuid if type(uuid) is str and uuid else (event.channel, replay_id))


def event_uuid(event: Message) -> str | None:
    """The ``EventUuid`` of a platform event, or None."""
    read = read_key(event)
    return read[1] if read is not None and isinstance(read[1], str) else None


def event_time(event: Message) -> datetime | None:
    """When an event happened, in UTC: its commit, its creation, or None where it says neither."""
    dated = _decoded(event, _dated)
    if dated is None:
        return None
    change = dated.payload if isinstance(dated.payload, _Change) else None
    if change is not None and change.header is not None:
        return _time(change.header.commit_timestamp)
    if dated.event is not None and dated.event.created is not None:
        return _time(dated.event.created)
    return None if change is None else _time(change.created)


def transaction_key(event: Message) -> str | None:
    """The ``transactionKey`` of a change event, or None."""
    dated = _decoded(event, _dated)
    if dated is None or not isinstance(dated.payload, _Change) or dated.payload.header is None:
        return None
    key = dated.payload.header.transaction_key
    return key if isinstance(key, str) else None


def _decoded(event: Message, decoder: msgspec.json.Decoder[Any]) -> Any:
    """The payload as the decoder has it, or None where these names mean something else in it."""
    try:
        payload = event.raw_data
        return decoder.decode(payload) if payload.startswith(b"{") else None
    except (msgspec.DecodeError, UnicodeDecodeError, TypeError):  # the last where a receiver has changed the payload
        return None


def _time(value: object) -> datetime | None:
    """ISO 8601, or milliseconds since 1970."""
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None
