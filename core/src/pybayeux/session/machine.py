"""The session itself: starts and ends, hands each answer to its lane, keeps the deadlines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ..channel import Channel
from ..codec import encode
from ..errors import BayeuxError, ClientStateError, MalformedMessageError, TransportError, UnknownAdviceError
from ..state import ConnectionState
from .admission import Admission, Batch, is_end_of_subscription
from .answers import Answers
from .control import ControlLane
from .exchange import Exchange, Kind, Request
from .farewell import Farewell
from .interests import Standing
from .notices import Ended, Failed
from .sending import SendLane
from .shared import SessionConfig, Shared

if TYPE_CHECKING:
    from ..message import Message
    from .notices import Notice

__all__ = ("Session", "Step")

_S = ConnectionState
_IDLE: Final = frozenset({_S.DISCONNECTED, _S.TERMINATING})


class Step(NamedTuple):
    """What to do next."""

    start: tuple[Exchange, ...]
    """Exchanges to carry to the server now."""
    expired: tuple[Exchange, ...]
    """Exchanges without an answer in time: to be given up and handed to `failed`."""
    abandon: tuple[Exchange, ...]
    """Exchanges that nobody waits for any more: to be given up."""
    wake_at: float | None
    """When to ask again if nothing happens before; None where nothing is due."""


class Session:
    """One client's session with a server, across as many handshakes as it takes."""

    def __init__(self, config: SessionConfig) -> None:
        self._shared: Final = Shared(config)
        self._control: Final = ControlLane(self._shared)
        self._sending: Final = SendLane(self._shared)
        self._admission: Final = Admission(self._shared)
        self._answers: Final = Answers(self._shared, self._sending)
        self._farewell: Final = Farewell(self._shared)

    # -- what it is

    @property
    def state(self) -> ConnectionState:
        """Where the session stands."""
        return self._shared.state

    @property
    def client_id(self) -> str | None:
        """The id that the server gave, or None without a session."""
        return self._shared.client_id

    @property
    def connection_type(self) -> str | None:
        """The transport agreed on, or None without a session."""
        return self._shared.connection_type

    @property
    def host(self) -> str | None:
        """The host in use as it was advised, or None for the user's own."""
        return self._shared.hosts.current

    @property
    def longest_silence(self) -> float:
        """Seconds for which a server in good order may say nothing."""
        advice = self._shared.advice
        return advice.timeout + max(0.0, advice.interval) + self._shared.config.max_network_delay

    @property
    def channels(self) -> list[str]:
        """The channels that the client wants."""
        return [interest.channel for interest in self._sending.interests]

    def take_notices(self) -> list[Notice]:
        """What has happened since the last call, in order."""
        notices, self._shared.notices = self._shared.notices, []
        return notices

    # -- what the user wants

    def start(self, now: float) -> None:
        """Begin with a handshake.

        Raises:
            ClientStateError: The session is already under way.
        """
        if self.state is not _S.DISCONNECTED:
            raise ClientStateError(f"the session is already {self.state.value}")
        self._farewell.reset()
        self._control.start(now)

    def close(self, now: float) -> None:
        """End the session: send what waits, disconnect, and be done within the network's delay."""
        if self.state in _IDLE or self.state is _S.DISCONNECTING:
            return
        reachable = self._shared.client_id is not None and self.state is not _S.UNCONNECTED
        self._shared.move(_S.DISCONNECTING)
        if not reachable:
            self.abort(None)
            return
        self._farewell.begin(now)

    def abort(self, error: BayeuxError | None) -> None:
        """End the session at once, without a word to the server; everything pending gets an error."""
        if self.state in _IDLE:
            return
        self._shared.move(_S.TERMINATING)
        self._control.drop()
        self._sending.fail_all(error or ClientStateError("the client was closed"))
        self._farewell.drop()
        self._shared.client_id = self._shared.connection_type = self._shared.revival = None
        self._shared.move(_S.DISCONNECTED)
        self._shared.notices.append(Ended(error))

    def is_granted(self, channel: str) -> bool:
        """Whether the server has granted this channel in this session."""
        interest = self._sending.interests.get(channel)
        return interest is not None and interest.standing is Standing.GRANTED

    def subscribe(self, channel: str) -> None:
        """Want a channel, in this session and in every later one."""
        self._sending.interests.add(channel)

    def unsubscribe(self, channel: str) -> Request | None:
        """No longer want a channel; gives the request that tells the server, where there is one to tell."""
        return self._sending.leave(channel)

    def resubscribe(self, channel: str, now: float) -> bool:
        """Have the server start a subscription afresh; False where the channel is not wanted."""
        return self._sending.ask_afresh(channel, now)

    def send(self, message: Message, *, awaits_data: bool = False) -> Request:
        """Queue a message for the server.

        Raises:
            ClientStateError: The session is over or was never started.
            QueueOverflowError: Too many messages wait.
        """
        if self.state in _IDLE or self.state is _S.DISCONNECTING:
            raise ClientStateError(f"nothing can be sent while {self.state.value}: start the client first")
        request = Request(message, awaits_data)
        self._sending.send(request)
        return request

    def extend(self, exchange: Exchange, until: float) -> None:
        """Wait for the answers to an expired exchange until then."""
        exchange.deadline, exchange.expired = until, False

    def forget(self, request: Request) -> None:
        """Nobody waits for this request any more; if it has not left yet, it never will."""
        self._sending.forget(request)

    def pause(self, paused: bool, now: float) -> None:
        """Hold the next connect back, or no longer: there is no room for more events.

        If that lasts, an `Overdue` is among the notices.
        """
        if paused:
            self._control.holding.pause(now)
        else:
            # What the old session sends could be later than what is to come again.
            self._control.holding.release(until_renewed=self._shared.revival is not None)

    def block(self) -> None:
        """A transport reads no further for lack of room."""
        self._control.holding.blocking = True

    def discard(self, now: float) -> None:
        """Poll while there is no room, and take nothing of what comes: the server sends it again."""
        self._control.holding.discard(now)

    @property
    def accepting(self) -> bool:
        """Whether the events that come in now are taken."""
        return self._control.accepting

    def interrupted(self, error: BayeuxError, now: float) -> None:
        """A connection broke on which events come unasked, while no connect was under way on it."""
        self._control.interrupted(error, now)

    def slept(self, seconds: float, now: float) -> None:
        """The machine has slept so long: what is under way is not waited for."""
        error = TransportError(f"the clock jumped by {seconds:.0f} s, as after the machine's sleep", unsent=False)
        for exchange in (self._control.outstanding, self._sending.outstanding):
            if exchange is not None and self.state is not _S.DISCONNECTING:
                self._shared.abandoned.append(exchange)
                self.failed(exchange, error, now)

    def move(self, host: str) -> None:
        """The user's own server is at this host from now on."""
        self._shared.hosts.move(host)

    def rehandshake(self, reason: str) -> None:
        """Begin a new session with the same subscriptions, even where the server advised to end.

        Raises:
            ClientStateError: There is no session under way.
        """
        if self.state in _IDLE or self.state is _S.DISCONNECTING:
            raise ClientStateError(f"no session to renew while {self.state.value}")
        self._shared.revival = reason

    # -- what to do next

    def step(self, now: float) -> Step:
        """What to send, what to abandon, and when to ask again."""
        if self._farewell.is_overdue(now):
            self.abort(None)
        if self._shared.revival is not None and self.state not in _IDLE:
            self._lose_session(now)
        expired = self._expired(now)
        due = (self._control.next(now), self._sending.next(now), self._say_farewell(now))
        starting = [exchange for exchange in due if exchange is not None]
        abandoned = tuple(self._shared.abandoned)
        self._shared.abandoned.clear()
        return Step(tuple(starting), expired, abandoned, self._wake_at(now))

    def _wake_at(self, now: float) -> float | None:
        if self.state is _S.DISCONNECTED:
            return None
        times = (self._control.wake_at(), self._sending.wake_at(now), self._farewell.wake_at())
        return min((time for time in times if time is not None), default=None)

    def _expired(self, now: float) -> tuple[Exchange, ...]:
        under_way = (self._control.outstanding, self._sending.outstanding, self._farewell.outstanding)
        late = tuple(e for e in under_way if e is not None and now >= e.deadline and not e.expired)
        for exchange in late:
            exchange.expired = True
        return late

    def _say_farewell(self, now: float) -> Exchange | None:
        is_ready = self.state is _S.DISCONNECTING and self._sending.is_idle()
        return self._farewell.say(now) if is_ready else None

    # -- what comes back

    def admit(self, messages: list[Message]) -> Batch:
        """Look a batch through, before the extensions see it: replies that nobody waits for are left out."""
        return self._admission.admit(messages)

    def receive(self, batch: Batch, now: float) -> list[Message]:
        """Take a batch that was admitted, element by element; gives the events among it, in order."""
        if not batch.special:
            self._control.arrived(len(batch.messages))
            return batch.messages
        answers: set[int] = set()
        for message in batch.special:
            if message.advice is not None:
                self._take_advice(message)
            if self._answers.is_no_event(message):
                self._answer(message, now)
                answers.add(id(message))
        events = [message for message in batch.messages if id(message) not in answers]
        self._control.arrived(len(events))
        return events

    def without_events(self, batch: Batch) -> Batch:
        """What is left of a batch whose events are not taken."""
        rest = [message for message in batch.special if self._answers.is_no_event(message)]
        return Batch(rest, rest)

    def _take_advice(self, message: Message) -> None:
        assert message.advice is not None
        self._shared.advice.take(message.advice, self._shared.connection_type)
        if not self._shared.advice.is_known:
            self._shared.notices.append(Failed(UnknownAdviceError(str(message.advice.reconnect))))

    def _answer(self, message: Message, now: float) -> None:
        if not message.channel:
            received = self._shared.config.redact(_as_received(message))
            self._shared.notices.append(Failed(MalformedMessageError("a message without a channel", received)))
        elif message.channel == Channel.META_DISCONNECT and message.id is None:
            self._server_disconnected(now)
        elif is_end_of_subscription(message):
            self._sending.ended(message, now)
        elif self._answers.is_call_reply(message):
            self._sending.call_reply(message)
        elif message.id is not None and (found := self._shared.answered(message.id)) is not None:
            self._reply(*found, message, now)

    def _reply(self, exchange: Exchange, request: Request, message: Message, now: float) -> None:
        if exchange.kind is Kind.DISCONNECT:
            self._farewell_answered(now)
        elif exchange.kind is Kind.SEND:
            delay = self._sending.reply(request, message, now)
            # What is said of an older session says nothing of this one.
            is_this = exchange.client_id == self.client_id
            if delay is not None and is_this and self.state is not _S.DISCONNECTING:
                self._lose_session(now, delay)
        elif self.state is not _S.DISCONNECTING:
            self._end_if(self._control.reply(exchange, message, now), now)
            if self._shared.client_id is None:
                self._sending.session_lost()
        else:
            self._control.outstanding = None
            self._finish_farewell()

    def _lose_session(self, now: float, delay: float = 0.0) -> None:
        if self.state is _S.DISCONNECTING:
            self._shared.revival = None
            return
        self._control.lose_session(now, delay)
        self._sending.session_lost()

    def _server_disconnected(self, now: float) -> None:
        if self.state in (_S.HANDSHAKING, _S.REHANDSHAKING, _S.DISCONNECTING):
            return
        self._shared.notices.append(Failed(TransportError("the server ended the session (/meta/disconnect)")))
        self._lose_session(now)

    def _end_if(self, error: BayeuxError | None, now: float) -> None:
        if error is None:
            return
        self._shared.notices.append(Failed(error))
        if self._shared.config.goes_on_after(error):
            self._lose_session(now)
        else:
            self.abort(error)

    def over(self, exchange: Exchange, now: float) -> None:
        """The server has answered an exchange completely; what it left unanswered has failed."""
        if exchange.unanswered:
            self.failed(exchange, TransportError("the server's answer has no reply to the request"), now)
        elif exchange.kind is Kind.SEND:
            self._sending.over(exchange)

    def failed(self, exchange: Exchange, error: BayeuxError, now: float) -> None:
        """An exchange broke: what is unanswered is tried again or fails, as is safe."""
        left = self._shared.close(exchange)
        if isinstance(error, TransportError):
            error = self._shared.config.explain(error)
        if exchange is self._farewell.outstanding:
            self._farewell_answered(now)
        elif exchange is self._control.outstanding:
            self._control_failed(exchange, error, now)
        elif exchange.kind is Kind.SEND:
            self._sending.failed(exchange, left, error, now)

    def _control_failed(self, exchange: Exchange, error: BayeuxError, now: float) -> None:
        if self.state is _S.DISCONNECTING:
            self._control.outstanding = None
            self._finish_farewell()
            return
        self._end_if(self._control.failed(exchange, error, now), now)
        if self._shared.client_id is None:
            self._sending.session_lost()

    def rejected(self, exchange: Exchange, message_id: str, error: BayeuxError, now: float) -> None:
        """An extension kept one message of an exchange from being sent."""
        found = self._shared.answered(message_id)
        if found is None:
            return
        if exchange.kind is Kind.SEND:
            self._sending.rejected(found[1], error, now)
        else:
            self.failed(exchange, error, now)

    # -- the end

    def _farewell_answered(self, now: float) -> None:
        self._farewell.answered(now, self._control.outstanding)
        if self._control.outstanding is None:
            self.abort(None)

    def _finish_farewell(self) -> None:
        if self._farewell.is_over:
            self.abort(None)


def _as_received(message: Message) -> str:
    """A message without a channel as JSON. Its payload was only scanned, and need not be any."""
    return encode([message])[1:-1].decode("utf-8", "replace").replace('"channel":""', "", 1).replace("{,", "{", 1)
