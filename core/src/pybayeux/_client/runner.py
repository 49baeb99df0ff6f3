"""The runner: the sole owner of a session, its clock, its notices and its tasks.

Everything that is said to the session passes here, and after each such call the runner does what follows: it takes the
session's notices, and asks for the next step at the end of this turn of the event loop. What comes in, comes in by
`receive`; what goes out is started by `_take_step`, and `exchanges` carries it.
"""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING, Final

from .. import requests
from ..errors import BayeuxError, ClientStateError, ExchangeTimeoutError, SessionEndedError
from ..state import ConnectionState
from .clock import SessionClock
from .exchanges import ExchangeRunner
from .failed_replies import FailedReplies
from .home_loop import HomeLoop
from .incoming import IncomingQueue
from .large_batches import MOST_AT_ONCE, LargeBatches
from .notices import NoticeHandler
from .recovery_log import RecoveryLog

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from .._util.redact import Redactor
    from ..message import Message
    from ..session import Batch, Exchange, Request, Session
    from ..transports.base import Completion
    from .background import BackgroundTasks
    from .backpressure import BackPressure
    from .dispatcher import Dispatcher
    from .hooks import HookRunner, Vetoes
    from .listeners import Listeners
    from .notices import SubscriptionObserver
    from .reporter import Reporter
    from .transport_pool import TransportPool
    from .waiters import Waiters

__all__ = ("SessionRunner",)


class SessionRunner:
    """Runs one session in real time, from `start` to its end.

    Args:
        session: Decides what to do. Only the runner calls it.
        hooks: Run on what leaves and on what comes in.
        listeners: Are called with the replies.
        waiters: Get the outcomes.
        reporter: Is told of failures that the session deals with.
        background: Has the asynchronous hooks and listeners that nothing waits for.
        redact: Takes secrets out of texts.
        wall_clock: The time of day in seconds, which goes on while the machine sleeps.

    Attributes:
        view: What can be known of the session.
        recovery: What went wrong since the client was connected last.
    """

    def __init__(
        self,
        session: Session,
        hooks: HookRunner,
        listeners: Listeners,
        waiters: Waiters,
        reporter: Reporter,
        background: BackgroundTasks,
        redact: Redactor,
        *,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._session: Final = session
        self.view: Final = session.view
        self._hooks: Final = hooks
        self._listeners: Final = listeners
        self._reporter: Final = reporter
        self._waiters: Final = waiters
        self.recovery: Final = RecoveryLog(reporter)
        self._notices: Final = NoticeHandler(hooks, waiters, reporter, self.recovery)
        self._background: Final = background
        self._redact: Final = redact
        self._clock: Final = SessionClock(self, wall_clock)
        self._incoming: Final = IncomingQueue(hooks, self._broke)
        self._failed_replies: Final = FailedReplies(self._incoming, listeners)
        self._home: Final = HomeLoop()
        self._large: Final = LargeBatches(self._receive)
        self._exchanges: Final = ExchangeRunner(self, hooks, redact)
        self._over: asyncio.Future[None] | None = None
        self._step_soon: asyncio.Handle | None = None
        self._handles_notices = False
        self._closed = False

    def attach(
        self,
        pool: TransportPool,
        dispatcher: Dispatcher,
        back_pressure: BackPressure,
        subscriptions: SubscriptionObserver,
    ) -> None:
        """Know the parts that are made after the runner, since they call it."""
        self._exchanges.attach(pool)
        self._dispatcher = dispatcher
        self._back_pressure = back_pressure
        self._notices.attach(back_pressure, subscriptions)

    # -- life

    @property
    def is_running(self) -> bool:
        """Whether the session is being run."""
        return self._over is not None and not self._over.done()

    def start(self) -> None:
        """Begin with a handshake, on the loop that is running."""
        self._home.settle()
        self._over, self._closed = asyncio.get_running_loop().create_future(), False
        self._notices.start()
        self._clock.start()
        self.recovery.start()
        self._session.start(self._clock.now)
        self._changed()

    def begin_close(self) -> None:
        """End the session: nothing leaves any more but what waits and the disconnect. A second call does nothing."""
        self._home.check()
        self._closed = True
        if self.is_running:
            self._session.close(self._clock.now)
            self._changed()

    async def close(self) -> None:
        """End the session; return when it is over and nothing is under way."""
        self.begin_close()
        if self._over is None:
            return
        await asyncio.shield(self._over)
        await self._large.stop()
        await self._incoming.finish()

    @property
    def is_stranded(self) -> bool:
        """Whether the event loop of the session is gone, or is another process's: it can never go on."""
        return self._home.is_gone

    def abandon(self) -> None:
        """End a session that is stranded, without a word to the server."""
        self._home.leave()
        for part in (self._clock, self._exchanges, self._large, self._incoming, self._waiters):
            part.forget()
        self._step_soon, self._over = None, None
        self._session.abort(ClientStateError("the event loop that the client was started on is gone"))
        self._handle_notices()

    def check_loop(self) -> None:
        """See that the session's own event loop is running, if any is.

        Raises:
            ClientStateError: Another one is.
        """
        self._home.check()

    def check_usable(self) -> None:
        """See that messages can be sent, now or when the session has begun.

        Raises:
            ClientStateError: The session was closed.
            BayeuxError: The error that ended the session.
        """
        self._home.check()
        if self._closed:
            raise ClientStateError("the client is closed: start() it again first")
        if self.ended_by is not None:
            raise self.ended_by

    def _end(self) -> None:
        """The session is over: let go of everything that was for it."""
        self._clock.stop()
        self._exchanges.cancel_all()
        self._release_if_over()

    def _release_if_over(self) -> None:
        is_over = self.view.state is ConnectionState.DISCONNECTED and not self._exchanges
        if is_over and self._over is not None and not self._over.done():
            self._over.set_result(None)
            self._home.leave()

    def _broke(self, error: BaseException) -> None:
        """Something in here ended by an exception that nothing expects: no caller may wait for ever."""
        if not self.is_running or not self.view.is_alive:
            return
        ended = SessionEndedError(f"the client failed: {type(error).__name__}: {self._redact(str(error))}")
        ended.__cause__ = error
        self._reporter.report(ended)
        self._session.abort(ended)
        self._handle_notices()
        self._end()

    # -- what is known of it, beside `view`

    @property
    def ended_by(self) -> BayeuxError | None:
        """The error that ended the session; None while it runs, or where the user ended it."""
        return self._notices.ended_by

    @property
    def last_seen(self) -> datetime | None:
        """When something came last, in UTC; None where nothing has come yet."""
        return self._clock.last_heard

    @property
    def is_fresh(self) -> bool:
        """Whether something came within the time that the server may take for a connect. For any thread."""
        return self._clock.silence <= self.view.longest_silence

    @property
    def retry_in(self) -> float | None:
        """Seconds until the session tries again, None where it does not wait for that. For any thread."""
        due = self.view.retry_at
        return None if due is None else max(0.0, due - self._clock.now)

    # -- what the user and the other parts say to it

    def send(self, message: Message, *, awaits_data: bool = False) -> Request:
        """Queue a message for the server.

        Raises:
            ClientStateError: The session is over or was never started.
            QueueOverflowError: Too many messages wait.
            BayeuxError: The error that ended the session.
        """
        self.check_usable()
        request = self._session.send(message, awaits_data=awaits_data)
        self._changed()
        return request

    def forget(self, request: Request) -> None:
        """No caller waits for this request any more; if it has not left yet, it never will."""
        self._session.forget(request)

    def subscribe(self, channel: str) -> None:
        """Want a channel."""
        self._session.subscribe(channel)
        self._changed()

    def unsubscribe(self, channel: str) -> Request | None:
        """No longer want a channel; returns the request that tells the server, where there is one to tell."""
        self.recovery.unsubscribed(channel)
        request = self._session.unsubscribe(channel)
        self._changed()
        return request

    def resubscribe(self, channel: str) -> bool:
        """Ask the server for a channel afresh; False where it is not subscribed to."""
        is_known = self._session.resubscribe(channel, self._clock.now)
        self._changed()
        return is_known

    def rehandshake(self, reason: str) -> None:
        """Begin a new session.

        Raises:
            ClientStateError: There is no session under way.
        """
        self._session.rehandshake(reason)
        self._reporter.note("new handshake: %s", reason)
        self._changed()

    def move(self, host: str) -> None:
        """The user's own server is at this host from now on."""
        self._session.move(host)

    def hold_connects(self) -> None:
        """Send no connect for now: there is no room for more events."""
        self._session.hold_connects(self._clock.now)
        self._changed()

    def release_connects(self) -> None:
        """Send connects again."""
        self._session.release_connects(self._clock.now)
        self._changed()

    def reading_blocked(self) -> None:
        """A transport on which events come unasked reads no further, for lack of room."""
        self._session.reading_blocked()
        self._changed()

    def discard_events(self) -> None:
        """Poll to keep the session alive, and take none of the events that come: the server sends them again."""
        self._session.discard_events(self._clock.now)
        self._changed()

    @property
    def accepting(self) -> bool:
        """Whether the events that come in now are taken."""
        return self._session.accepting

    def without_events(self, batch: Batch) -> Batch:
        """The replies of a batch."""
        return self._session.without_events(batch)

    # -- what comes in

    def receive(self, messages: list[Message]) -> Completion:
        """Take the messages of an answer or of frames: the way in, for every transport."""
        if len(messages) > MOST_AT_ONCE or self._large.is_busy:
            return self._large.put(messages)
        return self._receive(messages)

    def _receive(self, messages: list[Message]) -> Completion:
        self._clock.server_heard()
        batch = self._back_pressure.filter_accepted(self._session.admit(messages))
        if batch.special:
            self._redact.clean_errors(batch.special)
        return self._incoming.put(batch.messages, partial(self._take, batch))

    def _take(self, batch: Batch, vetoes: Vetoes) -> None:
        """The extensions have seen a batch. Events alone change nothing for the session, and are not shown to it."""
        if not batch.special:
            events = [event for event in batch.messages if id(event) not in vetoes] if vetoes else batch.messages
            self._dispatcher.dispatch(events)
            return
        events = self._session.receive(batch, vetoes, self._clock.now)
        self._handle_notices()
        self._listeners.notify([message for message in batch.special if id(message) not in vetoes])
        self._dispatcher.dispatch(events)
        if self._background.is_idle:
            self._advance()  # at once: the next connect need not wait for another turn of the loop
        else:
            self._changed()  # an asynchronous listener comes first: it may close the client

    def broken(self, error: BayeuxError) -> None:
        """A connection broke between two connects. Extensions see it as a connect that failed: events may be lost."""
        client_id, connection_type = self.view.client_id, self.view.connection_type
        if client_id is None or connection_type is None:
            return
        connect = requests.connect(client_id, connection_type)
        self._fail([connect], error, connection_type, partial(self._session.interrupted, error))

    # -- what is to be done

    def _changed(self) -> None:
        """Something was said to the session: take its notices now, and its next step at the end of this turn.

        So all that is said in one turn, several publishes say, leaves together.
        """
        self._handle_notices()
        if self._step_soon is None and self.is_running:
            self._step_soon = asyncio.get_running_loop().call_soon(self._advance)

    def _advance(self) -> None:
        """Take the session's next step: start and end what it says, and set the timer for the step after it."""
        if self._step_soon is not None:
            self._step_soon.cancel()
            self._step_soon = None
        if not self.is_running:
            return
        try:
            self._take_step()
        except Exception as error:  # a defect of ours
            self._broke(error)
        if self.view.state is ConnectionState.DISCONNECTED:
            self._end()

    def _take_step(self) -> None:
        now = self._clock.now
        step = self._session.step(now)
        for exchange in step.expired:
            self._expire(exchange, now)
        for exchange in step.abandon:
            self._exchanges.cancel(exchange)
        for exchange in step.start:
            self._exchanges.start(exchange)
        self._handle_notices()
        self._clock.wake_at(step.wake_at)

    def timer_fired(self) -> None:
        """A moment has come that the session wanted to be asked at."""
        self._advance()

    def machine_slept(self, seconds: float) -> None:
        """The machine has slept."""
        self._session.slept(seconds, self._clock.now)
        self._changed()

    # -- how exchanges end

    def exchange_finished(self, exchange: Exchange) -> None:
        """The transport has carried an exchange; what it brought comes before its end."""
        self._incoming.put((), lambda _: self._finish(exchange))

    def _finish(self, exchange: Exchange) -> None:
        if self._session.finished(exchange, self._clock.now):
            self._changed()

    def exchange_failed(self, exchange: Exchange, error: BayeuxError) -> None:
        """An exchange broke, or is given up."""
        unanswered = [request.message for request in exchange.unanswered.values()]
        self._fail(unanswered, error, exchange.transport, partial(self._session.failed, exchange, error))

    def message_stopped(self, exchange: Exchange, message: Message, error: BayeuxError) -> None:
        """An extension kept a message from being sent."""
        tell = partial(self._session.rejected, exchange, str(message.id), error)
        self._fail([message], error, exchange.transport, tell)

    def exchange_broke(self, error: BaseException) -> None:
        """The task of an exchange ended by an exception that no exchange ends with."""
        self._broke(error)

    def exchanges_over(self) -> None:
        """No exchange is under way any more."""
        self._release_if_over()

    def _expire(self, exchange: Exchange, now: float) -> None:
        if (more := self._hooks.more_time(exchange.messages[0])) > 0:
            self._session.extend(exchange, now + more)
            self._changed()
            return
        self._exchanges.cancel(exchange)
        self.exchange_failed(exchange, ExchangeTimeoutError(f"no answer to {exchange.kind.value} in time"))

    def _fail(
        self, messages: list[Message], error: BayeuxError, connection_type: str, tell: Callable[[float], None]
    ) -> None:
        """Let extensions and listeners see failed replies to these, then tell the session, with the present time."""

        def then() -> None:
            tell(self._clock.now)
            self._changed()

        self._failed_replies.show(messages, error, connection_type, then)

    # -- what the session tells

    def _handle_notices(self) -> None:
        if self._handles_notices:  # what a hook brings about is told after what brought the hook about
            return
        self._handles_notices = True
        try:
            while notices := self._session.take_notices():
                for notice in notices:
                    self._notices.handle(notice, self._clock.now)
        finally:
            self._handles_notices = False
