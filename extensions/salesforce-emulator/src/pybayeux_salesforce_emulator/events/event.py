"""Events, and the members of ``data`` for each kind of channel.

Sources: Streaming API Developer Guide, "Message Durability"; Platform Events guide, "Subscribe with CometD"; Change
Data Capture guide. Replay ids belong to the channel, not to the event.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ..org.ids import schema_id
from ..org.versions import EVENT_API_NAME, EVENT_UUID
from .channels import EventFormat, Product

if TYPE_CHECKING:
    from pybayeux_devserver.toolkit import Json

    from ..org.versions import Version

__all__ = ("Event", "message", "timestamp")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened, on whichever channels it is delivered.

    Attributes:
        product: The kind of event.
        name: The API name of the event, such as ``Order__e`` or ``AccountChangeEvent``.
        content: The record, the payload or the fields, as published.
        uuid: The ``EventUuid``.
        created: When it happened, in the org's time.
        action: What happened to the record of a PushTopic.
        author: The user who caused it.
        header: The ``ChangeEventHeader`` of a change.
    """

    product: Product
    name: str
    content: Any
    uuid: str
    created: float
    action: str = "created"
    author: str = ""
    header: Json | None = None

    @property
    def fields(self) -> Json:
        """The fields that filters compare."""
        fields = self.content if isinstance(self.content, dict) else {}
        return fields if self.header is None else {"ChangeEventHeader": self.header, **fields}


def message(
    event: Event, channel: str, replay_id: int, *, version: Version, event_format: EventFormat, client_id: str
) -> Json:
    """An event as a client receives it.

    Args:
        event: The event.
        channel: The channel of the subscription.
        replay_id: Its id on that channel.
        version: The API version of the client's endpoint.
        event_format: The format of platform events.
        client_id: The client, for the old format that contains its id.
    """
    if event_format is EventFormat.OF_2017:
        return {
            "data": data(event, replay_id, version=version, event_format=event_format),
            "channel": channel,
            "clientId": client_id,
        }
    return {"data": data(event, replay_id, version=version, event_format=event_format), "channel": channel}


def data(event: Event, replay_id: int, *, version: Version, event_format: EventFormat) -> Json:
    """The ``data`` of an event."""
    if event.product is Product.PUSH_TOPIC:
        stamp = {"createdDate": timestamp(event.created), "replayId": replay_id, "type": event.action}
        return {"event": stamp, "sobject": event.content}
    if event.product is Product.GENERIC:
        return {"event": {"createdDate": timestamp(event.created), "replayId": replay_id}, "payload": event.content}
    if event.product is Product.CHANGE_EVENT:
        payload = {"ChangeEventHeader": event.header, **event.content}
        return {"schema": schema_id(event.name), "payload": payload, "event": {"replayId": replay_id}}
    return _platform_event(event, replay_id, version, event_format)


def _platform_event(event: Event, replay_id: int, version: Version, event_format: EventFormat) -> Json:
    origin = {"CreatedDate": timestamp(event.created), "CreatedById": event.author}
    if event_format is EventFormat.OF_2017:
        payload = {"ReplayId": None, **origin, **event.content, "Id": None}
        return {"payload": payload, "event": {"schema": schema_id(event.name), "replayId": replay_id}}
    stamp: Json = {"replayId": replay_id}
    if event_format is EventFormat.BY_VERSION and version >= EVENT_UUID:
        stamp["EventUuid"] = event.uuid
    if event_format is EventFormat.BY_VERSION and version >= EVENT_API_NAME:
        stamp["EventApiName"] = event.name
    return {"schema": schema_id(event.name), "payload": {**origin, **event.content}, "event": stamp}


def timestamp(moment: float) -> str:
    """A time in Salesforce's format: ``2016-03-29T16:40:08.208Z``."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
