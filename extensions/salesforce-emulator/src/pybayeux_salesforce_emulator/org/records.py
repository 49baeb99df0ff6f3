"""The records of an org: what stands behind its change events, and what queries return.

Owns the system fields: ``Id``, ``IsDeleted``, ``CreatedDate``, ``LastModifiedDate`` and ``SystemModstamp`` ("System
Fields", Object Reference). Their times have whole seconds. A change that has no event, or one without fields, changes
its records all the same. A deleted record stays, as in the recycle bin.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ("SYSTEM_FIELDS", "RecordStore")

SYSTEM_FIELDS: Final[Mapping[str, str]] = {
    "Id": "id",
    "IsDeleted": "boolean",
    "CreatedDate": "datetime",
    "LastModifiedDate": "datetime",
    "SystemModstamp": "datetime",
}
"""The fields that every record has, with their types."""

_WILDCARD: Final = "*"


class RecordStore:
    """The records of all objects, by the name of the object."""

    def __init__(self) -> None:
        self._objects: Final[dict[str, dict[str, dict[str, Any]]]] = {}

    def find(self, name: str) -> str | None:
        """Return the name of an object as it is spelt, or None if it never had a record."""
        return next((each for each in self._objects if each.lower() == name.lower()), None)

    def of(self, entity: str) -> Sequence[Mapping[str, Any]]:
        """Return the records of an object, also the deleted ones."""
        return list(self._objects.get(entity, {}).values())

    def fields(self, entity: str) -> dict[str, str]:
        """Return the fields of an object with their types: the system fields, and those that a record ever had."""
        found = dict(SYSTEM_FIELDS)
        for record in self.of(entity):
            for name, value in record.items():
                if name not in found or (found[name] == "string" and value is not None):
                    found[name] = SYSTEM_FIELDS.get(name) or _type(value)
        return found

    def define(self, entity: str) -> None:
        """Have an object, also without any record."""
        self._objects.setdefault(entity, {})

    def change(self, entity: str, kind: str, record_ids: Sequence[str], fields: Mapping[str, Any], now: float) -> None:
        """Apply a change. A record that does not exist is created, whatever the kind.

        Args:
            entity: The object.
            kind: The ``changeType``; that of a gap event changes the records as the kind that it stands for does.
            record_ids: The records; ``001*`` stands for all whose id begins so.
            fields: The new values.
            now: The time of the change, in seconds since the epoch.
        """
        records = self._objects.setdefault(entity, {})
        moment = datetime.fromtimestamp(int(now), UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
        for record_id in _expanded(record_ids, records):
            record = records.setdefault(record_id, {"Id": record_id, "CreatedDate": moment})
            record.update(fields)
            record["IsDeleted"] = kind.endswith("DELETE") and not kind.endswith("UNDELETE")
            record["LastModifiedDate"] = record["SystemModstamp"] = moment


def _expanded(record_ids: Sequence[str], records: Mapping[str, Any]) -> list[str]:
    found: list[str] = []
    for each in record_ids:
        prefix = each.removesuffix(_WILDCARD)
        found += [each] if prefix == each else [known for known in records if known.startswith(prefix)]
    return found


def _type(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "int"
    if isinstance(value, float):
        return "double"
    return "address" if isinstance(value, dict) else "string"
