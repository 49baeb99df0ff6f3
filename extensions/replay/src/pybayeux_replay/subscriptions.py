"""The subscriptions of a client: each event is noted in those that it belongs to, and their positions are stored.

Handled events are noted together, up to `LONG_RUN` of them, at the latest in the next turn of the event loop, and
before anything is done that depends on them. To note them one by one costs twice as much. Their positions would not be
written earlier: the writer waits for the next turn too. Where receivers have to wait for the store after some events,
only `RUN` of them are noted together, because their number is limited.

This module knows no session. Which message has which consequence is decided in `extension.py` and `recovery.py`.
"""

from __future__ import annotations

import asyncio
from math import inf
from typing import TYPE_CHECKING, Final

from pybayeux import Channel, ChannelType

from .batches import CurrentBatch
from .channel_index import ChannelIndex
from .event_fields import event_time, read_key, transaction_key
from .grouping import Grouping
from .leaving import LeavingWindows
from .left import LeftSubscriptions
from .origin import has_same_host, org_of
from .position import LATEST, wire_key
from .position_lookup import position_key
from .resumption import Resumption
from .window import Progress
from .with_events import SubscriptionsWithEvents

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from pybayeux import Message

    from .policies import Policies
    from .position import Position
    from .position_writer import PositionWriter
    from .resumption import ReplayContext
    from .window import Window

__all__ = ("LONG_RUN", "RUN", "Subscriptions", "names_in")

RUN: Final = 8
"""How many handled events are noted together at the most, if only some may not be stored."""
LONG_RUN: Final = 64
"""How many are noted together otherwise: a longer run would save nothing more."""


class Subscriptions:
    """All subscriptions of one client.

    Args:
        policies: What the options say.
        writer: Stores the positions.
        grouping: Within which events no position is stored.
        remembered: How many handled events of each subscription to recognise if they come again.
        ask_again: Called with a subscription of which events have to come again: they were given up unhandled.

    Attributes:
        announced: Whether the server announced replay in the handshake.
        has_private: Whether a message came on a service channel that no server keeps.
        has_times: Whether a subscription begins at a time, so that `is_before_start` has to be asked.
        ignored: Channels of events without a replay id, on a server that announced none: there is nothing to note.
        with_events: The subscriptions that had an event since they were last taken.
    """

    def __init__(
        self,
        policies: Policies,
        writer: PositionWriter,
        *,
        grouping: Grouping,
        remembered: int,
        ask_again: Callable[[str], None],
    ) -> None:
        self.announced: bool = False
        self.has_private: bool = False
        self.has_times: bool = False
        self._policies: Final = policies
        self._writer: Final = writer
        self._grouping: Final = grouping
        # Python 3.11 takes 50 ns for a member of an enumeration, and every event needs these.
        self._is_grouped: Final = grouping is not Grouping.EACH
        self._by_transaction: Final = grouping is Grouping.TRANSACTION
        self._by_batch: Final = grouping is Grouping.BATCH
        self._remembered: Final = remembered
        self._ask_again: Final = ask_again
        self._channels: Final = ChannelIndex()
        self._found: Final = self._channels.cache  # looked up without a call: every event passes there twice
        self.ignored: Final = self._channels.ignored
        self._handled: list[Message] = []
        self._run = RUN
        self._given_up: str | None = None
        self._ends_turn = False
        self._leaving: Final = LeavingWindows()
        self._left: Final = LeftSubscriptions()
        self._left_names: Final = self._left.names  # looked up without a call: every event passes there
        self._batch: Final = CurrentBatch(self)
        self.with_events: Final = SubscriptionsWithEvents()

    @property
    def _index(self) -> ChannelIndex:
        """The subscriptions, in which everything that is handled is noted."""
        if self._handled:
            self._note_handled()
        return self._channels

    def __iter__(self) -> Iterator[Resumption]:
        return iter(self._index)

    def get(self, subscription: str) -> Resumption | None:
        """Return the subscription of this name."""
        return self._index.get(subscription)

    def covering(self, event: Message) -> Sequence[Resumption]:
        """Return the subscriptions that an event belongs to."""
        return self._index.covering(event.channel)

    def open(self) -> list[Resumption]:
        """Return the subscriptions that have receivers."""
        return [each for each in self._index if not each.window.closed]

    def named_in(self, message: Message) -> list[Resumption]:
        """Return the subscriptions that a subscribe or unsubscribe, or the reply to it, names."""
        index = self._index
        return [each for name in names_in(message) if (each := index.get(name)) is not None]

    def newest_position(self, resumption: Resumption) -> Position | None:
        """Return the newest position of a subscription, stored or not yet."""
        return self._writer.newest(resumption.window.key) or resumption.stored

    def on_handshake(self, *, announced: bool) -> None:
        """There is a new session, maybe with another server: what was learnt of its channels may be wrong now."""
        self.announced = announced
        for each in self._index:
            if each.window.closed:  # left without a session: its events would be noted with those of others
                self.remove(each)
        self._index.look_again()
        self._left.clear()

    # -- where they begin

    def takes_new_session(self, subscription: str) -> bool:
        """Whether a subscribe has to wait for a new session.

        So it is where the subscription had events in this session that were not handled, or that another replica went
        on from: they come again, and those that the server has sent since, or still has to send, would overtake them.
        """
        if subscription in self._left.unfinished:
            return True
        if subscription not in self._left_names:
            return False
        if self._is_grouped:
            return True  # what is still under way and comes again would tear groups apart
        resumption, windows = self._index.get(subscription), self._leaving.of(subscription)
        if resumption is not None:
            windows.append(resumption.window)
        return any(each.can_resume and not each.is_handled for each in windows)

    def on_subscribe(self, names: Iterable[str], context: ReplayContext) -> dict[str, int]:
        """Return where each subscription in a subscribe is to begin, by the channel for which the server looks.

        Args:
            names: The channels and patterns that the subscribe names.
            context: What is known at the moment.

        Raises:
            UnusablePosition: The position of one of them cannot be used, and the policy is to raise an error.
        """
        places: dict[str, int] = {}
        for name in names:
            if Channel(name).type is ChannelType.BROADCAST:
                asked, key = self._begin(name, context), wire_key(name)
                # Filters of one PushTopic in one message share a place, and so get the earliest.
                places[key] = min(places.get(key, asked), asked, key=_order)
        return places

    def _begin(self, subscription: str, context: ReplayContext) -> int:
        """Return where a subscription is to begin."""
        resumption = self._index.get(subscription)
        if resumption is not None and self._is_of_other_org(resumption, context):
            self.remove(resumption)
            resumption = None
        if resumption is None:
            resumption = self._add(subscription, context)
            position = resumption.stored  # the newest one, as it was just looked for
        else:
            position = self.newest_position(resumption)
        self._left_names.pop(subscription, None)
        return resumption.on_subscribe(context, position)

    def _add(self, subscription: str, context: ReplayContext) -> Resumption:
        if self._leaving.windows:
            self._leaving.forget(subscription)
        key, stored = self._writer.find(subscription, context.origin)
        self._run = RUN if self._writer.limits_unstored else LONG_RUN
        resumption = Resumption(
            subscription, self._policies, stored, grouping=self._grouping, remembered=self._remembered
        )
        resumption.window.key = key
        self._channels.add(resumption)
        self.has_times |= resumption.begins_at is not None
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
        found = self.covering(event)
        if not found or any(each.begins_at is None for each in found):
            return False
        happened = event_time(event)
        return happened is not None and all(each.begins_at and happened < each.begins_at for each in found)

    def receive(self, event: Message) -> bool:
        """Note an event; return whether it is new to any subscription, or belongs to none."""
        if (found := self._found.get(event.channel)) is None:
            found = self._channels.covering(event.channel)
        if not found:
            if event.channel in self.ignored:
                return True
            # A message on a service channel that is not a reply: no server keeps it.
            self.has_private |= event.id is None and event.channel.startswith("/service/")
            if not (self._left_names or self._left.unfinished):
                return True
            return not self._left.comes_again(event.channel)
        if (read := read_key(event)) is None:
            self._receive_unnumbered(event, found)
            return True
        replay_id, key = read
        transaction = transaction_key(event) if self._by_transaction else None
        if self._by_batch:
            self._batch.add(found)
        is_new = False
        for each in found:
            if not each.has_event:
                self.with_events.add(each)
            window = each.window
            if self._left_names and each.subscription in self._left_names:
                self._left.unfinished.add(each.subscription)
                continue
            if window.receive(event, replay_id, key, transaction):
                is_new = True
            if window.commits.ready is not None:
                self._commit(window)
        return is_new

    def batch_ended(self, resumptions: Collection[Resumption]) -> None:
        """A batch has ended, in which these subscriptions had events: their positions may be stored."""
        if self._handled:
            self._note_handled()
        for each in resumptions:
            each.window.end_group()
            self._commit(each.window)

    def _receive_unnumbered(self, event: Message, found: Sequence[Resumption]) -> None:
        for each in found:
            each.is_unnumbered = True
            if not each.has_event:
                self.with_events.add(each)
        # A server without replay: to look for an id in each of the next events would only cost time.
        if not self.announced and all(each.window.is_untouched for each in found):
            self._index.ignore(event.channel)

    # -- handling

    def handle(self, event: Message) -> None:
        """Note that an event is handled, together with others."""
        handled = self._handled
        handled.append(event)
        if not self._ends_turn:
            self._ends_turn = True
            asyncio.get_running_loop().call_soon(self._end_turn)
        elif len(handled) >= self._run:
            self._note_handled()
            if self._writer.holds_receivers:  # nothing more is handled in this turn: it can be written now
                self._writer.write()

    def _end_turn(self) -> None:
        self._ends_turn = False
        self._note_handled()
        self._writer.write()
        given_up, self._given_up = self._given_up, None
        if given_up is not None:
            self._ask_again(given_up)

    def _note_handled(self) -> None:
        events, self._handled = self._handled, []
        begin, of_run = 0, None
        for index, event in enumerate(events):
            if (found := self._found.get(event.channel)) is None:
                found = self._channels.covering(event.channel)
            if found is not of_run:
                if of_run is not None:
                    self._handle_run(of_run, events[begin:index])
                begin, of_run = index, found
        if of_run is not None:
            self._handle_run(of_run, events[begin:])

    def _handle_run(self, found: Sequence[Resumption], run: Sequence[Message]) -> None:
        for each in found:
            window = each.window
            if window.handle_all(run) is Progress.NEEDS_REPLAY:
                self._given_up = window.subscription
            if (ready := window.commits.take()) is not None:
                self._writer.put(window.key, ready, len(run), writes=False)  # `_end_turn` has it written
        if self._leaving.windows:
            for event in run:
                for window in self._leaving.handle(event):
                    self._commit(window)

    def pass_over(self, event: Message) -> None:
        """An event that waits counts as handled once all before it are, though no receiver gets it."""
        for each in self.covering(event):
            each.window.pass_over(event)
            if each.window.commits.ready is not None:
                self._commit(each.window)

    def _commit(self, window: Window) -> None:
        if (ready := window.commits.take()) is not None:
            self._writer.put(window.key, ready)

    # -- ending

    def close(self, resumption: Resumption) -> None:
        """The receivers of a subscription are gone."""
        self._store_handled(resumption.window)
        if self.announced or self._is_grouped or not resumption.window.is_untouched:
            self._left.add(resumption.subscription)
        resumption.close()

    def remove(self, resumption: Resumption) -> None:
        """A subscription has ended. Events that are being handled at the moment may still count."""
        self._store_handled(resumption.window)
        self._index.remove(resumption)
        self._leaving.add(resumption.window)

    @property
    def unhandled(self) -> int:
        """How many events were received and are not handled."""
        return sum(each.window.unhandled for each in self._index)

    def is_noted(self, event: Message) -> bool:
        """Whether an event was received by a present subscription, and is not handled."""
        return any(each.window.is_noted(event) for each in self.covering(event))

    def forget(self, subscriptions: Iterable[str] | None = None) -> None:
        """Another replica handles what was received: store nothing, and begin afresh at the stored positions.

        Args:
            subscriptions: Of which subscriptions; None for all.
        """
        for name in [each.subscription for each in self._index] if subscriptions is None else subscriptions:
            self._leaving.forget(name)
            if (resumption := self._index.get(name)) is not None:
                self._index.remove(resumption)
                self._left.unfinished.add(name)

    def clear(self) -> None:
        """The client has ended."""
        for window in [*self._leaving.windows, *(each.window for each in self._index)]:
            self._store_handled(window)
        self._ends_turn = False  # it may start again on another event loop
        self._batch.clear()
        self.with_events.clear()
        self._index.clear()
        self._leaving.clear()
        self._left.clear()

    def store_handled(self, subscription: str) -> None:
        """Store what is handled, as far as transactions allow: no further event is expected for now."""
        resumption = self._index.get(subscription)
        for window in self._leaving.of(subscription):
            self._store_handled(window)
        if resumption is not None:
            self._store_handled(resumption.window)

    def _store_handled(self, window: Window) -> None:
        if self._by_batch:
            window.commits.release()
        self._commit(window)


def _order(place: int) -> float:
    return inf if place == LATEST else place


def names_in(message: Message) -> list[str]:
    """Return the subscriptions that a subscribe or unsubscribe, or the reply to it, names."""
    named = message.subscription
    return [named] if isinstance(named, str) else list(named or ())
