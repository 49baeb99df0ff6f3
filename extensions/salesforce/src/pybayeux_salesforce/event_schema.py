"""Descriptions of events: which fields the payload of an event has, as the org describes them.

Sources: REST API Developer Guide, "sObject Describe"; Object Reference, "StandardObjectNameChangeEvent"; Platform
Events Developer Guide, "Standard Platform Event Fields".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from pybayeux.errors import UsageError

from .channels import event_of_entity
from .errors import RestError

if TYPE_CHECKING:
    from .rest import RestClient

__all__ = ("EventDescription", "FieldDescription", "PicklistValue", "read_event")

_NOT_FOUND: Final = 404
_NOT_IN_PAYLOAD: Final = ("ReplayId", "EventUuid", "ChangeEventHeader")
"""Members of the event, beside its payload, and the header, which has a type of its own."""


class PicklistValue(Struct, frozen=True):
    """A value of a picklist."""

    value: str


class FieldDescription(Struct, rename="camel", kw_only=True, frozen=True):
    """A field, as the org describes it.

    Attributes:
        name: Its API name.
        label: Its label.
        type: Its type, such as ``string`` or ``picklist``.
        nillable: Whether it may have no value.
        picklist_values: The values of a picklist.
        restricted_picklist: Whether a picklist has these values only.
        compound_field_name: The compound field of which it is a component, or None.
        inline_help_text: Its help text, or None.
    """

    name: str
    type: str
    label: str = ""
    nillable: bool = True
    picklist_values: list[PicklistValue] = []
    restricted_picklist: bool = False
    compound_field_name: str | None = None
    inline_help_text: str | None = None


class EventDescription(Struct, frozen=True):
    """A platform event or a change event, as the org describes it.

    Attributes:
        name: Its API name.
        label: Its label.
        fields: Its fields.
    """

    name: str
    label: str
    fields: list[FieldDescription]

    @property
    def is_change(self) -> bool:
        """Whether it is a change event."""
        return self.name.endswith("ChangeEvent")

    @property
    def payload(self) -> list[FieldDescription]:
        """The fields of the payload, sorted by name, with the components of compound fields."""
        absent = (*_NOT_IN_PAYLOAD, "Id") if self.is_change else _NOT_IN_PAYLOAD
        return sorted((each for each in self.fields if each.name not in absent), key=lambda each: each.name)


async def read_event(rest: RestClient, name: str) -> EventDescription:
    """Read the description of an event.

    Args:
        rest: The org.
        name: The name of an object, whose change event is meant, or of an event.

    Raises:
        UsageError: The org has no such object or event.
        RestError: The org refused or did not answer.
    """
    event = event_of_entity(name)
    try:
        content = await rest.get(f"sobjects/{event}/describe")
    except RestError as error:
        if error.status != _NOT_FOUND:
            raise
        raise UsageError(
            f"{name}: the org has no event {event}, or the user has no access to it; pybayeux salesforce channels "
            "lists events, and objects without change events have none"
        ) from None
    try:
        return msgspec.convert(content, EventDescription, strict=False)
    except msgspec.ValidationError as error:
        raise RestError(f"{rest.url_of(f'sobjects/{event}/describe')}: {error}") from None
