"""Objects and their records: which fields are queried, and which form a record has in an event.

Sources: REST API Developer Guide, "sObject Describe"; Change Data Capture Developer Guide, "Change Event Fields"
(compound fields are objects there, and ``Id``, ``IsDeleted`` and ``SystemModstamp`` are no fields of events); Bulk API
2.0, "SOQL Considerations" (no compound fields).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ("ObjectFields", "entity_of", "entity_of_event", "fields_of")

_QUERIED: Final = ("Id", "IsDeleted", "SystemModstamp")
"""What every query selects, and no event has among its fields."""
_UNQUERIED: Final = frozenset({"address", "location", "base64", "complexvalue"})
_NUMBERS: Final = frozenset({"double", "currency", "percent"})
_ADDRESS: Final = "Address"
_DATETIME: Final = "datetime"


@dataclass(frozen=True, slots=True)
class ObjectFields:
    """The fields of an object that are queried.

    Attributes:
        entity: The object.
        types: The types of the fields, by name.
        compounds: For each component of a compound field, the compound field and the name of the component in it.
        has_deleted: Whether the object has ``IsDeleted``.
        shown: The fields of an event; None: all.
    """

    entity: str
    types: Mapping[str, str]
    compounds: Mapping[str, tuple[str, str]]
    has_deleted: bool
    shown: tuple[str, ...] | None = None

    @property
    def selected(self) -> list[str]:
        """The fields to query."""
        own = [name for name in _QUERIED if name != "IsDeleted" or self.has_deleted]
        return own + [name for name in self.types if name not in _QUERIED]

    def sobject(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields of a record that a PushTopic's query selects, in the form that they have in an event."""
        names = self.types if self.shown is None else self.shown
        return {name: _datetime(record.get(name)) for name in names}

    def payload(self, record: Mapping[str, Any], *, with_nulls: bool) -> dict[str, Any]:
        """Return the fields of a record in the form that they have in an event."""
        found: dict[str, Any] = {}
        for name, kind in self.types.items():
            value = record.get(name)
            if name in _QUERIED or (value is None and not with_nulls):
                continue
            compound, component = self.compounds.get(name, (name, ""))
            if not component:
                found[name] = _datetime(value) if kind == _DATETIME else value
            elif value is not None:
                found[compound] = {**(found.get(compound) or {}), component: value}
            else:
                found.setdefault(compound, None)
        return found

    def typed(self, row: Mapping[str, str]) -> dict[str, Any]:
        """Return a record of CSV with the types that it has in JSON. An empty value is null."""
        return {name: self._value(name, text) for name, text in row.items()}

    def _value(self, name: str, text: str) -> Any:
        return _CONVERSIONS.get(self.types.get(name, ""), str)(text) if text else None


def fields_of(entity: str, description: Mapping[str, Any]) -> ObjectFields:
    """Return the fields of an object from its description. A binary field is left out, as in events."""
    fields = {each["name"]: each for each in description.get("fields", ()) if isinstance(each, dict) and "name" in each}
    compounds: dict[str, tuple[str, str]] = {}
    for name, each in fields.items():
        compound = each.get("compoundFieldName")
        if compound and compound != name:
            compounds[name] = compound, _component(name, compound)
    named = {compound for compound, _ in compounds.values()}
    types = {
        name: str(each.get("type", "string"))
        for name, each in fields.items()
        if each.get("type") not in _UNQUERIED and name not in named
    }
    return ObjectFields(entity, types, compounds, "IsDeleted" in fields)


def _component(name: str, compound: str) -> str:
    """Return the name of a component within its compound field: ``Street`` for BillingStreet of BillingAddress."""
    prefix = compound.removesuffix(_ADDRESS) if compound.endswith(_ADDRESS) else compound.removesuffix("c")
    short = name.removeprefix(prefix) if prefix else name
    return short.removesuffix("__s") or name


def _datetime(value: Any) -> Any:
    return f"{value[:-5]}Z" if isinstance(value, str) and value.endswith("+0000") else value


def _boolean(text: str) -> bool:
    return text.lower() == "true"


_CONVERSIONS: Final[Mapping[str, Callable[[str], Any]]] = {
    "boolean": _boolean,
    "int": int,
    "long": int,
    **dict.fromkeys(_NUMBERS, float),
}


def entity_of(channel: str) -> str | None:
    """Return the object whose changes a channel has; None for a channel of several, and for other products."""
    return entity_of_event(channel.removeprefix("/data/")) if channel.startswith("/data/") else None


def entity_of_event(name: str) -> str | None:
    """Return the object of a change event: ``Account`` for AccountChangeEvent, ``Emp__c`` for Emp__ChangeEvent."""
    entity = name.removesuffix("ChangeEvent")
    if not entity or entity == name:
        return None
    return f"{entity}c" if entity.endswith("__") else entity
