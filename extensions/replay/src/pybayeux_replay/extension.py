"""The replay extension of Salesforce's Streaming API, the client's half, with positions that outlive the process.

Each event has a replay id. A subscribe that names one in ``ext.replay`` gets every later event that the server still
keeps. This module has the hooks: they say in each subscribe where the server should begin, and pass on what comes and
what is handled. Where to begin, and what may be missing then, is decided in `resumption.py`; what is received and
handled is noted in `window.py`; lost events are asked for again in `recovery.py`; positions are stored by
`position_writer.py`, in what `store_connection.py` opens.

Some servers announce replay in the reply to the handshake, some have it without saying so, and servers without it
ignore both members of `ext`. So what counts is whether events have replay ids. Only if the server has not announced
replay, and the first event of a channel has no id, the next events of the channel are not looked into.
"""

from __future__ import annotations

import logging
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final

from pybayeux import Channel, ConnectionState, Drop, Redelivery, hookimpl
from pybayeux.errors import BayeuxError, Remedy, ReplyError, SubscribeError

from .bookmarks import Bookmarks
from .dead_letters import dead_letter_of
from .event_transactions import EventTransactions
from .gaps import GapNotifier, OnGap
from .hookspecs import ReplayHooks
from .leases import LeaseLostError
from .outage import Outage
from .policies import CommitMode, OnInvalid, OnRecovery, Policies, commit_policy, duration
from .position import Place  # noqa: TC001 - the types of options are read at run time
from .position_loader import PositionLoader
from .position_writer import PositionWriter
from .recovery import Recovery
from .replica import Replica
from .resumption import ReplayContext, UnusablePosition
from .sharded_replica import ShardedReplica
from .stall_watch import StallWatch
from .store import Store  # noqa: TC001
from .store_connection import StoreConnection
from .subscribe_gate import SubscribeGate
from .subscriptions import RUN, Subscriptions, names_in
from .unstored import UnstoredLimit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Generator, Mapping, Sequence
    from datetime import timedelta

    from pybayeux import HookClient, Message
    from pybayeux.errors import ReceiverError

    from .leases import Lease
    from .resumption import Resumption
    from .shards import Shard
    from .stalls import Stall

__all__ = ("Replay",)

_logger: Final = logging.getLogger("pybayeux.replay")
_STALLED_AFTER: Final = 1800.0
_TOO_OLD: Final = Drop("it happened before the time at which the subscription begins")
_REPEAT: Final = Drop("already received: it waits to be handled, or was handled")


class Replay:
    """Has every event handled, over lost sessions, lost replies and restarts: at least once, in order.

    One instance belongs to one client. A position moves when an event is handled, so an event that was received and not
    handled comes again. Where events may be missing nevertheless, a `Gap` is reported. A `BayeuxClient` does not know
    when an event is handled: there subscriptions begin at the stored position, and moving it is left to the caller.

    Args:
        store: Where positions are kept: ``memory``, ``sqlite`` (a file in the user's data folder),
            ``sqlite:///positions.db``, ``file:///positions.json``, the path of a SQLite or JSON file, a name in the
            scheme of another package, or an object with the methods of `Store`.
        since: Where a subscription begins that has no position yet: ``latest``, ``earliest`` (everything that the
            server still keeps), or after a replay id. A mapping has a place for each subscription; those that it does
            not name begin at ``latest``.
        on_invalid: What to do about a position that the server no longer knows, or that another org or instance
            numbered: begin at ``earliest`` or ``latest``, or ``raise`` the error in the subscriber. A function is
            called with the `Gap`, and returns one of these or a replay id.
        on_recovery: Where to go on in a new session within a run: ``resume`` after the last handled event, or at the
            ``latest``, with new events only.
        retention: How long the server keeps events, in seconds or as a timedelta, if known. Older positions are not
            tried. A position that the server refuses is a gap nevertheless, however young it is.
        commit: When positions are stored: after each ``event``, each ``batch`` (the events that arrived together), each
            ``transaction`` of change data capture, or every so many seconds.
        dedupe: How many handled events are remembered for each subscription, to drop them if they come again; 0: none.
        on_gap: A function or coroutine function that is called with each gap.
        consumer: The name under which positions are kept. Programs that share a store need names of their own if each
            is to get every event, and so do clients of different servers, but for orgs that an extension tells apart
            (hook `replay_origin`).
        stalled_after: How long nothing may come, while connected, on a channel that usually has events, until a `Stall`
            is reported; in seconds or as a timedelta. None: never.
        clock: Returns the time in seconds since 1970.
        lease: How long a replica of the consumer may be silent until another one takes over, in seconds or as a
            timedelta: of all programs with this consumer name, one is active, and the others wait in `subscribe`. It
            takes a store in a database. None: no lease.
        shard: Whether the channels are divided over the replicas, each of which handles a part of them, instead of one
            replica handling all. The programs subscribe to all channels; `subscribe` does not wait. It takes `lease`.

    Raises:
        ValueError: An option has a wrong value.
    """

    pybayeux_hookspecs: ClassVar[type] = ReplayHooks
    """The hooks of this package, for programs without metadata."""

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
        stalled_after: float | timedelta | None = _STALLED_AFTER,
        clock: Callable[[], float] = time.time,
        lease: float | timedelta | None = None,
        shard: bool = False,
    ) -> None:
        self._connection: Final = StoreConnection(store)
        if dedupe < 0:
            raise ValueError(f"dedupe: expected 0 or more; got {dedupe}")
        policy = commit_policy(commit)
        self._consumer: Final = consumer
        self._clock: Final = clock
        self._client: HookClient | None = None
        outage = Outage(self._connection)
        self._writer: Final = PositionWriter(
            self._connection.open,
            consumer,
            self._now,
            outage,
            policy.delay,
            self._connection.positions_stored,
            UnstoredLimit(policy.most_unstored, self._connection.fell_behind, self._connection.caught_up, RUN),
        )
        policies = Policies(since, on_invalid, on_recovery, retention)
        self._subscriptions: Final = Subscriptions(
            policies, self._writer, grouping=policy.grouping, remembered=dedupe, ask_again=self._ask_again
        )
        self._transactions: Final = EventTransactions(self._subscriptions, self._writer)
        self._notifier: Final = GapNotifier(on_gap)
        self._recovery: Final = Recovery(self._subscriptions, self._notifier)
        length = duration("lease", lease)
        if shard and length is None:
            raise ValueError("shard: expected lease as well, such as lease=10; got None")
        kind = ShardedReplica if shard else Replica
        if length is not None and self._connection.is_known:
            kind.check_store(self._connection.open())
        self._replica: Final = None if length is None else kind(consumer, length, self._writer, self._subscriptions)
        self._loader: Final = PositionLoader(self._writer, outage, self._store_opened)
        self._gate: Final = SubscribeGate(self._subscriptions, self._loader, self._replica, self._recovery)
        self._stalls: Final = StallWatch(duration("stalled_after", stalled_after), self._subscriptions, self._notifier)
        self._origin: str | None = None
        self._bookmarks: Final = Bookmarks(self._writer, self._subscriptions, lambda: self._origin)
        self._reports_handled = True

    @hookimpl
    def registered(self, client: HookClient) -> None:
        """See whether this client reports what is handled: a `BayeuxClient` does not."""
        self._client, self._reports_handled = client, client.recovers
        self._connection.join(client)
        self._writer.access.opens_slowly = client.recovers and self._connection.is_slow
        if isinstance(self.store, str) and not client.recovers:
            self._writer.access.warm_up()
        if self._replica is not None:
            self._replica.join(client)

    @property
    def store(self) -> str | Store:
        """The store, or its name, as it was given."""
        return self._connection.store

    @property
    def consumer(self) -> str:
        """The name of the consumer in the store."""
        return self._consumer

    @property
    def stalls(self) -> tuple[Stall, ...]:
        """The present stalls: connected, and nothing comes on a channel that usually has events."""
        return self._stalls.present

    @property
    def lease(self) -> Lease | None:
        """The lease, while this replica of the consumer is active; None while it stands by, or without a lease."""
        return None if self._replica is None else self._replica.lease

    @property
    def shards(self) -> Mapping[str, Shard]:
        """The channels and patterns that this replica of the consumer handles at present; none without `shard`."""
        return {} if self._replica is None else self._replica.shards

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)

    def _context(self) -> ReplayContext:
        return ReplayContext(self._now(), self._origin, self._subscriptions.announced)

    # -- requests

    @hookimpl
    def outgoing(self, message: Message) -> Drop | None:
        """Ask for replay in the handshake, and for the right place in each subscribe."""
        if message.channel == Channel.META_HANDSHAKE:
            message.get_ext(create=True)["replay"] = True
            if self._reports_handled and self._client is not None:
                self._connection.find_scheme()
                self._loader.start(self._client)
        elif message.channel == Channel.META_SUBSCRIBE:
            names = names_in(message)
            if self._reports_handled and (drop := self._gate.stop(names, self._client)) is not None:
                return drop
            return self._begin(message, names)
        return None

    def _store_opened(self) -> None:
        if self._replica is not None:
            self._replica.start()

    def _begin(self, message: Message, names: list[str]) -> Drop | None:
        """Say where the subscriptions of a subscribe begin."""
        if self._client is not None:
            self._origin = self._client.hook("replay_origin").call(self._client)
        try:
            # Only the places of these channels: a request has a size limit.
            message.get_ext(create=True)["replay"] = self._subscriptions.on_subscribe(names, self._context())
        except UnusablePosition as error:
            return Drop(str(error), remedy=Remedy.GIVE_UP)
        except Exception as error:
            if not self._reports_handled:
                raise
            return self._loader.wait_after(error, names)
        return None

    @hookimpl
    def unsubscribed(self, channel: str) -> None:
        """The receivers are gone and their queues with them: what is not handled has to come again."""
        if self._replica is not None:
            self._replica.unsubscribed(channel)
        if (subscription := self._subscriptions.get(channel)) is not None:
            self._subscriptions.close(subscription)
        self._stalls.remove(channel)

    # -- events and replies

    @hookimpl(trylast=True)
    def incoming(self, message: Message, client: HookClient) -> Drop | None:
        """Note each event, after extensions that transform it. Drop it if it waits or was handled already."""
        if message.successful is None:
            if self._replica is not None and (drop := self._replica.stop_event(message)) is not None:
                return drop
            subscriptions = self._subscriptions
            if subscriptions.has_times and subscriptions.is_before_start(message):
                return _TOO_OLD
            return None if not self._reports_handled or subscriptions.receive(message) else _REPEAT
        if isinstance(failure := message.extra.get("failure"), dict):
            if self._reports_handled:
                self._recovery.on_failure(message, failure, self._context(), client)
        elif message.channel == Channel.META_CONNECT:
            self._connect_reply(message, client)
        elif message.channel == Channel.META_SUBSCRIBE:
            self._subscribe_reply(message, client)
        elif message.channel == Channel.META_UNSUBSCRIBE:
            self._unsubscribe_reply(message)
        elif message.channel == Channel.META_HANDSHAKE and message.successful:
            self._handshake_reply(message.ext or {})
        return None

    def _handshake_reply(self, ext: dict[str, Any]) -> None:
        self._subscriptions.on_handshake(announced=bool(ext.get("replay")))
        self._recovery.on_handshake_reply(ext)

    def _connect_reply(self, message: Message, client: HookClient) -> None:
        if not message.successful:
            return
        self._recovery.on_connect_reply()
        self._stalls.on_connect_reply(self._now(), client)

    def _subscribe_reply(self, message: Message, client: HookClient) -> None:
        for each in self._subscriptions.named_in(message):
            if message.successful:
                self._granted(each, client)
            elif _is_position_refused(message) and self._has_another_place(each) and self._reports_handled:
                client.resubscribe(each.subscription)

    def _granted(self, subscription: Resumption, client: HookClient) -> None:
        context = self._context()
        gap = subscription.on_granted(context)
        client.hook("granted").call(subscription.subscription, gap, client)
        if gap is not None:
            self._notifier.notify(gap, client)
        self._stalls.on_granted(subscription.subscription, context.now)
        if not self._reports_handled:
            subscription.close()

    def _has_another_place(self, subscription: Resumption) -> bool:
        _logger.info("%s: the server does not know position %d", subscription.subscription, subscription.asked)
        return subscription.on_refused(self._context(), self._subscriptions.newest_position(subscription))

    def _unsubscribe_reply(self, message: Message) -> None:
        for each in self._subscriptions.named_in(message):
            if each.window.closed:  # it may have been subscribed to again in the meantime
                self._subscriptions.remove(each)
                self._stalls.remove(each.subscription)

    @hookimpl(wrapper=True)
    def interpret_error(self, error: BayeuxError) -> Generator[None, BayeuxError | None, BayeuxError | None]:
        """End a subscription whose position cannot be used, if the policy is to raise the error."""
        explained = yield
        subscription = self._subscriptions.get(error.channel) if isinstance(error, SubscribeError) else None
        if subscription is not None and subscription.gave_up:
            explained = explained or error
            if isinstance(explained, ReplyError):
                explained.remedy = Remedy.GIVE_UP
        return explained

    # -- receivers that are too slow: whether the server can send again, and the request to do so

    @hookimpl
    def redelivery(self, client: HookClient) -> Redelivery | None:
        """Events that the client does not take now can be asked for again, if every subscription has a place."""
        if self._reports_handled and self._recovery.can_rewind(self._context()):
            return Redelivery(partial(self._recovery.rewind, client))
        return None

    @hookimpl
    def channel_error(self, channel: str) -> BayeuxError | None:
        """A channel in a stall is not well."""
        stall = self._stalls.of(channel)
        return None if stall is None else BayeuxError(str(stall))

    # -- handled events

    @hookimpl
    def delivered(self, message: Message, client: HookClient) -> None:
        """Note that an event is handled."""
        if message.channel not in self._subscriptions.ignored:
            self._subscriptions.handle(message)

    def _ask_again(self, subscription: str | None) -> None:
        if subscription is not None and self._client is not None:
            self._recovery.replay(self._client, f"events of {subscription} were given up unhandled")

    @hookimpl
    @asynccontextmanager
    async def transaction(self, message: Message, client: HookClient, earlier: Sequence[Message]) -> AsyncIterator[Any]:
        """Run a transaction of the store, at whose end the position of this event is stored."""
        if self._replica is not None and not self._subscriptions.is_noted(message):
            raise LeaseLostError(self._consumer)  # it came when this replica was active before
        async with self._transactions.begin((*earlier, message)) as transaction:
            yield transaction
        # Before the receiver acknowledges them, which it may no longer do.
        self._ask_again(self._transactions.committed((*earlier, message)))

    @hookimpl
    async def dead_letter(self, message: Message, subscription: str, error: ReceiverError) -> str | None:
        """Keep an event that a handler failed on, if the store keeps dead letters."""
        number = await self._writer.keep_dead_letter(dead_letter_of(message, subscription, error, self._now()))
        return None if number is None else f"number {number} in {self._writer.access.store!r}"

    @hookimpl
    def bookmarks(self) -> Bookmarks:
        """Return positions for other extensions."""
        return self._bookmarks

    # -- the end

    @hookimpl
    def state_changed(self, new: ConnectionState) -> None:
        """The client has ended its session: the queues are gone."""
        if new is ConnectionState.DISCONNECTED:
            for each in self._subscriptions:
                self._subscriptions.close(each)

    @hookimpl
    async def unregistered(self) -> None:
        """Store what is not stored yet, and wait for listeners."""
        self._subscriptions.clear()
        await self._loader.stop()
        try:
            await self._writer.flush()
        finally:
            if self._replica is not None:
                await self._replica.leave()  # after the last commit, which needs the lease
            await self._writer.close()
            await self._notifier.finish()


def _is_position_refused(message: Message) -> bool:
    error = message.parse_error()
    return error is not None and error.code == 400 and "replayid" in error.message.lower()
