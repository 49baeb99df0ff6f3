"""The subscriptions of a client: each event is noted in those that it belongs to, and their positions are stored.

This module knows no session. Which message has which consequence is decided in `extension.py` and `recovery.py`.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from math import inf
from typing import TYPE_CHECKING, Any, Final

from pybayeux import Channel, ChannelType
from pybayeux.errors import UsageError

from .event_fields import event_time, read_key, transaction_key
from .grouping import Grouping
from .leaving import LeavingWindows
from .origin import has_same_host, org_of
from .position import LATEST, PendingPosition, wire_key
from .position_lookup import position_key
from .resumption import Resumption
from .window import Progress

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from pybayeux import Message

    from .policies import Policies
    from .position import Position
    from .position_writer import PositionWriter
    from .resumption import ReplayContext
    from .window import Window

__all__ = ("ChannelIndex", "Subscriptions", "names_in")

_MAX_CACHED: Final = 10_000


class ChannelIndex:
    """Finds the subscriptions that the events of a channel belong to.

    Attributes:
        cache: What was found so far, by channel. It is valid until a subscription is added or removed.
    """

    def __init__(self) -> None:
        self.cache: Final[dict[str, tuple[Resumption, ...]]] = {}
        self._by_name: Final[dict[str, Resumption]] = {}

    def __iter__(self) -> Iterator[Resumption]:
        return iter(list(self._by_name.values()))

    def get(self, subscription: str) -> Resumption | None:
        """Return the subscription of this name."""
        return self._by_name.get(subscription)

    def add(self, resumption: Resumption) -> None:
        """Add a subscription."""
        self._by_name[resumption.subscription] = resumption
        self.cache.clear()

    def remove(self, resumption: Resumption) -> None:
        """Remove a subscription."""
        del self._by_name[resumption.subscription]
        self.cache.clear()

    def clear(self) -> None:
        """Remove all subscriptions."""
        self._by_name.clear()
        self.cache.clear()

    def ignore(self, channel: str) -> None:
        """Find no subscription for a channel, as long as the cache is valid."""
        self.cache[channel] = ()

    def covering(self, channel: str) -> tuple[Resumption, ...]:
        """Return the subscriptions that the events of a channel belong to."""
        if (found := self.cache.get(channel)) is not None:
            return found
        is_kept = Channel(channel).type is ChannelType.BROADCAST
        found = tuple(each for name, each in self._by_name.items() if is_kept and _covers(name, channel))
        if len(self.cache) >= _MAX_CACHED:
            self.cache.clear()
        self.cache[channel] = found
        return found


def _covers(subscription: str, channel: str) -> bool:
    # Some servers send the events of a filtered subscription without the filter in their channel.
    return Channel(subscription).match(channel) or ("?" in subscription and wire_key(subscription) == channel)


class Subscriptions:
    """All subscriptions of one client.

    Args:
        policies: What the options say.
        writer: Stores the positions.
        grouping: Within which events no position is stored.
        remembered: How many handled events of each subscription to recognise if they come again.

    Attributes:
        announced: Whether the server announced replay in the handshake.
        has_private: Whether a message came on a service channel that no server keeps.
    """

    def __init__(self, policies: Policies, writer: PositionWriter, *, grouping: Grouping, remembered: int) -> None:
        self.announced = False
        self.has_private = False
        self._has_times = False
        self._policies: Final = policies
        self._writer: Final = writer
        self._grouping: Final = grouping
        self._is_grouped: Final = grouping is not Grouping.EACH
        self._remembered: Final = remembered
        self._index: Final = ChannelIndex()
        self._leaving: Final = LeavingWindows()
        self._is_in_batch = False

    def __iter__(self) -> Iterator[Resumption]:
        return iter(self._index)

    def get(self, subscription: str) -> Resumption | None:
        """Return the subscription of this name."""
        return self._index.get(subscription)

    def open(self) -> list[Resumption]:
        """Return the subscriptions that have receivers."""
        return [each for each in self._index if not each.window.closed]

    def named_in(self, message: Message) -> list[Resumption]:
        """Return the subscriptions that a subscribe or unsubscribe, or the reply to it, names."""
        found = [self._index.get(name) for name in names_in(message)]
        return [each for each in found if each is not None]

    def newest_position(self, resumption: Resumption) -> Position | None:
        """Return the newest position of a subscription, stored or not yet."""
        return self._writer.newest(resumption.window.key) or resumption.stored

    def on_handshake(self, *, announced: bool) -> None:
        """There is a new session, maybe with another server: what was learnt of its channels may be wrong now."""
        self.announced = announced
        self._index.cache.clear()

    # -- where they begin

    def on_subscribe(self, message: Message, context: ReplayContext) -> dict[str, int]:
        """Return where each subscription in a subscribe is to begin, by the channel for which the server looks.

        Raises:
            UnusablePosition: The position of one of them cannot be used, and the policy is to raise an error.
        """
        places: dict[str, int] = {}
        for name in names_in(message):
            if Channel(name).type is ChannelType.BROADCAST:
                resumption, key = self._get_or_add(name, context), wire_key(name)
                asked = resumption.on_subscribe(context, self.newest_position(resumption))
                # Filters of one PushTopic in one message share a place, and so get the earliest.
                places[key] = min(places.get(key, asked), asked, key=_order)
        return places

    def _get_or_add(self, subscription: str, context: ReplayContext) -> Resumption:
        resumption = self._index.get(subscription)
        if resumption is not None and not self._is_of_other_org(resumption, context):
            return resumption
        if resumption is not None:
            self.remove(resumption)
        self._leaving.forget(subscription)
        key, stored = self._writer.find(subscription, context.origin)
        resumption = Resumption(
            subscription, self._policies, stored, grouping=self._grouping, remembered=self._remembered
        )
        resumption.window.key = key
        self._index.add(resumption)
        self._has_times |= resumption.begins_at is not None
        return resumption

    def _is_of_other_org(self, resumption: Resumption, context: ReplayContext) -> bool:
        """Whether a login has led the client to another org, so that what is known of the subscription is not of it."""
        origin = resumption.window.origin
        if "" in (org_of(origin), org_of(context.origin)) or org_of(origin) == org_of(context.origin):
            return False
        if not has_same_host(origin, context.origin):
            return True
        # The org was replaced by another one, as in the refresh of a sandbox: that is a gap.
        resumption.stored = self.newest_position(resumption)
        resumption.window.key = position_key(resumption.subscription, context.origin)
        return False

    # -- receiving

    def is_before_start(self, event: Message) -> bool:
        """Whether an event happened before the time at which its subscriptions begin. One without a time did not."""
        found = self._index.covering(event.channel) if self._has_times else ()
        if not found or any(each.begins_at is None for each in found):
            return False
        happened = event_time(event)
        return happened is not None and all(each.begins_at and happened < each.begins_at for each in found)

    def receive(self, event: Message) -> bool:
        """Note an event; return whether it is new to any subscription, or belongs to none."""
        found = self._index.covering(event.channel)
        if not found:
            # A message on a service channel that is not a reply: no server keeps it.
            self.has_private |= event.id is None and event.channel.startswith("/service/")
            return True
        if (read := read_key(event)) is None:
            self._receive_unnumbered(event, found)
            return True
        replay_id, key = read
        transaction = self._transaction_of(event) if self._is_grouped else None
        is_new = False
        for each in found:
            each.has_event = True
            is_new |= each.window.receive(event, replay_id, key, transaction)
            if each.window.commits.ready is not None:
                self._commit(each.window)
        return is_new

    def _transaction_of(self, event: Message) -> str | None:
        if self._grouping is Grouping.TRANSACTION:
            return transaction_key(event)
        if self._grouping is Grouping.BATCH and not self._is_in_batch:
            self._is_in_batch = True
            asyncio.get_running_loop().call_soon(self._end_batch)  # a batch arrives within one turn of the loop
        return None

    def _end_batch(self) -> None:
        self._is_in_batch = False
        for each in self._index:
            each.window.end_group()
            self._commit(each.window)

    def _receive_unnumbered(self, event: Message, found: Sequence[Resumption]) -> None:
        for each in found:
            each.is_unnumbered = each.has_event = True
        # A server without replay: to look for an id in each of the next events would only cost time.
        if not self.announced and all(each.window.is_untouched for each in found):
            self._index.ignore(event.channel)

    # -- handling

    def handle(self, event: Message) -> str | None:
        """Note that an event is handled; return a subscription of which events have to come again, or None."""
        needs_replay = None
        for each in self._index.covering(event.channel):
            window = each.window
            if window.handle(event) is Progress.NEEDS_REPLAY:
                needs_replay = window.subscription
            if window.commits.ready is not None:
                self._commit(window)
        if self._leaving:
            for window in self._leaving.handle(event):
                self._commit(window)
        return needs_replay

    def _commit(self, window: Window) -> None:
        if (ready := window.commits.take()) is not None:
            self._writer.put(window.key, ready)

    @asynccontextmanager
    async def transaction(self, events: Sequence[Message]) -> AsyncIterator[Any]:
        """Run a transaction of the store in which events are handled, and the position of the last stored at the end.

        Raises:
            UsageError: The position cannot be stored together with what the transaction writes.
            PositionConflictError: Another consumer of this name is at work.
        """
        store = self._writer.transactional_store()
        window, replay_id = self._next(events)
        pending = PendingPosition(replay_id, events[-1], window.origin)
        async with self._writer.transaction(store, window.key, pending) as transaction:
            yield transaction

    def _next(self, events: Sequence[Message]) -> tuple[Window, int]:
        """Return the one subscription of events, and the last one's replay id, if they are the next ones there."""
        windows = [self._only_window(event) for event in events]
        window, key = windows[-1], read_key(events[-1])
        assert key is not None
        if any(each is not window for each in windows) or not window.are_next(events):
            raise UsageError(
                f"exactly once is not possible: events of {window.subscription} before this one are not handled yet; "
                "handle them in order"
            )
        if not window.may_end_at(events[-1]):
            raise UsageError(
                "exactly once is not possible: with commit='transaction' no position is stored within a transaction "
                "of the server; handle its events in one transaction, or choose commit='event'"
            )
        return window, key[0]

    def _only_window(self, event: Message) -> Window:
        found = self._index.covering(event.channel)
        if not found or read_key(event) is None:
            raise UsageError(f"exactly once is not possible: this event of {event.channel} has no replay id")
        if len(found) > 1:
            names = " and ".join(each.subscription for each in found)
            raise UsageError(
                f"exactly once is not possible: the events of {event.channel} belong to {names}; "
                "subscribe to one of them"
            )
        return found[0].window

    def handle_stored(self, events: Sequence[Message]) -> str | None:
        """Note that events are handled whose position a transaction has stored; return what `handle` returns."""
        needs_replay = None
        for event in events:
            for each in self._index.covering(event.channel):
                if each.window.handle(event) is Progress.NEEDS_REPLAY:
                    needs_replay = each.subscription
        for each in self._index.covering(events[-1].channel):
            each.window.commits.take()
        return needs_replay

    # -- ending

    def close(self, resumption: Resumption) -> None:
        """The receivers of a subscription are gone."""
        self._store(resumption)
        resumption.close()

    def remove(self, resumption: Resumption) -> None:
        """A subscription has ended. Events that are being handled at the moment may still count."""
        self._store(resumption)
        self._index.remove(resumption)
        self._leaving.add(resumption.window)

    @property
    def unhandled(self) -> int:
        """How many events were received and are not handled."""
        return sum(each.window.unhandled for each in self._index)

    def is_noted(self, event: Message) -> bool:
        """Whether an event was received by a present subscription, and is not handled."""
        return any(each.window.is_noted(event) for each in self._index.covering(event.channel))

    def forget(self) -> None:
        """Another replica handles what was received: store nothing, and begin afresh at the stored positions."""
        self._index.clear()

    def clear(self) -> None:
        """The client has ended."""
        for each in self._index:
            self._store(each)
        self._index.clear()
        self._leaving.clear()

    def _store(self, resumption: Resumption) -> None:
        """Store what is handled, as far as transactions allow: no further event is expected for now."""
        if self._grouping is Grouping.BATCH:
            resumption.window.commits.release()
        self._commit(resumption.window)


def _order(place: int) -> float:
    return inf if place == LATEST else place


def names_in(message: Message) -> list[str]:
    """Return the subscriptions that a subscribe or unsubscribe, or the reply to it, names."""
    named = message.subscription
    return [named] if isinstance(named, str) else list(named or ())
