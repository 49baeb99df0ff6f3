"""Session: one client's life with a server, across as many handshakes as it takes.

Hands each call, reply and failure to the lane that it concerns. Does not know how messages travel or what time it is.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Final

from ..errors import BayeuxError, ClientStateError, MalformedMessageError, TransportError, UnknownAdviceError
from ..state import ConnectionState
from .connect_lane import ConnectLane
from .disconnect import DisconnectLane
from .events import Ended
from .exchange import Exchange, Kind, Request, Step
from .replies import Batch, MessageKind, as_received, is_reply
from .send_lane import SendLane
from .state import SessionConfig, SessionState
from .transitions import SessionEvent
from .view import SessionView

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..errors import MessageDropped
    from ..message import Message
    from .events import Notice

__all__ = ("Session",)

_S = ConnectionState
_E = SessionEvent


class Session:
    """One client's session. Times are seconds of a clock that the caller chooses.

    Attributes:
        view: What can be known of it.
    """

    def __init__(self, config: SessionConfig) -> None:
        self._state: Final = SessionState(config)
        self._connect: Final = ConnectLane(self._state)
        self._send: Final = SendLane(self._state)
        self._disconnect: Final = DisconnectLane(self._state)
        self.view: Final = SessionView(self._state, self._connect, self._send)

    # -- what the user wants

    def start(self, now: float) -> None:
        """Begin with a handshake.

        Raises:
            ClientStateError: The session is already under way.
        """
        if not self._state.allows(_E.START):
            raise ClientStateError(f"the session is already {self._state.current.value}")
        self._connect.start(now)

    def close(self, now: float) -> None:
        """End the session: send what waits, disconnect, and be done within the network's delay."""
        if not self._state.allows(_E.CLOSE):
            return
        # Without a session there is nothing to disconnect, and while UNCONNECTED the server does not answer.
        is_reachable = self._state.has_session and self._state.current is not _S.UNCONNECTED
        self._state.on(_E.CLOSE)
        if is_reachable:
            self._disconnect.begin(now)
        else:
            self._end(_E.DISCONNECT_DONE, None)

    def abort(self, error: BayeuxError | None) -> None:
        """End the session at once, without a word to the server; everything that waits gets an error."""
        if self._state.allows(_E.ABORT):
            self._end(_E.ABORT, error)

    def subscribe(self, channel: str) -> None:
        """Want a channel, in this session and in every later one."""
        self._send.subscriptions.add(channel)

    def unsubscribe(self, channel: str) -> Request | None:
        """No longer want a channel; returns the unsubscribe for the server, where it needs one."""
        return self._send.unsubscribe(channel)

    def resubscribe(self, channel: str, now: float) -> bool:
        """Have the server start a subscription afresh; False where the channel is not wanted."""
        return self._send.resubscribe(channel, now)

    def send(self, message: Message, *, awaits_data: bool = False) -> Request:
        """Queue a message for the server; `awaits_data` makes it a remote call.

        Raises:
            ClientStateError: The session is over or was never started.
            QueueOverflowError: As many messages wait as the queue holds.
        """
        if not self._state.is_running:
            raise ClientStateError(f"nothing can be sent while {self._state.current.value}: start the client first")
        request = Request(message, awaits_data)
        self._send.send(request)
        return request

    def forget(self, request: Request) -> None:
        """The caller of this request waits no more; if it has not left yet, it never will."""
        self._send.forget(request)

    def rehandshake(self, reason: str) -> None:
        """Begin a new session with the same subscriptions at the next step, even where the server advised to end.

        Raises:
            ClientStateError: There is no session under way.
        """
        if not self._state.is_running:
            raise ClientStateError(f"no session to renew while {self._state.current.value}")
        self._state.rehandshake_reason = reason

    def move(self, host: str) -> None:
        """The user's own server is at this host from now on."""
        self._state.hosts.move(host)

    # -- room for events

    @property
    def accepting(self) -> bool:
        """Whether the events that come in now are taken."""
        return self._connect.accepting

    def hold_connects(self, now: float) -> None:
        """There is no room for more events: send no connect. If that lasts, `PollOverdue` is among the notices."""
        self._connect.throttle.hold(now)

    def release_connects(self, now: float) -> None:
        """There is room again."""
        self._connect.throttle.release(new_session_due=self._state.rehandshake_reason is not None)

    def reading_blocked(self) -> None:
        """A transport reads no further for lack of room."""
        self._connect.throttle.is_reading_blocked = True

    def discard_events(self, now: float) -> None:
        """Send connects while there is no room, and take no event that they bring: the server sends it again."""
        self._connect.throttle.discard(now)

    # -- what to do next

    def step(self, now: float) -> Step:
        """What to send, what to give up, and when to ask again."""
        if self._disconnect.is_overdue(now):
            self._end(_E.DISCONNECT_DONE, None)
        if self._state.rehandshake_reason is not None:
            self._lose_session(now)
        # An exchange that is late keeps its lane until the caller hands it to `failed`: it may yet be extended.
        expired = self._expire(now)
        connect = self._connect.next(now)
        # In a pool that others have filled, the connection that a connect leaves free is for what could not be sent.
        first = (
            self._send.next_after_starving(now) if connect is not None and self._state.current is _S.CONNECTED else None
        )
        due = (first, connect, self._send.next(now), self._next_disconnect(now))
        abandoned = tuple(self._state.abandoned)
        self._state.abandoned.clear()
        return Step(tuple(filter(None, due)), expired, abandoned, self._wake_at(now))

    def _expire(self, now: float) -> tuple[Exchange, ...]:
        late = []
        for exchange in (self._connect.outstanding, self._send.outstanding, self._disconnect.outstanding):
            if exchange is not None and now >= exchange.deadline and not exchange.expired:
                exchange.expired = True
                late.append(exchange)
        return tuple(late)

    def _next_disconnect(self, now: float) -> Exchange | None:
        return self._disconnect.next(now) if self._send.is_idle else None

    def _wake_at(self, now: float) -> float | None:
        if self._state.current is _S.DISCONNECTED:
            return None
        moment = min(self._connect.wake_at(), self._send.wake_at(now), self._disconnect.wake_at())
        return None if moment == inf else moment

    def take_notices(self) -> list[Notice]:
        """What has happened since the last call, in order."""
        notices, self._state.notices = self._state.notices, []
        return notices

    # -- what comes back

    def admit(self, messages: list[Message]) -> Batch:
        """Look a batch through before the extensions see it: meta messages that answer nothing are left out."""
        batch = self._state.replies.admit(messages)
        events = len(batch.messages) - sum(map(is_reply, batch.special))
        if events:
            self._connect.events_came(events)
        # The last of the events that were announced lets the first connect go, so a step must follow it.
        return Batch(batch.messages, batch.messages) if self._connect.throttle.announced else batch

    def without_events(self, batch: Batch) -> Batch:
        """What is left of a batch whose events are not taken."""
        kind_of = self._state.replies.kind_of
        rest = [message for message in batch.special if kind_of(message) is not MessageKind.EVENT]
        return Batch(rest, rest)

    def receive(self, batch: Batch, vetoed: Mapping[int, MessageDropped], now: float) -> list[Message]:
        """Take a batch that was admitted, message by message; returns its events, in order.

        `vetoed` has the messages that an extension dropped, by their `id()`. An event among them is not returned. A
        reply among them counts for the session, so that an extension cannot stop the connects by mistake; the request
        that it answers completes with the error.
        """
        if not batch.special and not vetoed:
            self._connect.throttle.events_arrived(len(batch.messages))
            return batch.messages
        others: set[int] = set()
        for message in batch.special:
            # Servers send replies and events in any order, and advice with both: no message's place means anything.
            if message.advice is not None:
                self._take_advice(message)
            kind = self._state.replies.kind_of(message)
            if kind is not MessageKind.EVENT:
                others.add(id(message))
                self._take(kind, message, vetoed.get(id(message)), now)
        self._connect.throttle.events_arrived(len(batch.messages) - len(others))
        return [message for message in batch.messages if id(message) not in others and id(message) not in vetoed]

    def _take_advice(self, message: Message) -> None:
        assert message.advice is not None
        self._state.advice.update(message.advice, self._state.connection_type)
        if not self._state.advice.is_known:
            self._state.report(UnknownAdviceError(str(message.advice.reconnect)))

    def _take(self, kind: MessageKind, message: Message, veto: MessageDropped | None, now: float) -> None:
        match kind:
            case MessageKind.REPLY:
                assert message.id is not None
                found = self._state.replies.take(message.id)
                assert found is not None
                self._reply(*found, message, veto, now)
            case MessageKind.CALL_RESULT:
                self._send.call_result(message, veto)
            case MessageKind.SERVER_DISCONNECT:
                self._server_disconnected(now)
            case MessageKind.SUBSCRIPTION_END:
                self._send.subscription_ended(message, now)
            case MessageKind.MALFORMED:
                received = self._state.config.redact(as_received(message))
                self._state.report(MalformedMessageError("a message without a channel", received))

    def _reply(
        self, exchange: Exchange, request: Request, message: Message, veto: MessageDropped | None, now: float
    ) -> None:
        if exchange.kind is Kind.DISCONNECT:
            self._disconnect_done(now)
        elif exchange.kind is Kind.SEND:
            delay = self._send.reply(request, message, veto, now)
            # A send exchange outlives its session: a late reply may speak of the one before.
            if delay is not None and exchange.client_id == self._state.client_id:
                self._lose_session(now, delay)
        elif self._state.is_running:
            was_reached = self._state.current is _S.CONNECTED
            self._after_connect_lane(self._connect.reply(exchange, message, now), now)
            if self._state.current is _S.CONNECTED and not was_reached:
                self._send.server_is_back()
        else:
            self._held_connect_done()

    def _server_disconnected(self, now: float) -> None:
        # While a handshake is under way it speaks of the session before; while disconnecting it says nothing new.
        if self._state.has_session:
            self._state.report(TransportError("the server ended the session (/meta/disconnect)"))
            self._lose_session(now)

    # -- how exchanges end

    def finished(self, exchange: Exchange, now: float) -> bool:
        """The server has answered an exchange completely; a request that has no reply now has failed.

        Returns:
            Whether this changes what to do next. The end of a connect that was answered changes nothing: the reply did.
        """
        if not exchange.unanswered and exchange.kind is not Kind.SEND:
            return False
        if exchange.unanswered and (refusal := self._state.replies.claim_refusal(exchange)) is not None:
            self.receive(Batch([refusal], [refusal]), {}, now)
        if exchange.unanswered:
            self.failed(exchange, TransportError("the server's answer has no reply to the request"), now)
        else:
            self._send.finished(exchange)
        return True

    def failed(self, exchange: Exchange, error: BayeuxError, now: float) -> None:
        """An exchange broke: its requests without a reply are sent again, or fail, as is safe."""
        unanswered = self._state.replies.close(exchange)
        # Refusals are interpreted by the lanes, where it is known what was refused.
        if isinstance(error, TransportError):
            error = self._state.config.interpret_error(error)
        if exchange is self._disconnect.outstanding:
            self._disconnect_done(now)
        elif exchange is self._connect.outstanding:
            if self._state.is_running:
                self._after_connect_lane(self._connect.failed(exchange, error, now), now)
            else:
                self._held_connect_done()
        elif exchange.kind is Kind.SEND:
            self._send.failed(exchange, unanswered, error, now)

    def rejected(self, exchange: Exchange, message_id: str, error: BayeuxError, now: float) -> None:
        """An extension kept one message of an exchange from being sent."""
        found = self._state.replies.take(message_id)
        if found is None:
            return
        if exchange.kind is Kind.SEND:
            self._send.rejected(found[1], error, now)
        else:
            self.failed(exchange, error, now)

    def extend(self, exchange: Exchange, until: float) -> None:
        """Wait for the replies to an expired exchange until then."""
        exchange.deadline, exchange.expired = until, False

    def interrupted(self, error: BayeuxError, now: float) -> None:
        """A connection broke on which events come unasked, while no connect was under way on it."""
        self._connect.connection_lost(error, now)

    def slept(self, seconds: float, now: float) -> None:
        """The machine has slept so long: its connections are dead, though none of them says so."""
        error = TransportError(f"the clock jumped by {seconds:.0f} s, as after the machine's sleep", unsent=False)
        for exchange in (self._connect.outstanding, self._send.outstanding):
            if exchange is not None and self._state.is_running:
                # The requests may have been answered while the machine slept, so that `unsent` is false above.
                self._state.abandoned.append(exchange)
                self.failed(exchange, error, now)

    # -- the session's turns

    def _after_connect_lane(self, ends_by: BayeuxError | None, now: float) -> None:
        """The connect lane has taken a reply or a failure: end the session by its error, or tell the other lane."""
        if ends_by is not None:
            self._state.report(ends_by)
            # The user may know better than the server (`ignore_error`); the pace is that of lost sessions.
            if self._state.config.goes_on_after(ends_by):
                self._lose_session(now)
            else:
                self.abort(ends_by)
        elif self._state.client_id is None:
            self._send.session_lost()

    def _lose_session(self, now: float, delay: float = 0.0) -> None:
        if self._state.is_running:
            self._connect.lose_session(now, delay)
            self._send.session_lost()
        else:
            self._state.rehandshake_reason = None

    def _disconnect_done(self, now: float) -> None:
        self._disconnect.answered(now, held=self._connect.outstanding)
        if self._connect.outstanding is None:
            self._end(_E.DISCONNECT_DONE, None)

    def _held_connect_done(self) -> None:
        """A connect ended while disconnecting; what it says has no effect any more."""
        self._connect.outstanding = None
        if self._disconnect.is_answered:
            self._end(_E.DISCONNECT_DONE, None)

    def _end(self, event: SessionEvent, error: BayeuxError | None) -> None:
        state = self._state
        # Both moves are in the notices, and the outcomes of requests between them: callers learn of the end first.
        state.on(event)
        self._connect.drop()
        self._send.fail_all(error or ClientStateError("the client was closed"))
        self._disconnect.drop()
        state.client_id = state.connection_type = state.rehandshake_reason = None
        state.on(_E.CLEARED)
        state.notices.append(Ended(error))
