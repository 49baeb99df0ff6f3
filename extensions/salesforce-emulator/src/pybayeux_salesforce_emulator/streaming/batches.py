"""The events of a session's next reply.

Owns batches: the events of all its subscriptions in the order of publication, limited in number and size. Events in a
reply count as delivered, whether the reply arrives or not (EMP-Connector#96, cometd#1142).
"""

from __future__ import annotations

from heapq import merge
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from ..events.channels import matches_any
from ..events.event import message as event_message

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pybayeux_devserver.toolkit import Json

    from ..events.bus import Bus
    from ..events.channel_log import Entry
    from ..options import OrgOptions
    from .sessions import OrgSession, Subscription

__all__ = ("Batch", "BatchBuilder")


class _Due(NamedTuple):
    offset: int
    order: int
    """Decides between channels that have the same event."""
    entry: Entry
    subscription: Subscription


class Batch(NamedTuple):
    """Events that are delivered together."""

    messages: list[Json]
    offsets: list[tuple[Subscription, int]]
    """The offset of each subscription after this batch."""

    def mark_delivered(self) -> None:
        """Mark the events as delivered."""
        for subscription, offset in self.offsets:
            subscription.offset = max(subscription.offset, offset)


class BatchBuilder:
    """Builds batches.

    Args:
        bus: The logs of the channels.
        options: How large a batch may be.
    """

    def __init__(self, bus: Bus, options: OrgOptions) -> None:
        self._bus: Final = bus
        self._options: Final = options

    def has_events(self, session: OrgSession) -> bool:
        """Whether there is any event to deliver."""
        return any(self._matching(subscription) for subscription in session.subscriptions.values())

    def next_batch(self, session: OrgSession) -> Batch:
        """The next events. They are not marked as delivered yet."""
        messages: list[Json] = []
        offsets: list[tuple[Subscription, int]] = []
        size = 0
        for due in merge(*self._streams(session)):
            message = self._message(session, due)
            if self._options.batch_bytes is not None:
                size += len(msgspec.json.encode(message))
                if messages and size > self._options.batch_bytes:
                    break
            messages.append(message)
            offsets.append((due.subscription, due.offset))
            if len(messages) == self._options.batch_events:
                break
        return Batch(messages, offsets)

    def _streams(self, session: OrgSession) -> list[Iterator[_Due]]:
        return [self._stream(order, sub) for order, sub in enumerate(session.subscriptions.values())]

    def _stream(self, order: int, subscription: Subscription) -> Iterator[_Due]:
        for entry in self._matching(subscription):
            yield _Due(entry.offset, order, entry, subscription)

    def _matching(self, subscription: Subscription) -> list[Entry]:
        """The next events of a subscription that match its filter. Events that do not match are skipped."""
        log, limit = self._bus.log(subscription.channel), self._options.batch_events
        if subscription.channel in self._bus.backlog:
            return []
        while pending := log.since(subscription.offset, limit):
            matching = [entry for entry in pending if matches_any(subscription.filter, entry.event.fields)]
            if matching:
                return matching
            subscription.offset = pending[-1].offset
        return []

    def _message(self, session: OrgSession, due: _Due) -> Json:
        subscription = due.subscription
        channel = subscription.channel
        return event_message(
            due.entry.event,
            subscription.name if self._options.filtered_channels else channel,
            due.entry.replay_id,
            version=session.version,
            event_format=self._bus.definition(channel).event_format,
            client_id=session.client_id,
        )
