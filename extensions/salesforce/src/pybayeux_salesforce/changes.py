"""Change Data Capture: what an event says of a change.

Owns the header of change events ("ChangeEventHeader Fields", Change Data Capture Developer Guide) and what each kind of
change asks of a replica: to apply it, to fetch records anew, or to read a whole entity again.
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
    """What became of records. There may be others one day: `ChangeEventHeader.change_type` is a text."""

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
    """What a change asks of a replica."""

    APPLY = "apply"
    """Apply it: the event has all that has changed."""
    FETCH = "fetch"
    """Fetch the records anew by REST: the event has no fields, as they were too large, or changed beneath the API."""
    RESYNC = "resync"
    """Read the whole entity anew: a transaction had more than 100,000 changes, or the records are not named."""


class ChangeEventHeader(Struct, rename="camel", kw_only=True, omit_defaults=True, dict=True):
    """The header of a change event.

    Attributes:
        entity_name: The object, such as ``Account`` or ``Emp__c``.
        record_ids: The records. Several where the same change was made to all of them; ``001*`` stands for all of a
            kind; none with ``GAP_OVERFLOW``.
        change_type: One of `ChangeType`.
        change_origin: Who made it, such as ``com/salesforce/api/rest/67.0;client=my-app``: to leave out one's own.
        transaction_key: What changes of one transaction have in common.
        sequence_number: Their order in it, from 1, with holes where other objects are not subscribed to.
        commit_timestamp: When, in milliseconds since 1970.
        commit_user: The id of the user.
        commit_number: Rises with each commit on one instance of the org.
        changed_fields: Of an update, the names of the fields; absent from old versions.
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
        """Members that are not known here, such as ``nulledFields``, under their own names."""
        return self.__dict__.setdefault("extra", {})  # type: ignore[no-any-return]

    @property
    def is_gap(self) -> bool:
        """Whether the event tells that something has changed and not what, an overflow included."""
        return self.change_type.startswith(_GAP)

    @property
    def is_overflow(self) -> bool:
        """Whether a transaction had more changes than are told one by one."""
        return self.change_type == _OVERFLOW

    @property
    def has_wildcards(self) -> bool:
        """Whether a record id stands for all records of a kind."""
        return any(record_id.endswith(_WILDCARD) for record_id in self.record_ids)

    @property
    def replication(self) -> Replication:
        """What the change asks of a replica."""
        if self.is_overflow or self.has_wildcards:
            return Replication.RESYNC
        return Replication.FETCH if self.is_gap else Replication.APPLY

    @property
    def committed_at(self) -> datetime:
        """When, in UTC."""
        return datetime.fromtimestamp(self.commit_timestamp / 1000, UTC)


_KNOWN: Final = frozenset(ChangeEventHeader.__struct_encode_fields__)


def header_of(payload: Any) -> ChangeEventHeader | None:
    """The header in the payload of a change event; None where it has none.

    Args:
        payload: As decoded JSON, or a structure with a field of this type.

    Raises:
        msgspec.ValidationError: A member is of another type than documented.
    """
    if not isinstance(payload, dict):
        members = (getattr(payload, name, None) for name in getattr(payload, "__struct_fields__", ()))
        return next((member for member in members if isinstance(member, ChangeEventHeader)), None)
    given = payload.get("ChangeEventHeader")
    if not isinstance(given, dict):
        return None
    header = msgspec.convert({name: value for name, value in given.items() if value is not None}, ChangeEventHeader)
    header.extra.update({name: value for name, value in given.items() if name not in _KNOWN})
    return header
