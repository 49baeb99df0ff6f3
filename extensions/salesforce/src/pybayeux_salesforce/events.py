"""The events of Salesforce's products, as types: ``client.subscribe("/event/Order__e", type=PlatformEvent[Order])``.

Owns the shapes of ``data`` ("Message Durability", Streaming API Developer Guide; Platform Events and Change Data
Capture Developer Guides), old ones included. Without a type of one's own for the fields they are a dictionary. What is
not known here is left out, and nothing is refused for it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Generic, TypeAlias, TypeVar

import msgspec
from msgspec import Struct

from pybayeux import BayeuxError

from .changes import ChangeEventHeader, header_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pybayeux import Message

__all__ = (
    "AnyEvent",
    "ChangeEvent",
    "ChangePayload",
    "EventMark",
    "GenericEvent",
    "PlatformEvent",
    "PushTopicEvent",
    "UnknownEventError",
    "event_of",
)

P = TypeVar("P")


class UnknownEventError(BayeuxError, ValueError):
    """A message is none of Salesforce's events.

    Attributes:
        channel: Its channel.
    """

    def __init__(self, channel: str, why: str) -> None:
        super().__init__(f"the message on {channel} is no event of Salesforce: {why}")
        self.channel: Final = channel


class EventMark(Struct, rename="camel", kw_only=True, omit_defaults=True):
    """What an event says of itself beside its contents; what a product does not have is None.

    Attributes:
        replay_id: Its place in its channel's stream.
        created_date: When it happened, as text (PushTopic and generic events).
        type: What became of a PushTopic's record: ``created``, ``updated``, ``deleted`` or ``undeleted``.
        event_uuid: What names a platform event for ever; replay ids change when an org moves.
        event_api_name: Its API name, from endpoints of version 55.0 on: what it is, on a custom channel.
        schema: Where platform events had the id of their schema in 2017.
    """

    replay_id: int | None = None
    created_date: str | None = None
    type: str | None = None
    event_uuid: str | None = msgspec.field(default=None, name="EventUuid")
    event_api_name: str | None = msgspec.field(default=None, name="EventApiName")
    schema: str | None = None


class _Event(Struct, kw_only=True, omit_defaults=True):
    event: EventMark = msgspec.field(default_factory=EventMark)

    @property
    def replay_id(self) -> int | None:
        """The event's place in its channel's stream. Do not compute with it."""
        return self.event.replay_id


class PushTopicEvent(_Event, Generic[P], kw_only=True):
    """A change of a record that a PushTopic's query selects.

    Attributes:
        sobject: The record's fields.
    """

    sobject: P

    @property
    def created(self) -> datetime | None:
        """When it happened, in UTC."""
        return _time(self.event.created_date)


class GenericEvent(_Event, Generic[P], kw_only=True):
    """An event of a generic channel.

    Attributes:
        payload: Whatever was published, often a text.
    """

    payload: P

    @property
    def created(self) -> datetime | None:
        """When it was published, in UTC."""
        return _time(self.event.created_date)


class PlatformEvent(_Event, Generic[P], kw_only=True):
    """A platform event.

    Attributes:
        payload: Its fields.
        schema: The id of its schema, for REST's ``eventSchema``; see `schema_id`.
    """

    payload: P
    schema: str | None = None

    @property
    def schema_id(self) -> str | None:
        """The id of its schema, wherever the event has it."""
        return self.schema or self.event.schema

    @property
    def uuid(self) -> str | None:
        """What names the event for ever, where its version has that."""
        return self.event.event_uuid

    @property
    def name(self) -> str | None:
        """Its API name, from endpoints of version 55.0 on."""
        return self.event.event_api_name

    @property
    def created(self) -> datetime | None:
        """When it was published, in UTC."""
        return _time(_member(self.payload, "CreatedDate"))


class ChangePayload(Struct, kw_only=True):
    """To derive one's own type for the fields of an object's changes from. A field that did not change is absent.

    ``class AccountChange(ChangePayload): Name: str | UnsetType = UNSET``
    """

    header: ChangeEventHeader = msgspec.field(name="ChangeEventHeader")


class ChangeEvent(_Event, Generic[P], kw_only=True):
    """A change of records.

    Attributes:
        payload: The header and the fields that have changed.
        schema: The id of its schema.
    """

    payload: P
    schema: str | None = None

    @property
    def header(self) -> ChangeEventHeader:
        """What has changed, by whom, in which transaction.

        Raises:
            msgspec.ValidationError: A member of it is of another type than documented.
        """
        return header_of(self.payload) or ChangeEventHeader()

    @property
    def fields(self) -> dict[str, Any]:
        """The fields that have changed, by name, without the header."""
        members = self.payload if isinstance(self.payload, dict) else msgspec.to_builtins(self.payload)
        return {name: value for name, value in members.items() if name != "ChangeEventHeader"}


AnyEvent: TypeAlias = PushTopicEvent[Any] | GenericEvent[Any] | PlatformEvent[Any] | ChangeEvent[Any]
"""An event of any product."""

_BY_PREFIX: Final[Mapping[str, Any]] = {
    "topic": PushTopicEvent,
    "systemTopic": PushTopicEvent,
    "u": GenericEvent,
    "event": PlatformEvent,
    "data": ChangeEvent,
}


def event_of(message: Message) -> AnyEvent:
    """The event in a message, as the type that it is: told by its channel, else by its shape.

    Raises:
        UnknownEventError: It is none.
    """
    content = message.raw_data
    kind = _BY_PREFIX.get(message.channel.strip("/").partition("/")[0]) or _kind_of(message, content)
    try:
        return msgspec.json.decode(content, type=kind[Any])  # type: ignore[no-any-return]
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnknownEventError(message.channel, str(error)) from error


def _kind_of(message: Message, content: bytes) -> Any:
    try:
        data = msgspec.json.decode(content, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnknownEventError(message.channel, str(error)) from error
    mark = data.get("event")
    if not isinstance(mark, dict):
        raise UnknownEventError(message.channel, "it has no member 'event'")
    if "sobject" in data:
        return PushTopicEvent
    payload = data.get("payload")
    if isinstance(payload, dict) and "ChangeEventHeader" in payload:
        return ChangeEvent
    return PlatformEvent if {"schema", "EventUuid", "EventApiName"} & (data.keys() | mark.keys()) else GenericEvent


def _time(text: Any) -> datetime | None:
    """A time as Salesforce writes it, ``2016-03-29T16:40:08.208Z`` or with ``+0000`` behind it."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _member(payload: Any, name: str) -> Any:
    return payload.get(name) if isinstance(payload, dict) else getattr(payload, name, None)
