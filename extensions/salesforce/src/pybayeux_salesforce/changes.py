"""Change Data Capture: the header of change events, and what each kind of change requires of a replica.

The fields are those of "ChangeEventHeader Fields", Change Data Capture Developer Guide.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

import msgspec
from msgspec import Struct

__all__ = ("ChangeEventHeader", "ChangeType", "Replication", "header_of")

_GAP: Final = "GAP_"
_OVERFLOW: Final = "GAP_OVERFLOW"
_WILDCARD: Final = "*"


class ChangeType(StrEnum):
    """The documented change types. `ChangeEventHeader.change_type` is text, since Salesforce may add others."""

    CREATE = "CREATE"
    UPDATE = "UPDATE"
    DELETE = "DELETE"
    UNDELETE = "UNDELETE"
    GAP_CREATE = "GAP_CREATE"
    GAP_UPDATE = "GAP_UPDATE"
    GAP_DELETE = "GAP_DELETE"
    GAP_UNDELETE = "GAP_UNDELETE"
    GAP_OVERFLOW = "GAP_OVERFLOW"


class Replication(StrEnum):
    """What a replica has to do about a change."""

    APPLY = "apply"
    """Apply the change: the event has all fields that changed."""
    FETCH = "fetch"
    """Fetch the records by REST: the event has no fields, since they were too large or changed outside the API."""
    RESYNC = "resync"
    """Read all records of the object again: a transaction had more than 100,000 changes, or the event has no ids."""


class ChangeEventHeader(Struct, rename="camel", kw_only=True, omit_defaults=True, dict=True):
    """The header of a change event.

    Attributes:
        entity_name: The object, such as ``Account`` or ``Emp__c``.
        record_ids: The ids of the records. Several if the same change was made to all of them; ``001*`` stands for all
            records of an object; empty with ``GAP_OVERFLOW``.
        change_type: One of `ChangeType`.
        change_origin: The client that made the change, such as ``com/salesforce/api/rest/67.0;client=my-app``. A client
            can skip its own changes by it.
        transaction_key: The key that all changes of one transaction share.
        sequence_number: The order within the transaction, from 1, with gaps for objects without a subscription.
        commit_timestamp: The time of the commit, in milliseconds since the epoch.
        commit_user: The id of the user who made the change.
        commit_number: A number that grows with each commit on one instance of the org.
        changed_fields: The names of the fields that an update changed; None in old API versions.
    """

    entity_name: str = ""
    record_ids: list[str] = []
    change_type: str = ""
    change_origin: str | None = None
    transaction_key: str = ""
    sequence_number: int = 0
    commit_timestamp: int = 0
    commit_user: str | None = None
    commit_number: int | None = None
    changed_fields: list[str] | None = None

    @property
    def extra(self) -> dict[str, Any]:
        """Members without an attribute, such as ``nulledFields``, by the name that they have in JSON."""
        return self.__dict__.setdefault("extra", {})  # type: ignore[no-any-return]

    @property
    def is_gap(self) -> bool:
        """Whether the event says that records changed but not how. True for an overflow too."""
        return self.change_type.startswith(_GAP)

    @property
    def is_overflow(self) -> bool:
        """Whether a transaction had more changes than Salesforce sends as events."""
        return self.change_type == _OVERFLOW

    @property
    def has_wildcards(self) -> bool:
        """Whether a record id stands for all records of an object."""
        return any(record_id.endswith(_WILDCARD) for record_id in self.record_ids)

    @property
    def replication(self) -> Replication:
        """What a replica has to do about the change."""
        if self.is_overflow or self.has_wildcards:
            return Replication.RESYNC
        return Replication.FETCH if self.is_gap else Replication.APPLY

    @property
    def committed_at(self) -> datetime:
        """The time of the commit, in UTC."""
        return datetime.fromtimestamp(self.commit_timestamp / 1000, UTC)


_MEMBERS: Final = frozenset(ChangeEventHeader.__struct_encode_fields__)


def header_of(payload: Any) -> ChangeEventHeader | None:
    """Return the header in the payload of a change event; None if it has none.

    Args:
        payload: Decoded JSON, or a struct with a field of type `ChangeEventHeader`.

    Raises:
        msgspec.ValidationError: A member does not have its documented type.
    """
    if not isinstance(payload, dict):
        members = (getattr(payload, name, None) for name in getattr(payload, "__struct_fields__", ()))
        return next((member for member in members if isinstance(member, ChangeEventHeader)), None)
    given = payload.get("ChangeEventHeader")
    if not isinstance(given, dict):
        return None
    header = msgspec.convert({name: value for name, value in given.items() if value is not None}, ChangeEventHeader)
    header.extra.update({name: value for name, value in given.items() if name not in _MEMBERS})
    return header
