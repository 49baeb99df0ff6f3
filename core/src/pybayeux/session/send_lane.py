"""Send lane: everything but handshakes and connects. Subscriptions, publishes, remote calls.

Knows the session's state but never changes it: where a reply means that the session is lost, it says so.
"""

from __future__ import annotations

from bisect import insort
from itertools import count
from math import inf
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from .. import requests
from ..errors import (
    BayeuxError,
    MessageDropped,
    PublishError,
    QueueOverflowError,
    Remedy,
    SubscribeError,
    TransportError,
)
from ..state import ConnectionState
from .advice import remedy_of
from .events import RequestCompleted, Subscribed, SubscriptionDeferred, SubscriptionRejected
from .exchange import Exchange, Kind, Request
from .subscriptions import DesiredSubscription, DesiredSubscriptions, SubscriptionStatus

if TYPE_CHECKING:
    from ..message import Message
    from .state import SessionState

__all__ = ("SendLane",)

# A client may have two requests under way (Bayeux 1.0, section 3.1). One is the connect, which the server holds; so
# everything else shares the other one. One exchange at a time carries all that has gathered: no publish waits behind a
# held connect, and what is sent in order arrives in order.

_MAX_ATTEMPTS: Final = 5
"""How often a publish is sent that the server does not act on because it has forgotten the session."""


class SendLane:
    """Decides what to send besides handshakes and connects.

    Attributes:
        subscriptions: The channels that the client wants.
        outstanding: The exchange under way, or None.
    """

    def __init__(self, state: SessionState) -> None:
        self._state: Final = state
        self.subscriptions: Final = DesiredSubscriptions()
        self.outstanding: Exchange | None = None
        self._queue: list[Request] = []
        self._numbers: Final = count()
        self._failures = 0
        self._due = 0.0
        self._is_starved = False

    # -- what the user wants

    def send(self, request: Request) -> None:
        """Queue a message.

        Raises:
            QueueOverflowError: As many messages wait as the queue holds.
        """
        if len(self._queue) >= self._state.config.send_queue_size:
            raise QueueOverflowError(
                f"{len(self._queue)} messages wait to be sent; await some of them, or wait for the connection"
            )
        self._put(request)

    def _put(self, request: Request) -> None:
        request.number = next(self._numbers)
        self._queue.append(request)

    def _put_back(self, request: Request) -> None:
        """It is sent again, before all that was to be sent after it."""
        insort(self._queue, request, key=attrgetter("number"))

    def forget(self, request: Request) -> None:
        """The caller of this request waits no more: it is not sent if it still waits, nor a second time."""
        request.forgotten = True
        if request in self._queue:
            self._queue.remove(request)
        self._state.replies.forget_call(request)

    def unsubscribe(self, channel: str) -> Request | None:
        """No longer want a channel; returns the unsubscribe for the server, where it needs one."""
        subscription = self.subscriptions.remove(channel)
        if subscription is None or subscription.status is SubscriptionStatus.UNSENT or self._state.client_id is None:
            return None
        request = Request(requests.unsubscribe(self._state.client_id, channel))
        self._put(request)
        return request

    def resubscribe(self, channel: str, now: float) -> bool:
        """Have the server start a subscription afresh; False where the channel is not wanted."""
        subscription = self.subscriptions.get(channel)
        if subscription is None:
            return False
        subscription.restart(now)
        return True

    # -- what to send

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way and nothing waits."""
        return self.outstanding is None and not self._queue

    def next(self, now: float) -> Exchange | None:
        """What to send now."""
        if self.outstanding is not None or now < self._due or not self._has_waiting:
            return None
        # Also while UNCONNECTED: Faye answers no connect while it still holds one that broke, but all other requests.
        if self._state.has_session:
            # Unsubscribes go first, so that to leave a channel and to come back ends with a subscription.
            batch = self._take_unsubscribes() + self._subscribes(now) + self._take_queue()
        elif self._state.current is ConnectionState.DISCONNECTING:
            self._complete_unsubscribes()  # the disconnect ends every subscription
            batch = self._take_queue()
        else:
            return None
        if not batch:
            return None
        self.outstanding = self._state.open(Kind.SEND, batch, now)
        return self.outstanding

    def next_after_starving(self, now: float) -> Exchange | None:
        """What to send now where the last attempt never left, without waiting for the time of the next one."""
        if not self._is_starved:
            return None
        self._due = min(self._due, now)
        return self.next(now)

    def wake_at(self, now: float) -> float:
        """When this lane wants to be asked again; infinity for never."""
        if self.outstanding is not None:
            return self.outstanding.deadline
        if not self._has_waiting or not self._state.has_session:
            return inf
        return max(now if self._queue else self.subscriptions.next_due(now), self._due)

    @property
    def _has_waiting(self) -> bool:
        """Whether there is anything to send now or later."""
        return bool(self._queue) or self.subscriptions.has_unsent

    def _take_unsubscribes(self) -> list[Request]:
        unsubscribes = [request for request in self._queue if request.is_unsubscribe]
        if unsubscribes:
            self._queue = [request for request in self._queue if not request.is_unsubscribe]
        return unsubscribes

    def _subscribes(self, now: float) -> list[Request]:
        # One message for each channel: an array of channels in one message is legal, but many servers refuse it.
        return [request for each in self.subscriptions.due(now) for request in self._subscribe(each)]

    def _subscribe(self, subscription: DesiredSubscription) -> list[Request]:
        client_id = self._state.client_id
        assert client_id is not None
        batch = [Request(requests.subscribe(client_id, subscription.channel))]
        if subscription.unsubscribe_first:
            batch.insert(0, Request(requests.unsubscribe(client_id, subscription.channel)))
        subscription.sent()
        return batch

    def _take_queue(self) -> list[Request]:
        batch, self._queue = self._queue, []
        return batch

    # -- replies

    def call_result(self, message: Message, veto: MessageDropped | None) -> None:
        """Take the result of a remote call, or its refusal."""
        assert message.id is not None
        call = self._state.replies.take_call(message.id)
        assert call is not None
        if message.successful is False:
            self._complete(call, veto or self._state.config.interpret_error(call.refusal(message)))
        else:
            self._complete(call, veto or message)

    def reply(self, request: Request, message: Message, veto: MessageDropped | None, now: float) -> float | None:
        """Take a reply; where the session is lost, returns the seconds to wait before the next one."""
        if message.successful is False:
            return self._refusal(request, message, veto, now)
        if request.is_subscribe:
            self._accepted(request, message)
        elif request.awaits_data and not request.forgotten:
            # CometD first says that it has the call, then sends the result as a message with data.
            self._state.replies.expect_result(request)
        else:
            self._complete(request, veto or message)
        return None

    def _refusal(self, request: Request, message: Message, veto: MessageDropped | None, now: float) -> float | None:
        # Where an extension asks for a new session while a refusal passes by, as for a fresh token, the request is sent
        # again in that session, so that its caller does not see the trouble.
        if _is_session_lost(message) or self._state.rehandshake_reason is not None:
            self._take_back(request, message)
            return 0.0
        error = self._state.config.interpret_error(request.refusal(message))
        remedy, wait = remedy_of(error)
        if remedy is Remedy.HANDSHAKE:
            self._state.report(error)
            self._take_back(request, message)
            return wait
        subscription = self._pending(request)
        if subscription is not None:
            self._refused(subscription, error, now)
        elif not request.is_subscribe:
            self._complete(request, veto or error)
        return None

    def _take_back(self, request: Request, message: Message) -> None:
        """The server did not act on the request: it is sent again in the next session, but not for ever."""
        if request.is_subscribe:
            return  # `session_lost` resets it
        if request.is_unsubscribe:
            self._complete(request, request.local_success())
        elif request.attempts < _MAX_ATTEMPTS and not request.forgotten:
            self._put_back(request)
        else:
            self._complete(request, request.refusal(message))

    def _pending(self, request: Request) -> DesiredSubscription | None:
        """The pending subscription of a subscribe; None for another request, or where the user has left the channel."""
        if not request.is_subscribe:
            return None
        subscription = self.subscriptions.get(str(request.template.subscription))
        is_pending = subscription is not None and subscription.status is SubscriptionStatus.PENDING
        return subscription if is_pending else None

    def _accepted(self, request: Request, message: Message) -> None:
        if (subscription := self._pending(request)) is not None:
            subscription.accepted()
            self._state.notices.append(Subscribed(subscription.channel, message))

    def _refused(self, subscription: DesiredSubscription, error: BayeuxError, now: float) -> None:
        remedy, wait = remedy_of(error)
        is_final = remedy is Remedy.GIVE_UP or (remedy is None and not subscription.was_accepted)
        if is_final and not subscription.retry_refusal:
            self.subscriptions.remove(subscription.channel)
            self._state.notices.append(SubscriptionRejected(subscription.channel, error))
            return
        if remedy is Remedy.DEFER and not subscription.retry_refusal:
            subscription.defer()
            self._state.notices.append(SubscriptionDeferred(subscription.channel))
            return
        if remedy in (Remedy.WAIT, Remedy.DEFER):
            subscription.reset(now if subscription.retry_refusal else inf)
            return
        self._state.report(error)
        if subscription.retry_refusal:
            subscription.reset(now)
            return
        subscription.failures += 1
        # A refusal is no lost packet: even the first retry waits, by the delay of a second failure.
        subscription.reset(now + max(wait, self._state.backoff(subscription.failures + 1)))

    def subscription_ended(self, message: Message, now: float) -> None:
        """The server has ended a subscription, unasked: it is asked for again, unless nothing helps."""
        subscription = self.subscriptions.get(str(message.subscription))
        if subscription is not None and subscription.status is SubscriptionStatus.ACTIVE:
            error = SubscribeError(subscription.channel, reply=message)
            self._refused(subscription, self._state.config.interpret_error(error), now)

    def server_is_back(self) -> None:
        """The server can be reached again: what waits need wait no more."""
        self._failures, self._due, self._is_starved = 0, 0.0, False

    def finished(self, exchange: Exchange) -> None:
        """The exchange has had all its replies."""
        if self.outstanding is exchange:
            self.outstanding = None
            self.server_is_back()

    # -- failures

    def failed(self, exchange: Exchange, unanswered: list[Request], error: BayeuxError, now: float) -> None:
        """The exchange brought no reply to these of its requests."""
        if self.outstanding is exchange:
            self.outstanding = None
        if not unanswered:
            return
        self._state.report(error)
        self._failures += 1
        self._is_starved = isinstance(error, TransportError) and error.unsent
        self._due = now + max(remedy_of(error).wait, self._state.backoff(self._failures))
        for request in unanswered:
            self._unanswered(request, error, now)

    def _unanswered(self, request: Request, error: BayeuxError, now: float) -> None:
        is_fatal = isinstance(error, TransportError) and error.fatal
        if request.is_subscribe:
            subscription = self._pending(request)
            if subscription is not None and is_fatal:  # such as a message that is larger than a request may be
                self._refused(subscription, error, now)
            elif subscription is not None:
                subscription.reset()
        elif request.is_unsubscribe or (isinstance(error, TransportError) and error.unsent and not request.forgotten):
            self._put_back(request)
        else:
            # The server may have acted on it. To send it again could publish it twice, and only the user knows whether
            # that does harm. Subscribes and unsubscribes may be repeated.
            self._complete(request, PublishError(request.template.channel, cause=error))

    def rejected(self, request: Request, error: BayeuxError, now: float) -> None:
        """An extension kept the request from being sent."""
        if not request.is_subscribe:
            self._complete(request, error)
            return
        # In a new session it is to be sent again, whatever kept it from the one before.
        if (subscription := self._pending(request)) is not None:
            self._refused(subscription, error, now)

    # -- the session's turns

    def session_lost(self) -> None:
        """The server has forgotten every subscription; what was to be unsubscribed is so already."""
        self._complete_unsubscribes()
        self._reset()

    def _reset(self) -> None:
        self.subscriptions.session_lost()
        self._failures, self._due, self._is_starved = 0, 0.0, False

    def _complete_unsubscribes(self) -> None:
        for request in self._take_unsubscribes():
            self._complete(request, request.local_success())

    def fail_all(self, error: BayeuxError) -> None:
        """The session is over: everything that waits gets the error."""
        self._reset()
        waiting = self._take_queue() + self._state.replies.close_calls()
        if self.outstanding is not None:
            waiting += self._state.abandon(self.outstanding)
            self.outstanding = None
        for request in waiting:
            # A subscribe has no caller: its channel stays wanted for the next start.
            if not request.is_subscribe:
                self._complete(request, error)

    def _complete(self, request: Request, outcome: Message | BayeuxError) -> None:
        self._state.notices.append(RequestCompleted(request, outcome))


def _is_session_lost(message: Message) -> bool:
    error = message.parse_error()
    advised = message.advice is not None and message.advice.should_handshake()
    return advised or (error is not None and error.is_unknown_client)
