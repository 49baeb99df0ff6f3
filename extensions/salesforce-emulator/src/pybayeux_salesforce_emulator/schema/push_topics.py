"""PushTopics: their records, each of which is a channel ``/topic/Name``.

Owns their validation. Sources: Object Reference, "PushTopic"; Streaming API Developer Guide, "PushTopic Queries" and
"PushTopic Streaming Allocations" (1,300 characters). The text of a name that is too long was seen in
kafka-docker-playground#6603; the other texts are assumed from those of other objects.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from ..events.channels import ChannelDefinition, Product
from .refusal import RestRefusal, missing_fields, no_such_field, not_found
from .soql import MalformedQueryError, parse_query

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..events.bus import Bus
    from ..org.ids import Ids
    from .objects import Objects

__all__ = ("PushTopics",)

_NAME: Final = re.compile(r"\w+")
_LONGEST_NAME: Final = 25
_LONGEST_QUERY: Final = 1_300
_REQUIRED: Final = ("Name", "Query", "ApiVersion")
_NOTIFY_FOR_FIELDS: Final = ("All", "Referenced", "Select", "Where")
_DEFAULTS: Final[Mapping[str, Any]] = {
    "Description": None,
    "IsActive": True,
    "NotifyForFields": "Referenced",
    "NotifyForOperationCreate": True,
    "NotifyForOperationUpdate": True,
    "NotifyForOperationDelete": True,
    "NotifyForOperationUndelete": True,
}


class PushTopics:
    """The PushTopics of an org.

    Args:
        bus: The channels.
        ids: Generates record ids.
        objects: The objects that queries may name.
    """

    def __init__(self, bus: Bus, ids: Ids, objects: Objects) -> None:
        self._bus: Final = bus
        self._ids: Final = ids
        self._objects: Final = objects
        self._known: Final[dict[str, dict[str, Any]]] = {}

    def records(self) -> list[Mapping[str, Any]]:
        """All records. A topic that a test has defined as a channel gets one too, with a query of its fields."""
        named = {record["Name"] for record in self._known.values()}
        for definition in list(self._bus.definitions.values()):
            is_topic = definition.product is Product.PUSH_TOPIC and self._bus.is_open(definition.name)
            if is_topic and definition.event not in named:
                query = f"SELECT {', '.join(definition.fields or ('Id', 'Name'))} FROM Account"  # noqa: S608 - SOQL
                self._add({**_DEFAULTS, "Name": definition.event, "Query": query, "ApiVersion": 67.0})
        return list(self._known.values())

    def find(self, record_id: str) -> Mapping[str, Any]:
        """The record with this id.

        Raises:
            RestRefusal: There is none.
        """
        self.records()
        if record_id not in self._known:
            raise not_found()
        return self._known[record_id]

    def create(self, given: Mapping[str, Any]) -> str:
        """Create a PushTopic, and return its id.

        Raises:
            RestRefusal: A value is missing or invalid.
        """
        if absent := [name for name in _REQUIRED if given.get(name) in (None, "")]:
            raise missing_fields(absent)
        record = {**_DEFAULTS, **given}
        fields = self._check(record, None)
        self._bus.define(ChannelDefinition(name=f"/topic/{record['Name']}", fields=fields))
        return self._add(record)

    def update(self, record_id: str, given: Mapping[str, Any]) -> None:
        """Change a PushTopic. With another name it is another channel.

        Raises:
            RestRefusal: There is no such record, or a value is invalid.
        """
        before = self.find(record_id)
        record = {**before, **given}
        fields = self._check({name: value for name, value in record.items() if name != "Id"}, record_id)
        if record["Name"] != before["Name"]:
            self._bus.close(f"/topic/{before['Name']}")
        self._bus.define(ChannelDefinition(name=f"/topic/{record['Name']}", fields=fields))
        self._known[record_id] = record

    def delete(self, record_id: str) -> None:
        """Delete a PushTopic; its channel ends.

        Raises:
            RestRefusal: There is no such record.
        """
        self._bus.close(f"/topic/{self.find(record_id)['Name']}")
        del self._known[record_id]

    def _add(self, record: Mapping[str, Any]) -> str:
        record_id = self._ids.record("0IF")
        self._known[record_id] = {"Id": record_id, **record}
        return record_id

    def _check(self, record: Mapping[str, Any], record_id: str | None) -> tuple[str, ...]:
        """Check a record, and return the fields that its query selects."""
        for name in record:
            if name not in (*_REQUIRED, *_DEFAULTS):
                raise no_such_field(name, "PushTopic")
        topic, query = str(record["Name"]), str(record["Query"])
        if len(topic) > _LONGEST_NAME:
            raise _too_long("Topic Name", topic, _LONGEST_NAME, "Name")
        if len(query) > _LONGEST_QUERY:
            raise _too_long("SOQL Query", query, _LONGEST_QUERY, "Query")
        if _NAME.fullmatch(topic) is None:
            raise RestRefusal(400, "INVALID_FIELD", f"Invalid topic name: {topic}", ["Name"])
        for other in self.records():
            if other["Name"].lower() == topic.lower() and other["Id"] != record_id:
                text = f"duplicate value found: Name duplicates value on record with id: {other['Id']}"
                raise RestRefusal(400, "DUPLICATE_VALUE", text, ["Name"])
        if record["NotifyForFields"] not in _NOTIFY_FOR_FIELDS:
            text = f"Notify For Fields: bad value for restricted picklist field: {record['NotifyForFields']}"
            raise RestRefusal(400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", text, ["NotifyForFields"])
        return self._check_query(query)

    def _check_query(self, text: str) -> tuple[str, ...]:
        try:
            query = parse_query(text)
        except MalformedQueryError as error:
            raise RestRefusal(400, "INVALID_FIELD", f"Query: {error}", ["Query"]) from None
        entity = self._objects.find(query.source)
        if entity is None:
            raise RestRefusal(400, "INVALID_FIELD", f"sObject type '{query.source}' is not supported.", ["Query"])
        known = {each.name.lower() for each in entity.fields}
        for name in query.fields:
            if name.lower() not in known:
                text = f"No such column '{name}' on entity '{entity.name}'."
                raise RestRefusal(400, "INVALID_FIELD", text, ["Query"])
        return query.fields


def _too_long(label: str, value: str, longest: int, name: str) -> RestRefusal:
    text = f"{label}: data value too large: {value} (max length={longest})"
    return RestRefusal(400, "STRING_TOO_LONG", text, [name])
