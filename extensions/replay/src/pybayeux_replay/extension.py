"""The replay extension of Salesforce's Streaming API, the client's half, with positions that last.

Each event carries a replay id. A subscribe that names one in ``ext.replay`` gets every later event that the server
still keeps. This module says to the server where each subscription should begin, takes note of what comes and of what
is handled, and falls back where the server no longer knows a position. The bookkeeping is in `window.py`, the way into
the store in `ledger.py`.

The server's half is advisory: some announce it in the handshake's reply, some do not, and those that know nothing of
it ignore both `ext` members. So what counts is whether events carry ids; only where there was no announcement and a
channel's first event has none, its next ones are not looked into.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from pybayeux import Channel, ChannelType, ConnectionState, Drop, hookimpl

from .ledger import Ledger
from .position import EARLIEST, LATEST, OnInvalid, Since, place, replay_id, wire_key
from .store import Store, open_store
from .window import Progress, Window

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pybayeux import AsyncClient, Message

__all__ = ("Replay",)

_logger: Final = logging.getLogger("pybayeux.replay")
_REPEAT: Final = Drop("already received: it waits to be handled")
_CACHED_ROUTES: Final = 10_000
_ENDING: Final = frozenset({ConnectionState.DISCONNECTING, ConnectionState.TERMINATING, ConnectionState.DISCONNECTED})


class Replay:
    """Handles every event, over lost sessions, lost answers and restarts: at least once, in order.

    One instance belongs to one client. A position moves when an event is handled, so what was received but not handled
    comes again. Under a `BayeuxClient`, which does not know what is handled, subscriptions begin at the position kept,
    and moving it is the caller's part.

    Args:
        store: Where positions are kept: ``memory``, ``sqlite:///positions.db``, the path of a SQLite file, or an object
            with the methods of `Store`.
        since: Where a subscription begins that has no position yet: ``latest``, ``earliest`` (everything that the
            server still keeps), or after a replay id. A mapping says it for each subscription by itself, and those
            that it does not name begin at ``latest``.
        on_invalid: What to do where the server refuses a position, as one that it no longer keeps: begin at
            ``earliest`` or ``latest``, or ``raise`` the refusal to the subscriber.
        consumer: The name under which positions are kept. Programs that share a store and are to get every event each
            have names of their own, and so have the clients of different servers.

    Raises:
        ValueError: An option makes no sense.
    """

    def __init__(
        self,
        store: str | Store = "memory",
        since: Since | dict[str, Since] = "latest",
        on_invalid: OnInvalid = "earliest",
        consumer: str = "default",
    ) -> None:
        self._start: Final = LATEST if isinstance(since, dict) else place(since)
        self._starts: Final = {name: place(each) for name, each in since.items()} if isinstance(since, dict) else {}
        self._fallback: Final = None if on_invalid == "raise" else place(on_invalid)
        self._ledger: Final = Ledger(open_store(store) if isinstance(store, str) else store, consumer)
        self._windows: dict[str, Window] = {}
        self._routes: dict[str, tuple[Window, ...]] = {}
        self._announced = False
        self._acknowledged = False
        self._follows = True

    @hookimpl
    def registered(self, client: AsyncClient) -> None:
        """See whether this client tells what is handled."""
        self._follows = hasattr(client, "resubscribe")

    # -- what goes out

    @hookimpl
    def outgoing(self, message: Message) -> None:
        """Ask for replay in the handshake, and for the right place in each subscribe."""
        if message.channel == Channel.META_HANDSHAKE:
            _ext(message)["replay"] = True
        elif message.channel == Channel.META_SUBSCRIBE:
            self._subscribe(message)

    @hookimpl
    def unsubscribed(self, channel: str) -> None:
        """The receivers are gone and their queues with them: what is not handled has to come again."""
        if (window := self._windows.get(channel)) is not None:
            window.close()

    def _subscribe(self, message: Message) -> None:
        # No other channel's position: a request has a size limit.
        _ext(message)["replay"] = {
            wire_key(name): self._window(name).ask()
            for name in _subscriptions(message)
            if Channel(name).type is ChannelType.BROADCAST
        }

    def _window(self, subscription: str) -> Window:
        window = self._windows.get(subscription)
        if window is None:
            start = self._starts.get(subscription, self._start)
            window = Window(subscription, start, self._ledger.get(subscription))
            self._windows[subscription] = window
            self._routes.clear()
        return window

    # -- what comes in

    @hookimpl(trylast=True)
    def incoming(self, message: Message, client: AsyncClient) -> Drop | None:
        """Note each event, after whatever transforms it; drop those that wait to be handled already."""
        if message.successful is None:
            return self._event(message)
        if isinstance(failure := message.extra.get("failure"), dict):
            self._failed(message, failure, client)
        elif message.channel == Channel.META_SUBSCRIBE:
            self._subscribe_reply(message, client)
        elif message.channel == Channel.META_UNSUBSCRIBE:
            self._unsubscribe_reply(message)
        elif message.channel == Channel.META_HANDSHAKE:
            self._handshake_reply(message.ext or {})
        return None

    def _handshake_reply(self, ext: dict[str, Any]) -> None:
        self._announced = bool(ext.get("replay"))
        self._routes.clear()
        answer = ext.get("ack")
        self._acknowledged = answer.get("enabled") is True if isinstance(answer, dict) else answer is True

    def _event(self, event: Message) -> Drop | None:
        windows = self._routes.get(event.channel)
        if windows is None:
            windows = self._route(event.channel)
        if not windows:
            return None
        number = replay_id(event)
        if number is None:
            self._without_id(event, windows)
            return None
        is_new = False
        for window in windows:
            is_new |= window.receive(event, number)
        return None if is_new else _REPEAT

    def _without_id(self, event: Message, windows: Iterable[Window]) -> None:
        """A server that never spoke of replay, and an event without an id: it costs time to look into the next ones."""
        if not self._announced and all(window.is_untouched for window in windows):
            self._routes[event.channel] = ()

    def _route(self, channel: str) -> tuple[Window, ...]:
        is_followed = self._follows and Channel(channel).type is ChannelType.BROADCAST
        found = tuple(w for w in self._windows.values() if is_followed and _covers(w.subscription, channel))
        if len(self._routes) >= _CACHED_ROUTES:
            self._routes.clear()
        self._routes[channel] = found
        return found

    def _failed(self, message: Message, failure: dict[str, Any], client: AsyncClient) -> None:
        """An answer that broke off may have taken events with it: a server takes for delivered what it has written.

        Where messages are acknowledged, it sends them again by itself. Elsewhere a new session begins where the last
        one was handled. What never reached the server, and a handshake, had no events in their answers.
        """
        may_have_taken_events = failure.get("sent", True) and message.channel != Channel.META_HANDSHAKE
        if self._acknowledged or not may_have_taken_events:
            return
        if any(window.can_resume for window in self._windows.values()):
            self._replay(client, "an answer broke off, and events may be lost with it")

    def _replay(self, client: AsyncClient, why: str) -> None:
        """Begin a session anew. Within this one, later events could overtake those that come again."""
        if client.state not in _ENDING:
            client.rehandshake(f"{why}: replaying")

    def _subscribe_reply(self, message: Message, client: AsyncClient) -> None:
        if message.successful or self._fallback is None or not _is_refused_position(message):
            return
        for window in self._subscribed(message):
            if window.asked < 0:
                continue  # the fallback itself: the caller gets this refusal
            where = "earliest" if self._fallback == EARLIEST else "latest"
            gone = "%s: the server no longer knows position %d; beginning at the %s instead"
            _logger.warning(gone, window.subscription, window.asked, where)
            window.restart(self._fallback)
            if self._follows:
                client.resubscribe(window.subscription)

    def _unsubscribe_reply(self, message: Message) -> None:
        for window in self._subscribed(message):
            if window.closed:  # and not subscribed to again meanwhile
                del self._windows[window.subscription]
                self._routes.clear()

    # -- what is handled

    @hookimpl
    def delivered(self, message: Message, client: AsyncClient) -> None:
        """Note that an event is handled."""
        windows = self._routes.get(message.channel)
        for window in self._route(message.channel) if windows is None else windows:
            progress = window.handle(message)
            if progress is Progress.MOVED and window.position is not None:
                self._ledger.put(window.subscription, window.position)
            elif progress is Progress.GAP:
                self._replay(client, f"events of {window.subscription} were given up unhandled")

    @hookimpl
    def state_changed(self, new: ConnectionState) -> None:
        """The session is over: no queue survives it."""
        if new is ConnectionState.DISCONNECTED:
            for window in self._windows.values():
                window.close()

    @hookimpl
    async def unregistered(self) -> None:
        """Store what is not stored yet."""
        self._windows.clear()
        self._routes.clear()
        await self._ledger.close()

    def _subscribed(self, message: Message) -> Iterator[Window]:
        for name in _subscriptions(message):
            if (window := self._windows.get(name)) is not None:
                yield window


def _subscriptions(message: Message) -> list[str]:
    named = message.subscription
    return [named] if isinstance(named, str) else list(named or ())


def _covers(subscription: str, channel: str) -> bool:
    """Whether events on a channel belong to a subscription; those of a filtered one may come without the filter."""
    return Channel(subscription).match(channel) or ("?" in subscription and wire_key(subscription) == channel)


def _is_refused_position(message: Message) -> bool:
    error = message.parse_error()
    return error is not None and error.code == 400 and "replayid" in error.message.lower()


def _ext(message: Message) -> dict[str, Any]:
    ext = message.get_ext(create=True)
    assert ext is not None
    return ext
