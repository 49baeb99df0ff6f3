"""Event channels and their members, as records of the Tooling API.

Owns their validation; what a channel includes is in `events/channels.py`. Sources: Tooling API, "PlatformEventChannel"
and "PlatformEventChannelMember"; Change Data Capture Developer Guide, "Get Custom Channels and Channel Members" (the
standard channel has no record; the entity of a platform event is stated as an id). That two underscores in a name are
refused was seen in amp-labs/connectors#3265, the code of a duplicate in #2971. Other codes and texts are assumed, and
that a channel's members are deleted with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from ..events.channels import CHANGE_EVENTS, ChannelDefinition, Member, Product
from .refusal import RestRefusal, missing_fields, not_found

if TYPE_CHECKING:
    from ..events.bus import Bus
    from ..org.ids import Ids
    from .objects import Objects

__all__ = ("ChannelMembers", "ChannelRecords")

_STANDARD: Final = "ChangeEvents"
_PREFIXES: Final = {"data": "/data/", "event": "/event/"}
_DUPLICATE: Final = "This Developer Name already exists or has been previously used.  Please choose a different one."


class ChannelRecords:
    """The custom channels of an org.

    Args:
        bus: The channels.
        ids: Generates record ids.
    """

    def __init__(self, bus: Bus, ids: Ids) -> None:
        self._bus: Final = bus
        self._ids: Final = ids
        self._known: Final[dict[str, str]] = {}

    def records(self) -> list[Mapping[str, Any]]:
        """The rows of ``PlatformEventChannel``."""
        return [self._row(each) for each in self._bus.definitions.values() if self._is_listed(each)]

    def find(self, record_id: str) -> Mapping[str, Any]:
        """The record with this id, with its metadata.

        Raises:
            RestRefusal: There is none.
        """
        row = next((each for each in self.records() if each["Id"] == record_id), None)
        if row is None:
            raise not_found()
        metadata = {"channelType": row["ChannelType"], "label": row["MasterLabel"]}
        return {**row, "FullName": f"{row['DeveloperName']}__chn", "Metadata": metadata}

    def create(self, given: Mapping[str, Any]) -> str:
        """Create a channel, and return its id.

        Raises:
            RestRefusal: A value is missing or invalid.
        """
        name, metadata = _named(given)
        if absent := [each for each in ("channelType", "label") if not metadata.get(each)]:
            raise missing_fields(absent)
        prefix = _PREFIXES.get(metadata["channelType"])
        if prefix is None or not name.endswith("__chn") or "__" in name.removesuffix("__chn"):
            raise RestRefusal(400, "INVALID_INPUT", f"invalid channel: {name} of type {metadata['channelType']}")
        if any(each.event == name for each in self._bus.definitions.values() if self._is_listed(each)):
            raise RestRefusal(400, "DUPLICATE_DEVELOPER_NAME", _DUPLICATE, ["DeveloperName"])
        definition = ChannelDefinition(name=f"{prefix}{name}", label=str(metadata["label"]))
        self._bus.define(definition)
        return str(self._row(definition)["Id"])

    def update(self, record_id: str, given: Mapping[str, Any]) -> None:
        """Change the label of a channel.

        Raises:
            RestRefusal: There is no such record, or a value is missing.
        """
        name = self.find(record_id)["FullName"]
        _, metadata = _named({"FullName": name, **given})
        self.definition(name).label = str(metadata.get("label") or "")

    def delete(self, record_id: str) -> None:
        """Delete a channel.

        Raises:
            RestRefusal: There is no such record.
        """
        definition = self.definition(self.find(record_id)["FullName"])
        self._bus.close(definition.name)
        definition.members.clear()

    def definition(self, name: str) -> ChannelDefinition:
        """The channel with this name: ``ChangeEvents``, or a custom one such as ``Sales__chn``.

        Raises:
            RestRefusal: There is none.
        """
        if name == _STANDARD:
            return self._bus.definition(CHANGE_EVENTS)
        for definition in self._bus.definitions.values():
            if definition.event == name and self._is_listed(definition):
                return definition
        raise RestRefusal(400, "INVALID_INPUT", f"no channel found with name: {name}")

    def _is_listed(self, definition: ChannelDefinition) -> bool:
        return definition.custom and self._bus.is_open(definition.name)

    def _row(self, definition: ChannelDefinition) -> dict[str, Any]:
        if definition.name not in self._known:
            self._known[definition.name] = self._ids.record("0YL")
        name = definition.event.removesuffix("__chn")
        return {
            "Id": self._known[definition.name],
            "DeveloperName": name,
            "MasterLabel": definition.label or name.replace("_", " "),
            "ChannelType": "data" if definition.product is Product.CHANGE_EVENT else "event",
        }


class ChannelMembers:
    """The members of the custom channels and of ``ChangeEvents``.

    Args:
        bus: The channels.
        ids: Generates record ids.
        channels: The custom channels.
        objects: The events that can be members.
    """

    def __init__(self, bus: Bus, ids: Ids, channels: ChannelRecords, objects: Objects) -> None:
        self._bus: Final = bus
        self._ids: Final = ids
        self._channels: Final = channels
        self._objects: Final = objects
        self._known: Final[dict[tuple[str, str], str]] = {}
        self._events: Final[dict[str, str]] = {}

    def records(self) -> list[Mapping[str, Any]]:
        """The rows of ``PlatformEventChannelMember``."""
        return [self._row(channel, event) for channel in self._bus.definitions.values() for event in channel.members]

    def find(self, record_id: str) -> Mapping[str, Any]:
        """The record with this id, with its metadata.

        Raises:
            RestRefusal: There is none.
        """
        channel, event = self._place(record_id)
        member = channel.members[event]
        row = self._row(channel, event)
        metadata = {
            "enrichedFields": [{"name": name} for name in member.enriched],
            "eventChannel": channel.event,
            "filterExpression": member.expression,
            "selectedEntity": event,
        }
        return {**row, "FullName": row["DeveloperName"], "Metadata": metadata}

    def create(self, given: Mapping[str, Any]) -> str:
        """Add an event to a channel, and return the id of the member.

        Raises:
            RestRefusal: A value is missing or invalid, or the channel has the event already.
        """
        name, metadata = _named(given)
        if absent := [each for each in ("eventChannel", "selectedEntity") if not metadata.get(each)]:
            raise missing_fields(absent)
        if "__" in name:
            text = (
                f"Cannot create a new component with the namespace: {name.rpartition('__')[0]}.  Only components in "
                "the same namespace as the organization can be created through the API"
            )
            raise RestRefusal(400, "INVALID_INPUT", text)
        channel, event = self._channels.definition(metadata["eventChannel"]), str(metadata["selectedEntity"])
        entity = self._objects.find(event)
        kind = Product.CHANGE_EVENT if event.endswith("ChangeEvent") else Product.PLATFORM_EVENT
        if entity is None or not entity.is_event or kind is not channel.product:
            raise RestRefusal(400, "INVALID_INPUT", f"invalid event for {channel.event}: {event}", ["SelectedEntity"])
        if event in channel.members:
            raise RestRefusal(400, "DUPLICATE_DEVELOPER_NAME", _DUPLICATE, ["DeveloperName"])
        member = self._member(metadata, Member(), event)
        if channel.name == CHANGE_EVENTS:
            self._bus.define(ChannelDefinition(name=f"/data/{event}"))
        channel.members[event] = member
        return str(self._row(channel, event)["Id"])

    def update(self, record_id: str, given: Mapping[str, Any]) -> None:
        """Change the filter and the enriched fields of a member. Channel and event stay.

        Raises:
            RestRefusal: There is no such record, or a value is invalid.
        """
        channel, event = self._place(record_id)
        _, metadata = _named({"FullName": "-", **given})
        if (metadata.get("eventChannel", channel.event), metadata.get("selectedEntity", event)) != (
            channel.event,
            event,
        ):
            raise RestRefusal(400, "INVALID_INPUT", "EventChannel and SelectedEntity can't be updated")
        channel.members[event] = self._member(metadata, channel.members[event], event)

    def delete(self, record_id: str) -> None:
        """Take an event from a channel. Deselected from ``ChangeEvents``, the object's own channel ends too.

        Raises:
            RestRefusal: There is no such record.
        """
        channel, event = self._place(record_id)
        del channel.members[event]
        if channel.name == CHANGE_EVENTS:
            self._bus.close(f"/data/{event}")

    def _member(self, metadata: Mapping[str, Any], before: Member, event: str) -> Member:
        enriched = tuple(str(each["name"]) for each in metadata.get("enrichedFields") or ())
        entity = self._objects.find(event)
        known = {each.name for each in entity.fields} if entity is not None else set(enriched)
        if unknown := [each for each in enriched if each not in known]:
            raise RestRefusal(400, "INVALID_INPUT", f"invalid enriched field: {unknown[0]}", ["EnrichedFields"])
        try:
            return replace(before, expression=metadata.get("filterExpression") or None, enriched=enriched)
        except ValueError as error:
            raise RestRefusal(400, "INVALID_INPUT", f"invalid filter expression: {error}") from None

    def _place(self, record_id: str) -> tuple[ChannelDefinition, str]:
        for (channel, event), known in self._known.items():
            if known == record_id and event in self._bus.definition(channel).members:
                return self._bus.definition(channel), event
        raise not_found()

    def _row(self, channel: ChannelDefinition, event: str) -> dict[str, Any]:
        if (channel.name, event) not in self._known:
            self._known[channel.name, event] = self._ids.record("0v8")
        return {
            "Id": self._known[channel.name, event],
            "DeveloperName": f"{channel.event}_{event}".replace("__", "_"),
            "EventChannel": channel.event,
            "FilterExpression": channel.members[event].expression,
            "SelectedEntity": event if channel.product is Product.CHANGE_EVENT else self._id_of(event),
        }

    def _id_of(self, event: str) -> str:
        if event not in self._events:
            self._events[event] = self._ids.record("01I")
        return self._events[event]


def _named(given: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    name, metadata = given.get("FullName"), given.get("Metadata")
    if not name or not isinstance(metadata, Mapping):
        raise missing_fields(each for each in ("FullName", "Metadata") if not given.get(each))
    return str(name), metadata
