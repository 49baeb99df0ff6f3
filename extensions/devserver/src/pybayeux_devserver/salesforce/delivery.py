"""Which events a session gets with its next reply.

Owns batches: the events of all its subscriptions in the order in which they happened, so many and so many bytes at
most. What was put into a reply counts as delivered, whether the reply arrives or not (EMP-Connector#96, cometd#1142).
"""

from __future__ import annotations

from heapq import merge
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from . import events
from .channels import matches

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..options import Json
    from .bus import Bus
    from .log import Entry
    from .options import OrgOptions
    from .sessions import OrgSession, Subscription

__all__ = ("Batch", "Delivery")


class _Due(NamedTuple):
    place: int
    order: int
    """What decides between channels that have the same event."""
    entry: Entry
    subscription: Subscription


class Batch(NamedTuple):
    """Events that go out together."""

    messages: list[Json]
    places: list[tuple[Subscription, int]]
    """How far each subscription comes with them."""

    def mark(self) -> None:
        """They count as delivered."""
        for subscription, place in self.places:
            subscription.place = max(subscription.place, place)


class Delivery:
    """Puts batches together.

    Args:
        bus: Where the events are.
        options: How large a batch may be.
    """

    def __init__(self, bus: Bus, options: OrgOptions) -> None:
        self._bus: Final = bus
        self._options: Final = options

    def due(self, session: OrgSession) -> bool:
        """Whether there is anything to deliver."""
        return any(self._passing(subscription) for subscription in session.subscriptions.values())

    def batch(self, session: OrgSession) -> Batch:
        """The next events; they are not marked yet."""
        messages: list[Json] = []
        places: list[tuple[Subscription, int]] = []
        size = 0
        for due in merge(*self._streams(session)):
            message = self._message(session, due)
            if self._options.batch_bytes is not None:
                size += len(msgspec.json.encode(message))
                if messages and size > self._options.batch_bytes:
                    break
            messages.append(message)
            places.append((due.subscription, due.place))
            if len(messages) == self._options.batch_events:
                break
        return Batch(messages, places)

    def _streams(self, session: OrgSession) -> list[Iterator[_Due]]:
        return [self._stream(order, sub) for order, sub in enumerate(session.subscriptions.values())]

    def _stream(self, order: int, subscription: Subscription) -> Iterator[_Due]:
        for entry in self._passing(subscription):
            yield _Due(entry.place, order, entry, subscription)

    def _passing(self, subscription: Subscription) -> list[Entry]:
        """The next events of a subscription that pass its filter; those that do not are passed over."""
        log, limit = self._bus.log(subscription.channel), self._options.batch_events
        while pending := log.since(subscription.place, limit):
            passing = [entry for entry in pending if matches(subscription.filter, entry.event.fields)]
            if passing:
                return passing
            subscription.place = pending[-1].place
        return []

    def _message(self, session: OrgSession, due: _Due) -> Json:
        # The events of a filtered subscription come on the topic's own channel, without the filter.
        channel = due.subscription.channel
        return events.message(
            due.entry.event,
            channel,
            due.entry.replay_id,
            version=session.version,
            era=self._bus.definition(channel).era,
            client_id=session.client_id,
        )
