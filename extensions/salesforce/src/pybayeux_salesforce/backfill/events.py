"""Events that a backfill makes of records: events of the channel's own kind, marked as filled.

Owns the marks. ``data`` has ``"origin": "backfill"``, and ``backfill`` with what is known of the gap and what cannot be
known; `ext` of the message has the same, for subscriptions with a type of their own. What is not known is absent from
the header: the transaction, its order in it, the user, the client and the changed fields.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from pybayeux import Message

from ..changes import ChangeType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .objects import ObjectFields

__all__ = ("FILLED", "UNKNOWN", "change_event", "deletion_event", "filled_note", "is_filled", "topic_event")

FILLED: Final = "backfill"
"""The value of ``origin`` in the data of an event that a backfill has made."""
UNKNOWN: Final = ("states in between", "changedFields", "commitUser", "changeOrigin", "transactionKey")
"""What cannot be known of a filled change."""


_TOPIC_KINDS: Final = {ChangeType.CREATE: "created", ChangeType.UPDATE: "updated", ChangeType.DELETE: "deleted"}


def is_filled(event: Message[Any]) -> bool:
    """Whether an event was made by a backfill, whatever type its data has."""
    return event.ext is not None and FILLED in event.ext


def filled_note(reason: str, since: datetime | None) -> dict[str, Any]:
    """Return what filled events say of their gap.

    Args:
        reason: What made the gap; see `BackfillReport`.
        since: From which time on records were read; None: all.
    """
    start = None if since is None else since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"reason": reason, "since": start, "unknown": list(UNKNOWN)}


def change_event(
    channel: str,
    fields: ObjectFields,
    record: Mapping[str, Any],
    stamp: datetime,
    note: Mapping[str, Any],
    created_since: datetime | None,
) -> Message[Any]:
    """Return the change event of a record.

    A deleted record is a ``DELETE``, without fields. One that was created since the last handled event, or any record
    of a snapshot, is a ``CREATE``, without nulls. All others are an ``UPDATE``, with all fields and with nulls.

    Args:
        channel: The channel.
        fields: The object and its fields.
        record: The record.
        stamp: Its ``SystemModstamp``.
        note: From `filled_note`.
        created_since: From which time on a record counts as created; None: each.
    """
    kind = _kind(record, created_since)
    header = {
        "entityName": fields.entity,
        "recordIds": [record["Id"]],
        "changeType": kind.value,
        "commitTimestamp": round(stamp.timestamp() * 1000),
    }
    values = {} if kind is ChangeType.DELETE else fields.payload(record, with_nulls=kind is ChangeType.UPDATE)
    data = {"payload": {"ChangeEventHeader": header, **values}, "event": {}, "origin": FILLED, FILLED: dict(note)}
    return Message(channel=channel, data=data, ext={FILLED: dict(note)})


def topic_event(
    channel: str,
    fields: ObjectFields,
    record: Mapping[str, Any],
    stamp: datetime,
    note: Mapping[str, Any],
    created_since: datetime | None,
) -> Message[Any]:
    """Return the PushTopic event of a record. The arguments are those of `change_event`."""
    kind = _TOPIC_KINDS[_kind(record, created_since)]
    created = stamp.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    sobject = {"Id": record["Id"]} if kind == "deleted" else fields.sobject(record)
    data = {"event": {"createdDate": created, "type": kind}, "sobject": sobject, "origin": FILLED, FILLED: dict(note)}
    return Message(channel=channel, data=data, ext={FILLED: dict(note)})


def deletion_event(channel: str, entity: str, record_id: str, note: Mapping[str, Any]) -> Message[Any]:
    """Return the event of a record that a gap event names and that no query finds any more.

    Args:
        channel: The channel.
        entity: The object.
        record_id: The record.
        note: From `filled_note`.
    """
    header = {"entityName": entity, "recordIds": [record_id], "changeType": ChangeType.DELETE.value}
    data = {"payload": {"ChangeEventHeader": header}, "event": {}, "origin": FILLED, FILLED: dict(note)}
    return Message(channel=channel, data=data, ext={FILLED: dict(note)})


def _kind(record: Mapping[str, Any], created_since: datetime | None) -> ChangeType:
    if record.get("IsDeleted"):
        return ChangeType.DELETE
    if created_since is None or _is_created_after(record.get("CreatedDate"), created_since):
        return ChangeType.CREATE
    return ChangeType.UPDATE


def _is_created_after(created: Any, moment: datetime) -> bool:
    try:
        return datetime.fromisoformat(created) > moment
    except (TypeError, ValueError):
        return False
