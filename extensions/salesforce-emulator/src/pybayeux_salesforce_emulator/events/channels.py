"""The channels of an org: which products there are, how their channels are named, and what a name stands for.

Owns the grammar of names (Streaming API Developer Guide; Platform Events and Change Data Capture guides for custom
channels). Whether a channel exists is known in `catalogue.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from pybayeux_devserver.toolkit import Json

__all__ = (
    "CHANGE_EVENTS",
    "ChannelDefinition",
    "EventFormat",
    "Filter",
    "Product",
    "change_channel",
    "change_event",
    "matches",
    "product_of",
    "split_filter",
)

CHANGE_EVENTS: Final = "/data/ChangeEvents"
"""The channel of every change of every object that is selected."""

Filter: TypeAlias = Mapping[str, Any]
"""Fields with the values that an event must have in them."""


class Product(StrEnum):
    """What kind of events a channel has."""

    PUSH_TOPIC = "PushTopic"
    GENERIC = "generic"
    PLATFORM_EVENT = "platform event"
    CHANGE_EVENT = "change event"


class EventFormat(StrEnum):
    """How platform events look, whatever the endpoint's version says."""

    BY_VERSION = "by-version"
    """As the endpoint's version has it."""
    OF_2017 = "2017"
    """The schema inside ``event``, ``ReplayId`` and ``Id`` that are null, and the client's id beside the data."""
    OF_2019 = "2019"
    """Neither ``EventUuid`` nor ``EventApiName``."""


_GRAMMAR: Final = {
    re.compile(r"/topic/\w{1,25}"): Product.PUSH_TOPIC,
    re.compile(r"/u/[\w/-]+"): Product.GENERIC,
    # Beside those that somebody defined there are standard ones, such as LoginEventStream.
    re.compile(r"/event/\w+"): Product.PLATFORM_EVENT,
    re.compile(r"/data/(ChangeEvents|\w+ChangeEvent|\w+__chn)"): Product.CHANGE_EVENT,
}


@dataclass(kw_only=True, slots=True, eq=False)
class ChannelDefinition:
    """A channel that somebody has defined.

    Raises:
        ValueError: The name is none of a channel.
    """

    name: str
    members: dict[str, Filter] = field(default_factory=dict)
    """For a custom channel the events that it takes, such as ``Order__e`` or ``AccountChangeEvent``, with filters."""
    fields: tuple[str, ...] | None = None
    """The fields of a PushTopic that subscriptions may filter by; None means any."""
    standard_volume: bool = False
    """A platform event of the old kind, kept for 24 hours."""
    refusal: str | None = None
    """The error of every subscribe, as for a user without permission."""
    event_format: EventFormat = EventFormat.BY_VERSION

    def __post_init__(self) -> None:
        self.event_format = EventFormat(self.event_format)
        product_of(self.name)
        if self.members and not self.custom:
            raise ValueError(f"{self.name} has no members: only channels whose names end with __chn do")
        if self.custom and self.product is Product.PLATFORM_EVENT and len(self.members) > 1:
            raise ValueError(f"{self.name} has {len(self.members)} members: one event is all that such a channel takes")

    @property
    def product(self) -> Product:
        """What kind of events it has."""
        return product_of(self.name)

    @property
    def custom(self) -> bool:
        """Whether it takes events of other channels."""
        return self.name.endswith("__chn")

    @property
    def short_retention(self) -> bool:
        """Whether its events are kept for the shorter time."""
        return self.product in (Product.PUSH_TOPIC, Product.GENERIC) or self.standard_volume

    def takes(self, event: str, fields: Json) -> bool:
        """Whether this custom channel has an event of that name with those fields."""
        wanted = self.members.get(event)
        return wanted is not None and matches(wanted, fields)


def matches(wanted: Filter, fields: Json) -> bool:
    """Whether the fields have the values wanted; a filter in a channel's name compares texts."""
    return all(name in fields and _text(fields[name]) == _text(value) for name, value in wanted.items())


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def product_of(name: str) -> Product:
    """The product of a channel, from its name.

    Raises:
        ValueError: The name is none of a channel.
    """
    for form, product in _GRAMMAR.items():
        if form.fullmatch(name):
            return product
    raise ValueError(
        f"{name!r} is no channel of an org: there are /topic/Name (25 characters at most), /u/Name, /event/Name__e, "
        "/event/Name__chn, /data/ChangeEvents, /data/ObjectChangeEvent and /data/Name__chn"
    )


def change_channel(entity: str) -> str:
    """The channel of one object's changes: ``/data/AccountChangeEvent``, ``/data/Emp__ChangeEvent`` for ``Emp__c``."""
    return f"/data/{change_event(entity)}"


def change_event(entity: str) -> str:
    """The name of the event that an object's changes are."""
    return f"{entity.removesuffix('c') if entity.endswith('__c') else entity}ChangeEvent"


def split_filter(subscription: str) -> tuple[str, dict[str, str]]:
    """A subscription's channel, and the filter that follows a question mark (PushTopic, filtered subscriptions)."""
    name, _, query = subscription.partition("?")
    pairs = (pair.partition("=") for pair in query.split("&") if pair)
    return name, {field_name: value.strip("'") for field_name, _, value in pairs}
