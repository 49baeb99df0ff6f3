"""Records: what a target keeps of an event, in the same form whatever the target is.

Owns the members of a record and the key. How a target stores them is its own.
"""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - msgspec looks the types up
from typing import TYPE_CHECKING, Any, Final

import msgspec

from pybayeux_replay.event_fields import event_uuid, read_key

if TYPE_CHECKING:
    from pybayeux import Message

__all__ = ("Record", "RecordError", "Records", "replay_id_of")


class Record(msgspec.Struct, frozen=True):
    """An event as a target keeps it.

    Attributes:
        channel: The channel of the event.
        replay_id: Its number in the server's replay.
        event_id: Its own id (``EventUuid``), which stays valid when the server numbers its events anew; or None.
        received_at: When the relay took it, in UTC, by the clock of its machine.
        key: What the event is about: events of one key stay in order where a target is divided. None: nothing is known.
        data: The payload, as JSON.
    """

    channel: str
    replay_id: int | None
    event_id: str | None
    received_at: datetime
    key: str | None
    data: str

    def as_json(self) -> bytes:
        """Return the record as JSON in one line, with the members of this class in their order."""
        members = {name: getattr(self, name) for name in self.__struct_fields__}
        members["data"] = msgspec.Raw(self.data.encode())
        line = msgspec.json.encode(members)
        if any(white in line for white in b"\n\r\t"):  # the server's own layout of the payload
            line = msgspec.json.format(line, indent=-1)
        return line


class RecordError(Exception):
    """An event that no record can be made of, because its payload is no JSON."""


class _Header(msgspec.Struct, gc=False):
    record_ids: list[Any] = msgspec.field(default_factory=list, name="recordIds")


class _Change(msgspec.Struct, gc=False):
    header: _Header | None = msgspec.field(default=None, name="ChangeEventHeader")


class _Changed(msgspec.Struct, gc=False):
    payload: _Change | None = None


_changed: Final = msgspec.json.Decoder(_Changed)


class Records:
    """Makes records.

    Args:
        key: Where the key is in the data, such as ``payload.OrderId__c``: names of members, separated by dots. By
            default it is the id of the record that a change event is about
            (``payload.ChangeEventHeader.recordIds``), if it is about one.

    Raises:
        ValueError: The key has an empty name.
    """

    def __init__(self, key: str | None = None) -> None:
        self._path: Final = None if key is None else tuple(key.split("."))
        if self._path is not None and not all(self._path):
            raise ValueError(f"key: expected names of members, such as 'payload.OrderId__c'; got {key!r}")

    def of(self, event: Message, received_at: datetime) -> Record:
        """Return the record of an event.

        Raises:
            RecordError: Its payload is no JSON.
        """
        try:
            raw = event.raw_data or b"null"
            key = _change_key(raw) if self._path is None else _at(self._path, msgspec.json.decode(raw))
            data = raw.decode()
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, TypeError) as error:
            raise RecordError(f"the data of an event of {event.channel} is no JSON: {error}") from error
        return Record(event.channel, replay_id_of(event), event_uuid(event), received_at, key, data)


def replay_id_of(event: Message) -> int | None:
    """Return the number of an event in the server's replay, or None."""
    known = read_key(event)
    return None if known is None else known[0]


def _change_key(raw: bytes) -> str | None:
    try:
        changed = _changed.decode(raw)
    except msgspec.ValidationError:  # other events may use these names otherwise
        msgspec.json.decode(raw)
        return None
    header = None if changed.payload is None else changed.payload.header
    if header is None or len(header.record_ids) != 1:
        return None
    (record_id,) = header.record_ids
    return record_id if isinstance(record_id, str) else None


def _at(path: tuple[str, ...], value: Any) -> str | None:
    for name in path:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    if value is None or isinstance(value, dict | list):
        return None
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
