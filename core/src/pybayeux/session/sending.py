"""The lane of everything but handshakes and connects: subscriptions, publishes, remote calls.

One exchange at a time carries all that has gathered, so that a publish never waits behind the held connect and no
more than two requests are under way (Bayeux 1.0, section 3.1).
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from .. import requests
from ..channel import Channel
from ..errors import (
    BayeuxError,
    PublishError,
    QueueOverflowError,
    Remedy,
    ReplyError,
    SubscribeError,
    TransportError,
    UnsubscribeError,
)
from ..message import Message
from ..state import ConnectionState
from .exchange import Exchange, Kind, Request
from .interests import Interest, Interests, Standing
from .notices import Failed, Refused, Settled, Subscribed
from .remedies import remedy_of

if TYPE_CHECKING:
    from .shared import Shared

__all__ = ("SendLane",)

_S = ConnectionState
# UNCONNECTED too: Faye answers no connect while it still holds one that broke, but takes everything else.
_MAY_SEND: Final = frozenset({_S.HANDSHAKEN, _S.CONNECTING, _S.CONNECTED, _S.UNCONNECTED})
_ATTEMPTS: Final = 5


class SendLane:
    """Decides what to send beside handshakes and connects."""

    def __init__(self, shared: Shared) -> None:
        self._shared: Final = shared
        self.interests: Final = Interests()
        self.outstanding: Exchange | None = None
        self._waiting: deque[Request] = deque()
        self._calls: dict[str, Request] = {}
        self._failures = 0
        self._due = 0.0

    # -- what the user wants

    def send(self, request: Request) -> None:
        """Queue a message.

        Raises:
            QueueOverflowError: As many messages wait as the session holds.
        """
        if len(self._waiting) >= self._shared.config.max_waiting:
            raise QueueOverflowError(
                f"{len(self._waiting)} messages wait to be sent; await some of them, or wait for the connection"
            )
        self._waiting.append(request)

    def forget(self, request: Request) -> None:
        """Nobody waits for this request any more: it is not sent if it still waits, nor a second time."""
        request.forgotten = True
        if request in self._waiting:
            self._waiting.remove(request)
        self._calls = {key: call for key, call in self._calls.items() if call is not request}

    def leave(self, channel: str) -> Request | None:
        """No longer want a channel; gives the request that tells the server, where it has to be told."""
        interest = self.interests.remove(channel)
        if interest is None or interest.standing is Standing.WANTED or self._shared.client_id is None:
            return None
        request = Request(requests.unsubscribe(self._shared.client_id, channel))
        self._waiting.append(request)
        return request

    def ask_afresh(self, channel: str, now: float) -> bool:
        """Have the server start this subscription anew; False where the channel is not wanted."""
        interest = self.interests.get(channel)
        if interest is None:
            return False
        if interest.standing is Standing.ASKED:
            interest.again = True
        else:
            interest.afresh = interest.standing is Standing.GRANTED
            interest.wanted(now)
        return True

    # -- what goes out

    def is_idle(self) -> bool:
        """Whether nothing is under way and nothing waits."""
        return self.outstanding is None and not self._waiting

    def next(self, now: float) -> Exchange | None:
        """What to send now: what ends subscriptions, what begins them, then publishes, each in order."""
        if self.outstanding is not None or now < self._due:
            return None
        if self._shared.state in _MAY_SEND:
            batch = self._leaving() + self._asking(now) + self._publishing()
        elif self._shared.state is _S.DISCONNECTING:
            self._settle_leaving()  # the disconnect ends every subscription
            batch = self._publishing()
        else:
            return None
        if not batch:
            return None
        self.outstanding = self._shared.open(Kind.SEND, batch, now)
        return self.outstanding

    def wake_at(self, now: float) -> float | None:
        """When this lane wants to be asked again."""
        if self.outstanding is not None:
            return self.outstanding.deadline
        if self._shared.state not in _MAY_SEND:
            return None
        due = now if self._waiting or self.interests.due(now) else self.interests.next_due(now)
        return None if due is None else max(due, self._due)

    def _leaving(self) -> list[Request]:
        leaving = [request for request in self._waiting if _is_unsubscribe(request)]
        if leaving:
            self._waiting = deque(request for request in self._waiting if not _is_unsubscribe(request))
        return leaving

    def _asking(self, now: float) -> list[Request]:
        return [request for interest in self.interests.due(now) for request in self._ask(interest)]

    def _ask(self, interest: Interest) -> list[Request]:
        client_id = self._shared.client_id
        assert client_id is not None
        asked = [Request(requests.subscribe(client_id, interest.channel))]
        if interest.afresh:
            asked.insert(0, Request(requests.unsubscribe(client_id, interest.channel)))
        interest.standing, interest.afresh, interest.again = Standing.ASKED, False, False
        return asked

    def _publishing(self) -> list[Request]:
        publishing = list(self._waiting)
        self._waiting.clear()
        return publishing

    # -- what comes back

    def awaits_data(self, message_id: str) -> bool:
        """Whether an event with this id answers a remote call."""
        exchange = self._shared.unanswered.get(message_id)
        request = exchange.unanswered.get(message_id) if exchange is not None else self._calls.get(message_id)
        return request is not None and request.awaits_data

    def call_reply(self, message: Message) -> None:
        """Take the answer of a remote call."""
        assert message.id is not None
        found = self._shared.answered(message.id)
        request = self._calls.pop(message.id, None) or (found[1] if found is not None else None)
        if request is not None:
            refused = message.successful is False
            self._settle(request, self._shared.config.explain(_error_of(message, request)) if refused else message)

    def reply(self, request: Request, message: Message, now: float) -> float | None:
        """Take an answer; where a new session is needed, gives the seconds to wait before it."""
        if message.successful is False:
            return self._refusal(request, message, now)
        if message.channel == Channel.META_SUBSCRIBE:
            self._granted(request, message)
        elif request.awaits_data and not request.forgotten:
            assert request.message.id is not None
            self._calls[request.message.id] = request
        else:
            self._settle(request, message)
        return None

    def _refusal(self, request: Request, message: Message, now: float) -> float | None:
        # An extension that asks for a new session while a refusal passes by, as for a fresh token, has it asked again.
        if self._is_session_lost(message) or self._shared.revival is not None:
            self._take_back(request, message)
            return 0.0
        error = self._shared.config.explain(_error_of(message, request))
        remedy, wait = remedy_of(error)
        if remedy is Remedy.HANDSHAKE:
            self._shared.notices.append(Failed(error))
            self._take_back(request, message)
            return wait
        interest = self._asked(request)
        if interest is not None:
            self._refused(interest, error, now)
        elif message.channel != Channel.META_SUBSCRIBE:
            self._settle(request, error)
        return None

    def _is_session_lost(self, message: Message) -> bool:
        error = message.parse_error()
        advised = message.advice is not None and message.advice.should_handshake()
        return advised or (error is not None and error.is_unknown_client)

    def _take_back(self, request: Request, message: Message) -> None:
        """The server did not act on it: it is sent again in the next session, but not for ever."""
        if message.channel == Channel.META_SUBSCRIBE:
            return  # session_lost() makes it wanted
        if _is_unsubscribe(request):
            self._settle(request, _granted_locally(request))
        elif request.attempts < _ATTEMPTS and not request.forgotten:
            self._waiting.appendleft(request)
        else:
            self._settle(request, _error_of(message, request))

    def _asked(self, request: Request) -> Interest | None:
        """The interest that a request asked for; None for another request, or where the user has left the channel."""
        if request.template.channel != Channel.META_SUBSCRIBE:
            return None
        interest = self.interests.get(str(request.template.subscription))
        return interest if interest is not None and interest.standing is Standing.ASKED else None

    def _granted(self, request: Request, message: Message) -> None:
        if (interest := self._asked(request)) is not None:
            interest.granted()
            self._shared.notices.append(Subscribed(interest.channel, message))

    def _refused(self, interest: Interest, error: BayeuxError, now: float) -> None:
        remedy, wait = remedy_of(error)
        if not interest.again and (remedy is Remedy.GIVE_UP or (remedy is None and not interest.proven)):
            self.interests.remove(interest.channel)
            self._shared.notices.append(Refused(interest.channel, error))
            return
        self._shared.notices.append(Failed(error))
        if interest.again:
            interest.wanted(now)
            return
        interest.failures += 1
        interest.wanted(now + max(wait, self._shared.backoff(interest.failures + 1)))

    def ended(self, message: Message, now: float) -> None:
        """The server has ended a subscription, unasked: it is asked for again, unless nothing helps."""
        interest = self.interests.get(str(message.subscription))
        if interest is not None and interest.standing is Standing.GRANTED:
            error = SubscribeError(interest.channel, reply=message)
            self._refused(interest, self._shared.config.explain(error), now)

    def failed(self, exchange: Exchange, left: list[Request], error: BayeuxError, now: float) -> None:
        """The exchange brought no answer to what is left of it."""
        if self.outstanding is exchange:
            self.outstanding = None
        if not left:
            return
        self._shared.notices.append(Failed(error))
        self._failures += 1
        self._due = now + max(remedy_of(error).wait, self._shared.backoff(self._failures))
        for request in reversed(left):
            self._return(request, error, now)

    def _return(self, request: Request, error: BayeuxError, now: float) -> None:
        is_fatal = isinstance(error, TransportError) and error.fatal
        if request.template.channel == Channel.META_SUBSCRIBE:
            interest = self._asked(request)
            if interest is not None and is_fatal:  # such as a message that no request has room for
                self._refused(interest, error, now)
            elif interest is not None:
                interest.wanted()
        elif _is_unsubscribe(request) or (isinstance(error, TransportError) and error.unsent and not request.forgotten):
            self._waiting.appendleft(request)
        else:
            # Nobody knows whether the server acted on it: to send it again could publish it twice.
            self._settle(request, PublishError(request.template.channel, cause=error))

    def over(self, exchange: Exchange) -> None:
        """The exchange has had all its answers."""
        if self.outstanding is exchange:
            self.outstanding = None
            self._failures, self._due = 0, 0.0

    def rejected(self, request: Request, error: BayeuxError, now: float) -> None:
        """An extension kept the request from being sent."""
        if request.template.channel != Channel.META_SUBSCRIBE:
            self._settle(request, error)
            return
        interest = self.interests.get(str(request.template.subscription))
        if interest is not None:
            self._refused(interest, error, now)

    # -- the session's turns

    def session_lost(self) -> None:
        """The server forgot every subscription; what was to be unsubscribed is so already."""
        self.interests.session_lost()
        self._settle_leaving()
        self._failures, self._due = 0, 0.0

    def _settle_leaving(self) -> None:
        for request in self._leaving():
            self._settle(request, _granted_locally(request))

    def fail_all(self, error: BayeuxError) -> None:
        """The session is over: everything that waits gets the error."""
        waiting = [*self._waiting, *self._calls.values()]
        self._waiting.clear()
        self._calls.clear()
        if self.outstanding is not None:
            waiting += self._shared.abandon(self.outstanding)
            self.outstanding = None
        for request in waiting:
            if request.template.channel != Channel.META_SUBSCRIBE:
                self._settle(request, error)

    def _settle(self, request: Request, outcome: Message | BayeuxError) -> None:
        self._shared.notices.append(Settled(request, outcome))


def _is_unsubscribe(request: Request) -> bool:
    return request.template.channel == Channel.META_UNSUBSCRIBE


def _error_of(message: Message, request: Request) -> ReplyError:
    if message.channel == Channel.META_SUBSCRIBE:
        return SubscribeError(str(request.template.subscription), reply=message)
    if message.channel == Channel.META_UNSUBSCRIBE:
        return UnsubscribeError(str(request.template.subscription), reply=message)
    return PublishError(message.channel, reply=message)


def _granted_locally(request: Request) -> Message:
    message = request.message
    return Message(channel=message.channel, id=message.id, subscription=message.subscription, successful=True)
