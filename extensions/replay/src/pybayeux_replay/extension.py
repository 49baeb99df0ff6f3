"""The replay extension of Salesforce's Streaming API, the client's half, with positions that last.

Each event carries a replay id. A subscribe that names one in ``ext.replay`` gets every later event that the server
still keeps. This module has the hooks: it says to the server where each subscription should begin, takes note of what
comes and of what is handled, and asks again where that is needed. Where to begin, and what may be missing then, is
decided in `resumption.py`; the bookkeeping is in `window.py`, the way into the store in `ledger.py`.

The server's half is advisory: some announce it in the handshake's reply, some do not, and those that know nothing of
it ignore both `ext` members. So what counts is whether events carry ids; only where there was no announcement and a
channel's first event has none, its next ones are not looked into.
"""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from pybayeux import Channel, ConnectionState, Drop, Redelivery, hookimpl
from pybayeux.errors import Remedy, ReplyError, SubscribeError

from .commit import CommitMode, commit_of
from .ledger import Ledger
from .policies import OnInvalid, OnRecovery, Policies
from .position import Place  # noqa: TC001 - the types of options are read at run time
from .quiet import Quiet
from .resumption import Present, Refusal
from .store import Store  # noqa: TC001
from .stores import Stores, check_name
from .subscriptions import Subscriptions
from .telling import OnGap, Teller
from .transaction import exactly_once

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from contextlib import AbstractAsyncContextManager
    from datetime import timedelta

    import click

    from pybayeux import HookClient, Message
    from pybayeux.errors import BayeuxError

    from .resumption import Resumption

__all__ = ("Replay",)

_logger: Final = logging.getLogger("pybayeux.replay")
_REPEAT: Final = Drop("already received: it waits to be handled, or was handled")
_ENDING: Final = frozenset({ConnectionState.DISCONNECTING, ConnectionState.TERMINATING, ConnectionState.DISCONNECTED})


class Replay:
    """Handles every event, over lost sessions, lost answers and restarts: at least once, in order.

    One instance belongs to one client. A position moves when an event is handled, so what was received but not handled
    comes again. Where events may be missing all the same, a `Gap` is told. Under a `BayeuxClient`, which does not know
    what is handled, subscriptions begin at the position kept, and moving it is the caller's part.

    Args:
        store: Where positions are kept: ``memory``, ``sqlite`` (a file among the user's data),
            ``sqlite:///positions.db``, ``file:///positions.json``, the path of a SQLite or JSON file, a name in the
            scheme of another package, or an object with the methods of `Store`.
        since: Where a subscription begins that has no position yet: ``latest``, ``earliest`` (everything that the
            server still keeps), or after a replay id. A mapping says it for each subscription by itself, and those
            that it does not name begin at ``latest``.
        on_invalid: What to do about a position that the server no longer knows, or that another org or instance
            numbered: begin at ``earliest`` or ``latest``, ``raise`` the refusal to the subscriber, or what a function
            says of the `Gap`: one of these, or a replay id.
        on_recovery: Where to go on in a new session within a run: ``resume`` after the last handled event, or at the
            ``latest``, with what is new alone.
        retention: How long the server keeps events, in seconds or as a timedelta, where that is known: older positions
            are not tried, and no gap is told where the server still keeps all that came after a position.
        commit: When positions are stored: after each ``event``, each ``batch`` (what arrived together), each
            ``transaction`` of change data capture, or every so many seconds.
        dedupe: How many handled events are remembered for each subscription, to drop them if they come again; 0: none.
        on_gap: Is told of each gap; a function or coroutine function.
        consumer: The name under which positions are kept. Programs that share a store and are to get every event each
            have names of their own, and so have the clients of different servers.
        clock: Gives the time of day, in seconds since 1970.

    Raises:
        ValueError: An option makes no sense.
    """

    def __init__(
        self,
        store: str | Store = "memory",
        since: Place | dict[str, Place] = "latest",
        on_invalid: OnInvalid = "earliest",
        consumer: str = "default",
        on_recovery: OnRecovery = "resume",
        retention: float | timedelta | None = None,
        commit: CommitMode = "event",
        dedupe: int = 10_000,
        on_gap: OnGap | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if isinstance(store, str):
            check_name(store)
        if dedupe < 0:
            raise ValueError(f"dedupe {dedupe} is negative")
        how = commit_of(commit)
        self._store: Final = store
        self._consumer: Final = consumer
        self._clock: Final = clock
        self._grouping: Final = how.grouping
        self._ledger: Final = Ledger(self._open_store, consumer, self._now, how.delay)
        policies = Policies(since, on_invalid, on_recovery, retention)
        self._subscriptions: Final = Subscriptions(policies, self._ledger, grouping=how.grouping, remembered=dedupe)
        self._teller: Final = Teller(on_gap)
        self._quiet = Quiet()
        self._client: HookClient | None = None
        self._origin: str | None = None
        self._acknowledged = False
        self._follows = True
        self._told: set[str] = set()

    @hookimpl
    def registered(self, client: HookClient) -> None:
        """See whether this client tells what is handled."""
        self._client, self._follows = client, client.recovers
        self._quiet = Quiet()

    def _open_store(self) -> Store:
        if not isinstance(self._store, str):
            return self._store
        stores = Stores()
        if self._client is not None and not stores.knows(self._store):
            self._client.hook("register_stores").call(stores)
        return stores.open(self._store)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)

    def _present(self) -> Present:
        return Present(self._now(), self._quiet.until, self._origin, self._subscriptions.announced)

    # -- what goes out

    @hookimpl
    def outgoing(self, message: Message) -> Drop | None:
        """Ask for replay in the handshake, and for the right place in each subscribe."""
        if message.channel == Channel.META_HANDSHAKE:
            _ext(message)["replay"] = True
        elif message.channel == Channel.META_CONNECT:
            self._quiet.connect(self._now())
        elif message.channel == Channel.META_SUBSCRIBE:
            try:
                # No other channel's position: a request has a size limit.
                _ext(message)["replay"] = self._subscriptions.ask(message, self._present())
            except Refusal as refusal:
                return Drop(str(refusal), remedy=Remedy.GIVE_UP)
        return None

    @hookimpl
    def unsubscribed(self, channel: str) -> None:
        """The receivers are gone and their queues with them: what is not handled has to come again."""
        if (subscription := self._subscriptions.get(channel)) is not None:
            self._subscriptions.close(subscription, self._present())

    # -- what comes in

    @hookimpl(trylast=True)
    def incoming(self, message: Message, client: HookClient) -> Drop | None:
        """Note each event, after whatever transforms it; drop those that wait to be handled, or were handled."""
        if message.successful is None:
            self._quiet.disturbed = True
            return None if not self._follows or self._subscriptions.receive(message) else _REPEAT
        if isinstance(failure := message.extra.get("failure"), dict):
            self._failed(message, failure, client)
        elif message.channel == Channel.META_CONNECT:
            self._connect_reply(message, client)
        elif message.channel == Channel.META_SUBSCRIBE:
            self._subscribe_reply(message, client)
        elif message.channel == Channel.META_UNSUBSCRIBE:
            self._unsubscribe_reply(message)
        elif message.channel == Channel.META_HANDSHAKE and message.successful:
            self._handshake_reply(message.ext or {}, client)
        return None

    def _handshake_reply(self, ext: dict[str, Any], client: HookClient) -> None:
        self._subscriptions.handshaken(announced=bool(ext.get("replay")))
        answer = ext.get("ack")
        self._acknowledged = answer.get("enabled") is True if isinstance(answer, dict) else answer is True
        self._origin = client.hook("replay_origin").call(client)

    def _connect_reply(self, message: Message, client: HookClient) -> None:
        if message.successful:
            self._told.clear()
            if client.accepting:
                self._quiet.answered(self._now())

    def _failed(self, message: Message, failure: dict[str, Any], client: HookClient) -> None:
        """An answer that broke off may have taken events with it: a server takes for delivered what it has written.

        Where messages are acknowledged, it sends them again by itself. Elsewhere a new session begins where the last
        one was handled. What never reached the server, and a handshake, had no events in their answers.
        """
        may_have_taken_events = failure.get("sent", True) and message.channel != Channel.META_HANDSHAKE
        if not may_have_taken_events or self._acknowledged or not self._follows or client.state in _ENDING:
            return
        if any(each.window.can_resume for each in self._subscriptions if not each.window.closed):
            self._replay(client, "an answer broke off, and events may be lost with it")
        else:
            self._tell_of_loss(client)

    def _tell_of_loss(self, client: HookClient) -> None:
        """Where nothing can be sent again, what was lost is a gap: one, until an answer comes through again."""
        present = self._present()
        for each in self._subscriptions:
            if each.is_live and each.is_replayed(present) and each.window.subscription not in self._told:
                self._told.add(each.window.subscription)
                self._teller.tell(each.skipped(present, self._subscriptions.newest_position(each)), client)

    def _replay(self, client: HookClient, why: str) -> None:
        """Begin a session anew. Within this one, later events could overtake those that come again."""
        if client.state not in _ENDING:
            client.rehandshake(f"{why}: replaying")

    def _subscribe_reply(self, message: Message, client: HookClient) -> None:
        for each in self._subscriptions.named_in(message):
            if message.successful:
                self._granted(each, client)
            elif _is_refused_position(message) and self._has_another_place(each) and self._follows:
                client.resubscribe(each.window.subscription)

    def _granted(self, subscription: Resumption, client: HookClient) -> None:
        present = self._present()
        if (gap := subscription.granted(present)) is not None:
            self._teller.tell(gap, client)
        if not self._follows:
            subscription.close(present)

    def _has_another_place(self, subscription: Resumption) -> bool:
        window = subscription.window
        _logger.info("%s: the server does not know position %d", window.subscription, window.asked)
        return subscription.refused(self._present(), self._subscriptions.newest_position(subscription))

    @hookimpl(wrapper=True)
    def interpret_error(self, error: BayeuxError) -> Generator[None, BayeuxError | None, BayeuxError | None]:
        """End a subscription whose subscriber is to be told that its position is of no use."""
        explained = yield
        subscription = self._subscriptions.get(error.channel) if isinstance(error, SubscribeError) else None
        if subscription is not None and subscription.gave_up:
            explained = explained or error
            if isinstance(explained, ReplyError):
                explained.remedy = Remedy.GIVE_UP
        return explained

    def _unsubscribe_reply(self, message: Message) -> None:
        for each in self._subscriptions.named_in(message):
            if each.window.closed:  # and not subscribed to again meanwhile
                self._subscriptions.remove(each, self._present())

    # -- receivers that are too slow

    @hookimpl
    def redelivery(self, client: HookClient) -> Redelivery | None:
        """What is not taken now can be asked for again, where that is so of every subscription."""
        if self._acknowledged or not self._follows or self._subscriptions.has_private:
            return None
        present = self._present()
        received = [each for each in self._subscriptions if not each.window.closed]
        if not received or not all(each.can_resume(present) for each in received):
            return None
        return Redelivery(partial(self._rewind, client))

    def _rewind(self, client: HookClient) -> None:
        """There is room for what was not taken."""
        if not self._acknowledged:
            self._replay(client, "receivers were too slow, and have room again")

    # -- what is handled

    @hookimpl
    def delivered(self, message: Message, client: HookClient) -> None:
        """Note that an event is handled."""
        if (subscription := self._subscriptions.handle(message)) is not None:
            self._replay(client, f"events of {subscription} were given up unhandled")

    @hookimpl
    def transaction(self, message: Message) -> AbstractAsyncContextManager[Any]:
        """A transaction of the store, at whose end the position of this event is kept."""
        return exactly_once(message, self._subscriptions.windows_of(message.channel), self._ledger, self._grouping)

    # -- how it ends

    @hookimpl
    def state_changed(self, new: ConnectionState) -> None:
        """The session is over: no queue survives it."""
        if new is ConnectionState.DISCONNECTED:
            for each in self._subscriptions:
                self._subscriptions.close(each, self._present())

    @hookimpl
    async def unregistered(self) -> None:
        """Store what is not stored yet."""
        self._subscriptions.clear(self._present())
        try:
            await self._ledger.close()
        finally:
            await self._teller.finish()

    # -- the command line

    @hookimpl
    def register_commands(self, cli: click.Group) -> None:
        """Add ``pybayeux replay``, about the store and the consumer of these options."""
        from .commands import replay_commands

        cli.add_command(replay_commands(self._store, self._consumer))


def _is_refused_position(message: Message) -> bool:
    error = message.parse_error()
    return error is not None and error.code == 400 and "replayid" in error.message.lower()


def _ext(message: Message) -> dict[str, Any]:
    ext = message.get_ext(create=True)
    assert ext is not None
    return ext
