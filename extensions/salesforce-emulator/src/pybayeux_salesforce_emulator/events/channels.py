"""The channels of an org: the kinds of channels, the grammar of their names, and their definitions.

Sources: Streaming API Developer Guide; for custom channels the Platform Events and Change Data Capture guides. Whether
a channel is defined is known in `bus.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from ..schema.soql import parse_condition

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pybayeux_devserver.toolkit import Json

__all__ = (
    "CHANGE_EVENTS",
    "ChannelDefinition",
    "EventFormat",
    "Expressions",
    "Filter",
    "Member",
    "Product",
    "change_channel",
    "change_event",
    "entity_of",
    "matches",
    "matches_any",
    "product_of",
    "split_filter",
)

CHANGE_EVENTS: Final = "/data/ChangeEvents"
"""The channel of all changes of all selected objects."""

Filter: TypeAlias = Mapping[str, Any]
"""Fields with the values that an event of a custom channel must have, all of them."""

Expressions: TypeAlias = "Sequence[tuple[str, str]]"
"""Fields with values, of which an event of a filtered subscription must have one."""


class Product(StrEnum):
    """The kind of events on a channel."""

    PUSH_TOPIC = "PushTopic"
    GENERIC = "generic"
    PLATFORM_EVENT = "platform event"
    CHANGE_EVENT = "change event"


class EventFormat(StrEnum):
    """The format of platform events, if it is not that of the endpoint's version."""

    BY_VERSION = "by-version"
    """The format of the endpoint's version."""
    OF_2017 = "2017"
    """The schema is inside ``event``, ``ReplayId`` and ``Id`` are null, and the client's id is beside the data."""
    OF_2019 = "2019"
    """Without ``EventUuid`` and ``EventApiName``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An event on a channel that includes events of others.

    Attributes:
        required: The values that an event must have, for tests that need no expression.
        expression: A filter expression, or None ("Filter Expression Format", Platform Events and Change Data Capture
            Developer Guides).
        enriched: The fields to add to change events. They are kept, but not added: there are no records to read.

    Raises:
        ValueError: The expression cannot be parsed.
    """

    required: Filter = field(default_factory=dict)
    expression: str | None = None
    enriched: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.expression is not None:
            parse_condition(self.expression)

    def takes(self, fields: Json) -> bool:
        """Whether an event with these fields is included."""
        fits = self.expression is None or parse_condition(self.expression)(fields)
        return fits and matches(self.required, fields)


_GRAMMAR: Final = {
    re.compile(r"/topic/\w{1,25}"): Product.PUSH_TOPIC,
    re.compile(r"/u/[\w/-]+"): Product.GENERIC,
    # Besides custom events there are standard ones, such as LoginEventStream.
    re.compile(r"/event/\w+"): Product.PLATFORM_EVENT,
    re.compile(r"/data/(ChangeEvents|\w+ChangeEvent|\w+__chn)"): Product.CHANGE_EVENT,
}


@dataclass(kw_only=True, slots=True, eq=False)
class ChannelDefinition:
    """The definition of a channel.

    Raises:
        ValueError: The name is not one of a channel, or the members do not fit the channel.
    """

    name: str
    members: dict[str, Member] = field(default_factory=dict)
    """The events of a custom channel or ``/data/ChangeEvents``, such as ``Order__e`` or ``AccountChangeEvent``."""
    label: str = ""
    """The label of a custom channel."""
    fields: tuple[str, ...] | None = None
    """The fields of a PushTopic that subscriptions may filter by. None means any."""
    standard_volume: bool = False
    """Whether it is a standard-volume platform event, which is kept for 24 hours."""
    refusal: str | None = None
    """The error of every subscribe, as for a user without permission."""
    event_format: EventFormat = EventFormat.BY_VERSION

    def __post_init__(self) -> None:
        self.event_format = EventFormat(self.event_format)
        product_of(self.name)
        if self.members and not self.includes_others:
            raise ValueError(f"members: expected none for {self.name}, only names that end with __chn have them")

    @property
    def product(self) -> Product:
        """The kind of its events."""
        return product_of(self.name)

    @property
    def event(self) -> str:
        """The last part of the name: on a channel of one event, the name of the event."""
        return self.name.rpartition("/")[2]

    @property
    def custom(self) -> bool:
        """Whether it includes events of other channels."""
        return self.name.endswith("__chn")

    @property
    def includes_others(self) -> bool:
        """Whether its events are those of its members: custom channels, and the standard one of all changes."""
        return self.custom or self.name == CHANGE_EVENTS

    @property
    def short_retention(self) -> bool:
        """Whether its events are kept for the shorter time."""
        return self.product in (Product.PUSH_TOPIC, Product.GENERIC) or self.standard_volume

    def takes(self, event: str, fields: Json) -> bool:
        """Whether this channel includes an event of that name with those fields."""
        member = self.members.get(event)
        return member is not None and member.takes(fields)


def matches(required: Filter, fields: Json) -> bool:
    """Whether the fields have all the required values, compared as texts."""
    return all(_has(fields, name, value) for name, value in required.items())


def matches_any(expressions: Expressions, fields: Json) -> bool:
    """Whether the fields fit a filter in a subscription, in which ``&`` is a logical OR (PushTopic documentation)."""
    return not expressions or any(_has(fields, name, value) for name, value in expressions)


def _has(fields: Json, name: str, value: Any) -> bool:
    return name in fields and _text(fields[name]) == _text(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def product_of(name: str) -> Product:
    """The kind of a channel's events, from its name.

    Raises:
        ValueError: The name is not one of a channel.
    """
    for form, product in _GRAMMAR.items():
        if form.fullmatch(name):
            return product
    raise ValueError(
        "expected a channel of an org: /topic/Name (25 characters at most), /u/Name, /event/Name__e, /event/Name__chn, "
        f"/data/ChangeEvents, /data/ObjectChangeEvent or /data/Name__chn; got {name!r}"
    )


def change_channel(entity: str) -> str:
    """The channel of one object's changes: ``/data/AccountChangeEvent``, ``/data/Emp__ChangeEvent`` for ``Emp__c``."""
    return f"/data/{change_event(entity)}"


def change_event(entity: str) -> str:
    """The name of the change event of an object."""
    return f"{entity.removesuffix('c') if entity.endswith('__c') else entity}ChangeEvent"


def entity_of(channel: str) -> str | None:
    """The object whose changes a channel has, or None: the inverse of `change_channel`."""
    name = channel.removeprefix("/data/").removesuffix("ChangeEvent")
    if not name or channel != f"/data/{name}ChangeEvent":
        return None
    return f"{name}c" if name.endswith("__") else name


def split_filter(subscription: str) -> tuple[str, Expressions]:
    """The channel of a subscription, and the filter after the question mark (PushTopic, filtered subscriptions)."""
    name, _, query = subscription.partition("?")
    pairs = (pair.partition("=") for pair in query.split("&") if pair)
    return name, tuple((field_name, value.strip("'")) for field_name, _, value in pairs)
