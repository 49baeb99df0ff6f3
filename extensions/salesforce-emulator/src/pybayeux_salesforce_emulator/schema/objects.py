"""Objects of an org: standard ones, custom ones, platform events, and the change events of the first two.

Sources: REST API Developer Guide, "Describe Global" and "sObject Describe"; Object Reference,
"StandardObjectNameChangeEvent" (which fields a change event has); Platform Events Developer Guide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..events.channels import change_event
from .fields import Field
from .standard import EVENT_FIELDS, STANDARD_OBJECTS, SYSTEM_FIELDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pybayeux_devserver.toolkit import Json

__all__ = ("ObjectDefinition", "Objects")

_NOT_IN_CHANGES: Final = ("IsDeleted", "SystemModstamp")
_HEADER: Final = Field(name="ChangeEventHeader", label="Change Event Header", type="complexvalue", nillable=False)
_FLAGS: Final = ("createable", "deletable", "layoutable", "queryable", "replicateable", "searchable", "updateable")


@dataclass(frozen=True, slots=True)
class ObjectDefinition:
    """An object.

    Attributes:
        name: Its API name.
        label: Its label.
        prefix: The first characters of its records' ids; None for events.
        fields: Its fields.
    """

    name: str
    label: str
    prefix: str | None
    fields: tuple[Field, ...]

    @property
    def is_event(self) -> bool:
        """Whether it is a platform event or a change event."""
        return self.name.endswith(("__e", "ChangeEvent"))

    def summary(self, base: str) -> Json:
        """Its entry in the list of all objects.

        Args:
            base: The path of the API version.
        """
        url = f"{base}/sobjects/{self.name}"
        is_platform_event = self.name.endswith("__e")
        return {
            "custom": self.name.endswith(("__c", "__e", "__ChangeEvent")),
            "keyPrefix": self.prefix,
            "label": self.label,
            "labelPlural": f"{self.label}s",
            "name": self.name,
            **dict.fromkeys(_FLAGS, not self.is_event),
            "createable": not self.is_event or is_platform_event,
            "triggerable": True,
            "urls": {"sobject": url, "describe": f"{url}/describe"}
            | ({"eventSchema": f"{url}/eventSchema"} if self.is_event else {}),
        }

    def describe(self, base: str) -> Json:
        """Its description."""
        return {**self.summary(base), "fields": [each.describe() for each in self.fields]}


class Objects:
    """The objects of an org.

    Args:
        events: Returns the names of the platform events that have a channel, with the fields that were published last.
    """

    def __init__(self, events: Callable[[], Iterable[tuple[str, Sequence[str]]]]) -> None:
        self._events: Final = events
        self._defined: Final[dict[str, ObjectDefinition]] = {
            name: ObjectDefinition(name, label, prefix, (*SYSTEM_FIELDS, *fields))
            for name, (prefix, label, fields) in STANDARD_OBJECTS.items()
        }

    def define(self, name: str, fields: Sequence[Field], label: str | None = None) -> None:
        """Define a custom object or a platform event, or add custom fields to an object.

        Raises:
            ValueError: The name is neither that of a known object nor one of a custom object or platform event.
        """
        known = self._defined.get(name)
        if known is not None:
            added = {each.name: each for each in (*known.fields, *fields)}
            definition = ObjectDefinition(name, label or known.label, known.prefix, tuple(added.values()))
        elif name.endswith("__e"):
            definition = ObjectDefinition(name, label or _label(name), None, (*EVENT_FIELDS, *fields))
        elif name.endswith("__c"):
            named = Field(name="Name", label=f"{_label(name)} Name", nillable=False, length=80)
            definition = ObjectDefinition(name, label or _label(name), "a00", (*SYSTEM_FIELDS, named, *fields))
        else:
            raise ValueError(f"name: expected a custom object (__c), an event (__e) or a standard object; got {name!r}")
        self._defined[name] = definition

    def all(self) -> list[ObjectDefinition]:
        """All objects, sorted by name."""
        objects = dict(self._defined)
        for name, fields in self._events():
            if name not in objects:
                objects[name] = _undefined_event(name, fields)
        for known in [each for each in objects.values() if not each.is_event]:
            objects[change_event(known.name)] = _change_event(known)
        return sorted(objects.values(), key=lambda each: each.name)

    def find(self, name: str) -> ObjectDefinition | None:
        """The object with this name, in any case."""
        return next((each for each in self.all() if each.name.lower() == name.lower()), None)


def _change_event(of: ObjectDefinition) -> ObjectDefinition:
    fields = [each for each in of.fields if each.name not in _NOT_IN_CHANGES and not each.calculated]
    id_, *others = fields
    replay = Field(name="ReplayId", label="Replay ID", length=255)
    return ObjectDefinition(change_event(of.name), f"{of.label} Change Event", None, (id_, replay, _HEADER, *others))


def _undefined_event(name: str, fields: Sequence[str]) -> ObjectDefinition:
    """An event that has a channel and no definition. Its custom fields are those of the last event, as text."""
    own = [Field(name=each, length=255) for each in fields if each not in {known.name for known in EVENT_FIELDS}]
    return ObjectDefinition(name, _label(name), None, (*EVENT_FIELDS, *own))


def _label(name: str) -> str:
    return name.rpartition("__")[0].replace("_", " ")
