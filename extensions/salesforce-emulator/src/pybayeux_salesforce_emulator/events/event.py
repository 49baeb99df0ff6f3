"""Events: what has happened, and how it looks on a channel.

Owns the members of ``data`` for each product (Streaming API Developer Guide, "Message Durability"; Platform Events
guide, "Subscribe with CometD"; Change Data Capture guide). Which ids an event has is a matter of the channel.
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
    """Something that has happened, wherever it is delivered.

    Attributes:
        product: Of which kind it is.
        name: The API name of the event, such as ``Order__e`` or ``AccountChangeEvent``.
        content: The record, the payload or the fields, as they were published.
        uuid: Its ``EventUuid``.
        created: When it happened, in the org's time.
        action: What became of a PushTopic's record.
        author: The user who did it.
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
        """What filters look at."""
        return self.content if isinstance(self.content, dict) else {}


def message(
    event: Event, channel: str, replay_id: int, *, version: Version, event_format: EventFormat, client_id: str
) -> Json:
    """An event as a client of a channel gets it.

    Args:
        event: What happened.
        channel: Where the client subscribed to it.
        replay_id: Its id there.
        version: The API version of the client's endpoint.
        event_format: How platform events look.
        client_id: The client, for the old form that names it.
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
    """A time as Salesforce writes it: ``2016-03-29T16:40:08.208Z``."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
