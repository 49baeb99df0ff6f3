"""The event bus: the channels that are defined, and their logs.

Owns the order of all events, their retention, and the record of published events. It does not know subscribers.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ..texts import no_such_channel
from .channel_log import ChannelLog
from .channels import CHANGE_EVENTS, ChannelDefinition, Member, Product

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from ..options import OrgOptions
    from ..org.clock import OrgClock
    from .event import Event

__all__ = ("Bus", "PublishedEvent")


class PublishedEvent(NamedTuple):
    """An event that was published on a channel, for assertions."""

    replay_id: int
    """The replay id at the time of publication."""
    uuid: str
    payload: Any
    """The payload as it was published."""
    time: float
    """When it was published, in the org's time."""


class Bus:
    """The channels and their logs.

    Args:
        options: The rules for ids and retention.
        clock: The org's clock.

    Attributes:
        backlog: The channels whose events are not delivered at the moment.
    """

    def __init__(self, options: OrgOptions, clock: OrgClock) -> None:
        self._options: Final = options
        self._clock: Final = clock
        self._definitions: Final[dict[str, ChannelDefinition]] = {}
        self._logs: Final[dict[str, ChannelLog]] = {}
        self._closed: Final[set[str]] = set()
        self._offset = 0
        self._purged_at = clock.now()
        self.backlog: Final = set(options.backlog)
        self.published: Final[defaultdict[str, list[PublishedEvent]]] = defaultdict(list)
        self.listeners: Final[list[Callable[[], object]]] = []
        self.define(ChannelDefinition(name=CHANGE_EVENTS))

    def define(self, definition: ChannelDefinition) -> None:
        """Add a channel, or replace its definition. Its events stay.

        The channel of one object's changes selects the object for ``/data/ChangeEvents`` too, as Setup does.
        """
        name = definition.name
        if name == CHANGE_EVENTS and name in self._definitions:
            definition.members = {**self._definitions[name].members, **definition.members}
        self._definitions[name] = definition
        self._closed.discard(name)
        if definition.product is Product.CHANGE_EVENT and not definition.includes_others:
            self._definitions[CHANGE_EVENTS].members.setdefault(definition.event, Member())
        if name not in self._logs:
            seed = f"{self._options.seed}:{name}"
            self._logs[name] = ChannelLog(seed, gap=self._options.id_gap, first=self._options.first_id)

    def close(self, name: str) -> None:
        """Let a channel end: what is logged stays, nothing is added, and no client can subscribe any more.

        Raises:
            LookupError: The channel is not defined.
        """
        self.definition(name).refusal = no_such_channel(name)
        self._closed.add(name)

    def is_open(self, name: str) -> bool:
        """Whether a channel is defined and has not ended."""
        return name in self._definitions and name not in self._closed

    @property
    def definitions(self) -> Mapping[str, ChannelDefinition]:
        """The channels, by name."""
        return self._definitions

    def definition(self, name: str) -> ChannelDefinition:
        """The definition of a channel.

        Raises:
            LookupError: The channel is not defined.
        """
        try:
            return self._definitions[name]
        except KeyError:
            raise LookupError(f"the channel {name!r} is not defined: call define() first") from None

    def log(self, name: str) -> ChannelLog:
        """The log of a channel. Events that are too old are purged first, if a purge is due.

        Raises:
            LookupError: The channel is not defined.
        """
        self.definition(name)
        self._purge_if_due()
        return self._logs[name]

    def last_fields(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The custom platform events that have a channel, and the fields of the last event of each."""
        for definition in self._definitions.values():
            if definition.event.endswith("__e"):
                entries = self._logs[definition.name].entries
                yield definition.event, tuple(entries[-1].event.fields) if entries else ()

    def hold_back(self, name: str | None, *, on: bool) -> None:
        """Begin or end the backlog of a channel, or of all channels.

        Raises:
            LookupError: The channel is not defined.
        """
        names = set(self._definitions) if name is None else {self.definition(name).name}
        if on:
            self.backlog.update(names)
        else:
            self.backlog.difference_update(names)
            self._notify()

    @property
    def offset(self) -> int:
        """The offset of the newest event."""
        return self._offset

    def publish(self, name: str, event: Event) -> dict[str, int]:
        """Log an event on its channel, and on the channels that include it.

        Args:
            name: The channel.
            event: The event.

        Returns:
            Its replay id on each of these channels.
        """
        self._offset += 1
        ids = {}
        for channel in self._channels_of(name, event):
            entry = self.log(channel).append(event, self._offset)
            ids[channel] = entry.replay_id
            self.published[channel].append(PublishedEvent(entry.replay_id, event.uuid, event.content, event.created))
        self._notify()
        return ids

    def _notify(self) -> None:
        for listener in tuple(self.listeners):
            listener()

    def renumber(self, *, collide: bool) -> dict[str, dict[int, int]]:
        """Give all events new ids; see `ChannelLog.renumber`."""
        return {name: log.renumber(collide=collide) for name, log in self._logs.items()}

    def retention(self, definition: ChannelDefinition) -> float:
        """How long a channel keeps its events."""
        return self._options.short_retention if definition.short_retention else self._options.long_retention

    def _channels_of(self, name: str, event: Event) -> Iterable[str]:
        if self.is_open(name):
            yield name
        for definition in self._definitions.values():
            same = definition.includes_others and definition.product is event.product
            if same and definition.name != name and self._takes(definition, event):
                yield definition.name

    def _takes(self, definition: ChannelDefinition, event: Event) -> bool:
        return definition.name not in self._closed and definition.takes(event.name, event.fields)

    def _purge_if_due(self) -> None:
        now = self._clock.now()
        if now - self._purged_at < self._options.purge_interval:
            return
        self._purged_at = now
        for name, log in self._logs.items():
            log.purge_older(now - self.retention(self._definitions[name]))
