"""A session in virtual time: what it sends is noted, what comes back is scripted."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from pybayeux.errors import ExchangeTimeoutError
from pybayeux.message import Advice, Message
from pybayeux.session import (
    Backoff,
    Ended,
    Exchange,
    Failed,
    Kind,
    RequestCompleted,
    Session,
    SessionConfig,
    StateChanged,
)
from pybayeux.session.state import SessionState
from pybayeux.state import ConnectionState

if TYPE_CHECKING:
    from pybayeux.errors import BayeuxError
    from pybayeux.session import Notice, Step
    from pybayeux.session.transitions import SessionEvent

RETRY = Advice(reconnect="retry", interval=0, timeout=30_000)


class RecordedState(SessionState):
    """A session's state that notes each row of the table that it goes by."""

    def __init__(self, config: SessionConfig) -> None:
        super().__init__(config)
        self.rows: list[tuple[ConnectionState, SessionEvent, ConnectionState]] = []

    def on(self, event: SessionEvent) -> None:
        old = self.current
        super().on(event)
        self.rows.append((old, event, self.current))


class World:
    """Time, a session, and the exchanges under way."""

    def __init__(self, **config: Any) -> None:
        config.setdefault("backoff", Backoff(increment=1, maximum=30, jitter=0))
        self.now = 100.0
        config.setdefault("connection_types", ("long-polling",))
        config.setdefault("random", Random(1))
        with patch("pybayeux.session.session.SessionState", RecordedState):
            self.session = Session(SessionConfig(**config))
        self.under_way: list[Exchange] = []
        self.sent: list[tuple[float, Exchange]] = []
        self.notices: list[Notice] = []
        self.wake_at: float | None = None

    # -- turns

    def step(self) -> Step:
        """Ask the session what to do, and note it."""
        step = self.session.step(self.now)
        for exchange in step.expired:
            self._drop(exchange)
            self.session.failed(exchange, ExchangeTimeoutError("too late"), self.now)
        for exchange in step.abandon:
            self._drop(exchange)
        for exchange in step.start:
            self.under_way.append(exchange)
            self.sent.append((self.now, exchange))
        self.wake_at = step.wake_at
        self.notices += self.session.take_notices()
        return step

    def _drop(self, exchange: Exchange) -> None:
        if exchange in self.under_way:
            self.under_way.remove(exchange)

    def settle_down(self) -> None:
        """Step until nothing more starts at this moment."""
        while self.step().start:
            pass

    def pass_time(self, seconds: float) -> None:
        """Let time pass, waking the session whenever it asked to be woken."""
        end = self.now + seconds
        for _ in range(10_000):
            self.settle_down()
            if self.wake_at is None or self.wake_at > end:
                break
            self.now = max(self.wake_at, self.now)
        self.now = end
        self.settle_down()

    def until(self, kind: Kind) -> float:
        """Let time pass until an exchange of this kind is under way; gives the seconds that it took."""
        start = self.now
        self.settle_down()
        while not self.has(kind):
            assert self.wake_at is not None
            self.now = max(self.wake_at, self.now)
            self.settle_down()
        return self.now - start

    # -- the server's side

    def current(self, kind: Kind) -> Exchange:
        """The exchange of this kind that is under way."""
        return next(exchange for exchange in self.under_way if exchange.kind is kind)

    def has(self, kind: Kind) -> bool:
        """Whether one of this kind is under way."""
        return any(exchange.kind is kind for exchange in self.under_way)

    def answer(self, exchange: Exchange, *messages: Message) -> list[Message]:
        """The server answers an exchange with these messages; gives the events."""
        events = self.session.receive(self.session.admit(list(messages)), {}, self.now)
        self._drop(exchange)
        self.session.finished(exchange, self.now)
        self.notices += self.session.take_notices()
        return events

    def accept(self, exchange: Exchange, **fields: Any) -> list[Message]:
        """The server says yes to everything in an exchange."""
        return self.answer(exchange, *(self.reply(message, **fields) for message in exchange.messages))

    def reply(self, message: Message, **fields: Any) -> Message:
        """The server's reply to a message; successful unless the fields say otherwise."""
        given: dict[str, Any] = {"successful": True, "subscription": message.subscription} | fields
        if message.channel == "/meta/handshake" and given["successful"]:
            given = {"client_id": "c1", "supported_connection_types": ["long-polling"], "advice": RETRY} | given
        return Message(channel=message.channel, id=message.id, **given)

    def fail(self, exchange: Exchange, error: BayeuxError) -> None:
        """The exchange breaks."""
        self._drop(exchange)
        self.session.failed(exchange, error, self.now)
        self.notices += self.session.take_notices()

    def connected(self) -> World:
        """Start, handshake, and answer the first connect; the second is under way then."""
        if self.session.view.state is ConnectionState.DISCONNECTED:
            self.session.start(self.now)
        self.settle_down()
        self.accept(self.current(Kind.HANDSHAKE))
        self.settle_down()
        if self.has(Kind.SEND):
            self.accept(self.current(Kind.SEND))
        self.accept(self.current(Kind.CONNECT), advice=RETRY)
        self.settle_down()
        return self

    # -- what was noted

    @property
    def rows(self) -> list[tuple[ConnectionState, SessionEvent, ConnectionState]]:
        """The rows of the table gone by: state, event, following state."""
        assert isinstance(self.session._state, RecordedState)
        return self.session._state.rows

    def state(self) -> ConnectionState:
        """Where the session stands now; a call, since a type checker takes an attribute for unchanged."""
        return self.session.view.state

    def accepting(self) -> bool:
        """Whether events are taken now; a call for the same reason."""
        return self.session.accepting

    @property
    def states(self) -> list[str]:
        """The states gone through."""
        return [notice.new.value for notice in self.notices if isinstance(notice, StateChanged)]

    @property
    def errors(self) -> list[BayeuxError]:
        """The errors told."""
        return [notice.error for notice in self.notices if isinstance(notice, Failed)]

    @property
    def outcomes(self) -> list[Any]:
        """The outcomes of requests."""
        return [notice.outcome for notice in self.notices if isinstance(notice, RequestCompleted)]

    @property
    def ends(self) -> list[BayeuxError | None]:
        """How the session ended."""
        return [notice.error for notice in self.notices if isinstance(notice, Ended)]

    def times_of(self, kind: Kind) -> list[float]:
        """When exchanges of this kind were sent, counted from the start."""
        return [moment - 100.0 for moment, exchange in self.sent if exchange.kind is kind]

    def channels_sent(self) -> list[str]:
        """What was sent, in order: the channel, and what is subscribed to."""
        return [
            f"{message.channel} {message.subscription or ''}".rstrip()
            for _, exchange in self.sent
            for message in exchange.messages
        ]
