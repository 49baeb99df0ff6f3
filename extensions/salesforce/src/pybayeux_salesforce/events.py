"""Types of Salesforce's events, for ``client.subscribe("/event/Order__e", type=PlatformEvent[Order])``.

They describe ``data`` as documented ("Message Durability", Streaming API Developer Guide; Platform Events and Change
Data Capture Developer Guides) and as older API versions send it. Without a type argument the fields are a dictionary.
Unknown members are ignored.
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
    "EventMetadata",
    "FilledNote",
    "GenericEvent",
    "PlatformEvent",
    "PushTopicEvent",
    "UnknownEventError",
    "event_of",
)

P = TypeVar("P")


class UnknownEventError(BayeuxError, ValueError):
    """A message is not an event of Salesforce.

    Attributes:
        channel: The channel of the message.
    """

    def __init__(self, channel: str, why: str) -> None:
        super().__init__(f"the message on {channel} is not an event of Salesforce: {why}")
        self.channel: Final = channel


class EventMetadata(Struct, rename="camel", kw_only=True, omit_defaults=True):
    """The member ``event`` of an event. A member that the product does not send is None.

    Attributes:
        replay_id: The event's position in the stream of its channel.
        created_date: The time of the event, as text (PushTopic and generic events).
        type: The change of a PushTopic's record: ``created``, ``updated``, ``deleted`` or ``undeleted``.
        event_uuid: The permanent id of a platform event. Replay ids change when an org moves.
        event_api_name: The API name of a platform event, from API version 55.0 on. On a custom channel it says which
            event it is.
        schema: The schema id of a platform event in the format of 2017.
    """

    replay_id: int | None = None
    created_date: str | None = None
    type: str | None = None
    event_uuid: str | None = msgspec.field(default=None, name="EventUuid")
    event_api_name: str | None = msgspec.field(default=None, name="EventApiName")
    schema: str | None = None


class FilledNote(Struct, kw_only=True, omit_defaults=True):
    """What an event that a backfill has made says of its gap.

    Attributes:
        reason: What made the gap, such as ``expired`` or ``GAP_UPDATE``; see `BackfillReport`.
        since: From which time on records were read, as text; None: all records, or some by their ids.
        unknown: What cannot be known of the change.
    """

    reason: str = ""
    since: str | None = None
    unknown: list[str] = []


class _Event(Struct, kw_only=True, omit_defaults=True):
    event: EventMetadata = msgspec.field(default_factory=EventMetadata)
    origin: str = "stream"
    """``backfill`` for an event that a backfill has made of a record, else ``stream``."""
    backfill: FilledNote | None = None
    """Of an event that a backfill has made: what it says of its gap."""

    @property
    def replay_id(self) -> int | None:
        """The event's position in the stream of its channel. Opaque: not a number to calculate with."""
        return self.event.replay_id


class PushTopicEvent(_Event, Generic[P], kw_only=True):
    """An event of a PushTopic: a change of a record that its query selects.

    Attributes:
        sobject: The fields of the record.
    """

    sobject: P

    @property
    def created(self) -> datetime | None:
        """The time of the change, in UTC; None if the event has none."""
        return _time(self.event.created_date)


class GenericEvent(_Event, Generic[P], kw_only=True):
    """An event of a generic channel.

    Attributes:
        payload: What was published, often text.
    """

    payload: P

    @property
    def created(self) -> datetime | None:
        """The time of publication, in UTC; None if the event has none."""
        return _time(self.event.created_date)


class PlatformEvent(_Event, Generic[P], kw_only=True):
    """A platform event.

    Attributes:
        payload: The fields of the event.
        schema: The schema id in the present format; `schema_id` finds it in older ones too.
    """

    payload: P
    schema: str | None = None

    @property
    def schema_id(self) -> str | None:
        """The schema id, for ``eventSchema`` of the REST API; None if the event has none."""
        return self.schema or self.event.schema

    @property
    def uuid(self) -> str | None:
        """The permanent id of the event; None in API versions without it."""
        return self.event.event_uuid

    @property
    def name(self) -> str | None:
        """The API name of the event; None before API version 55.0."""
        return self.event.event_api_name

    @property
    def created(self) -> datetime | None:
        """The time of publication, in UTC; None if the event has none."""
        return _time(_member(self.payload, "CreatedDate"))


class ChangePayload(Struct, kw_only=True):
    """Base class of a type for the payload of change events. A field that did not change is absent, hence `UNSET`.

    ``class AccountChange(ChangePayload): Name: str | UnsetType = UNSET``
    """

    header: ChangeEventHeader = msgspec.field(name="ChangeEventHeader")


class ChangeEvent(_Event, Generic[P], kw_only=True):
    """A change event.

    Attributes:
        payload: The header and the fields that changed.
        schema: The schema id.
    """

    payload: P
    schema: str | None = None

    @property
    def header(self) -> ChangeEventHeader:
        """The header: what changed, by whom, in which transaction. Empty if the payload has none.

        Raises:
            msgspec.ValidationError: A member does not have its documented type.
        """
        return header_of(self.payload) or ChangeEventHeader()

    @property
    def fields(self) -> dict[str, Any]:
        """The fields that changed, by name, without the header."""
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
    """Return the event in a message, as the type that its channel has; on other channels, the type that its data has.

    Raises:
        UnknownEventError: The message is not an event of Salesforce.
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
    metadata = data.get("event")
    if not isinstance(metadata, dict):
        raise UnknownEventError(message.channel, "its data has no member 'event'")
    if "sobject" in data:
        return PushTopicEvent
    payload = data.get("payload")
    if isinstance(payload, dict) and "ChangeEventHeader" in payload:
        return ChangeEvent
    return PlatformEvent if {"schema", "EventUuid", "EventApiName"} & (data.keys() | metadata.keys()) else GenericEvent


def _time(text: Any) -> datetime | None:
    """Parse a time in Salesforce's formats, ``2016-03-29T16:40:08.208Z`` and ``...+0000``."""
    if isinstance(text, datetime):
        return text
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _member(payload: Any, name: str) -> Any:
    return payload.get(name) if isinstance(payload, dict) else getattr(payload, name, None)
