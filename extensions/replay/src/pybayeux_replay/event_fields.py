"""The fields of an event that replay needs: its replay id, its own id, its time and its transaction.

Salesforce's events have them in several shapes: PushTopics, generic events, platform events and change events. They are
read from the bytes of the payload; the `data` that a receiver sees is not decoded or changed here. They are found too
where some other value of the payload is no JSON: the position has to move over such an event.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import msgspec
from msgspec import Raw

if TYPE_CHECKING:
    from pybayeux import Message

__all__ = ("EventKey", "event_time", "event_uuid", "read_key", "transaction_key")

EventKey: TypeAlias = "str | tuple[str, int]"
"""What identifies an event: its own id, or its channel and replay id, which are unique within one numbering only."""


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
_decode_stamped: Final = _stamped.decode
_dated: Final = msgspec.json.Decoder(_Dated)

_REPLAY_ID: Final = re.compile(rb'"replayId"\s*:\s*(-?\d{1,18})\b')


def read_key(event: Message) -> tuple[int, EventKey] | None:
    """Return the ``data.event.replayId`` of an event and its key, or None if it has no replay id.

    The decoder skips the rest of the payload. That is faster than a search for the name in the bytes.
    """
    payload = event.raw_or_data
    try:  # as in `_decoded`, without a call and a copy, which take half as long again: every event passes here
        stamped = _decode_stamped(payload) if type(payload) is Raw else _decoded(event, _stamped)
    except (ValueError, RecursionError):
        stamped = _decoded(event, _stamped)
    if stamped is None or (stamp := stamped.event) is None or (replay_id := stamp.replay_id) is None:
        return None
    uuid = stamp.uuid
    return replay_id, (uuid if type(uuid) is str and uuid else (event.channel, replay_id))


def event_uuid(event: Message) -> str | None:
    """Return the ``EventUuid`` of a platform event, or None."""
    read = read_key(event)
    return read[1] if read is not None and isinstance(read[1], str) else None


def event_time(event: Message) -> datetime | None:
    """Return when an event happened, in UTC: the time of its commit or creation, or None if it has neither."""
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
    """Return the ``transactionKey`` of a change event, or None."""
    dated = _decoded(event, _dated)
    if dated is None or not isinstance(dated.payload, _Change) or dated.payload.header is None:
        return None
    key = dated.payload.header.transaction_key
    return key if isinstance(key, str) else None


def _decoded(event: Message, decoder: msgspec.json.Decoder[Any]) -> Any:
    """Return the decoded payload, or None if these names have another meaning in it."""
    try:
        payload = event.raw_data
        return decoder.decode(payload) if payload.startswith(b"{") else None
    except msgspec.ValidationError:
        return None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _stamped_though_damaged(event) if decoder is _stamped else None
    # A receiver has put something into the payload that JSON cannot express.
    except TypeError:
        return None


def _stamped_though_damaged(event: Message) -> _Stamped | None:
    """Return the stamp of an event whose payload is no JSON."""
    stamp = event.raw_members().get("event", b"")
    try:
        return _Stamped(msgspec.json.decode(stamp, type=_Stamp))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        replay_id = _REPLAY_ID.search(stamp)
        return None if replay_id is None else _Stamped(_Stamp(int(replay_id[1])))


def _time(value: object) -> datetime | None:
    """Return the time in an ISO 8601 text or in a number of milliseconds since 1970."""
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None
