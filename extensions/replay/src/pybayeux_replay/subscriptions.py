"""The subscriptions of a client: what comes and what is handled, each noted where it belongs, and stored in time.

Knows no session: which answer means what is decided in `extension.py`.
"""

from __future__ import annotations

import asyncio
from math import inf
from typing import TYPE_CHECKING, Final

from pybayeux import Channel, ChannelType

from .commit import Grouping
from .position import LATEST, wire_key
from .reading import read_key, transaction_key
from .resumption import Resumption
from .routes import Routes
from .window import Progress

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pybayeux import Message

    from .ledger import Ledger
    from .policies import Policies
    from .position import Position
    from .resumption import Present
    from .window import Window

__all__ = ("Subscriptions",)


class Subscriptions:
    """All that a client is subscribed to.

    Args:
        policies: Where they begin.
        ledger: The way into the store.
        grouping: Which events belong together.
        remembered: How many handled events of each to recognise if they come again.

    Attributes:
        announced: Whether the server said that it replays.
        has_private: Whether something came that no server keeps.
    """

    def __init__(self, policies: Policies, ledger: Ledger, *, grouping: Grouping, remembered: int) -> None:
        self.announced = False
        self.has_private = False
        self._policies: Final = policies
        self._ledger: Final = ledger
        self._grouping: Final = grouping
        self._is_grouped: Final = grouping is not Grouping.EACH
        self._remembered: Final = remembered
        self._routes: Final = Routes()
        self._is_in_batch = False

    def __iter__(self) -> Iterator[Resumption]:
        return iter(self._routes)

    def get(self, subscription: str) -> Resumption | None:
        """The subscription of this name."""
        return self._routes.get(subscription)

    def named_in(self, message: Message) -> list[Resumption]:
        """The subscriptions that a message is about."""
        found = [self._routes.get(name) for name in _names(message)]
        return [each for each in found if each is not None]

    def windows_of(self, channel: str) -> list[Window]:
        """The windows that events on this channel belong to."""
        return [each.window for each in self._routes.of(channel)]

    def newest_position(self, resumption: Resumption) -> Position | None:
        """The newest position of a subscription, stored or about to be."""
        return self._ledger.newest(resumption.window.subscription) or resumption.kept

    def handshaken(self, *, announced: bool) -> None:
        """There is a new session, maybe with another server: what was found out about channels may not hold."""
        self.announced = announced
        self._routes.forget()

    # -- where they begin

    def ask(self, message: Message, present: Present) -> dict[str, int]:
        """Where each subscription of a subscribe is to begin, by the name that the server looks for.

        Raises:
            Refusal: One of them has no place to begin.
        """
        places: dict[str, int] = {}
        for name in _names(message):
            if Channel(name).type is ChannelType.BROADCAST:
                resumption, key = self._known(name), wire_key(name)
                asked = resumption.ask(present, self.newest_position(resumption))
                # Filters of one PushTopic share a place where they share a message: the earliest.
                places[key] = min(places.get(key, asked), asked, key=_order)
        return places

    def _known(self, subscription: str) -> Resumption:
        resumption = self._routes.get(subscription)
        if resumption is None:
            kept = self._ledger.get(subscription)
            resumption = Resumption(
                subscription, self._policies, kept, grouping=self._grouping, remembered=self._remembered
            )
            self._routes.add(subscription, resumption)
        return resumption

    # -- what comes

    def receive(self, event: Message) -> bool:
        """Note an event; whether anybody lacks it."""
        found = self._routes.of(event.channel)
        if not found:
            # What comes on a service channel, and answers nothing, is kept by no server.
            self.has_private |= event.id is None and event.channel.startswith("/service/")
            return True
        if (read := read_key(event)) is None:
            self._without_id(event, found)
            return True
        number, key = read
        group = self._group_of(event) if self._is_grouped else None
        is_new = False
        for each in found:
            is_new |= each.window.receive(event, number, key, group)
            if each.window.settled is not None:
                self._commit(each.window)
        return is_new

    def _group_of(self, event: Message) -> str | None:
        if self._grouping is Grouping.TRANSACTION:
            return transaction_key(event)
        if self._grouping is Grouping.BATCH and not self._is_in_batch:
            self._is_in_batch = True
            asyncio.get_running_loop().call_soon(self._end_batch)  # a batch comes in one turn of the loop
        return None

    def _end_batch(self) -> None:
        self._is_in_batch = False
        for each in self._routes:
            each.window.end_group()
            self._commit(each.window)

    def _without_id(self, event: Message, found: Sequence[Resumption]) -> None:
        """A server that never spoke of replay, and an event without an id: it costs time to look into the next ones."""
        for each in found:
            each.is_unnumbered = True
        if not self.announced and all(each.window.is_untouched for each in found):
            self._routes.ignore(event.channel)

    # -- what is handled

    def handle(self, event: Message) -> str | None:
        """Note that an event is handled; gives a subscription of which events have to come again, if there is one."""
        gap = None
        for each in self._routes.of(event.channel):
            window = each.window
            if window.handle(event) is Progress.GAP:
                gap = window.subscription
            if window.settled is not None:
                self._commit(window)
        return gap

    def _commit(self, window: Window) -> None:
        if (handled := window.take()) is not None:
            self._ledger.put(window.subscription, handled)

    # -- how they end

    def close(self, resumption: Resumption, present: Present) -> None:
        """The receivers of a subscription are gone."""
        self._store(resumption, present)
        resumption.close(present)

    def remove(self, resumption: Resumption, present: Present) -> None:
        """The server knows that a subscription is over."""
        self._store(resumption, present)
        self._routes.remove(resumption.window.subscription)

    def clear(self, present: Present) -> None:
        """There is no client any more."""
        for each in self._routes:
            self._store(each, present)
        self._routes.clear()

    def _store(self, resumption: Resumption, present: Present) -> None:
        """Nothing more is to come for now: store what is handled, as far as the groups allow."""
        window = resumption.window
        if self._grouping is Grouping.BATCH:
            window.settle()
        self._commit(window)
        position, until = self.newest_position(resumption), resumption.quiet_until(present)
        if window.is_handled and position is not None and until is not None:
            self._ledger.confirm(window.subscription, position, until)


def _order(place: int) -> float:
    return inf if place == LATEST else place


def _names(message: Message) -> list[str]:
    named = message.subscription
    return [named] if isinstance(named, str) else list(named or ())
