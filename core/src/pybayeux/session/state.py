"""Session state: what the lanes of a session share, and the settings that it was made with.

Moves from state to state by the table in `transitions`. Does not decide anything.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import TYPE_CHECKING

from ..state import ConnectionState
from .advice import EffectiveAdvice
from .backoff import Backoff
from .events import Failed, StateChanged
from .exchange import Exchange, Kind, Request
from .hosts import Hosts
from .negotiation import Negotiation
from .replies import ReplyMatcher
from .transitions import TRANSITIONS, SessionEvent, next_state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ..errors import BayeuxError
    from .events import Notice

__all__ = ("SessionConfig", "SessionState")


@dataclass(frozen=True, slots=True)
class SessionConfig:
    """The settings of a session; times are seconds.

    Attributes:
        connection_types: The transports allowed, in the order of preference.
        host: The host of the user's own server, with its port if it has one.
        backoff: How long to wait after failures.
        max_network_delay: How much longer than advised the server may take to answer.
        heartbeat: How long connects are to be held at the most; None for as long as the server advises.
        linger: The share of one core that connects may take while events come densely; 0 for any.
        processor_time: Returns the seconds of processor time that the thread has used, to know what a connect costs.
        send_queue_size: How many messages may wait to be sent.
        random: The source of chance for the jitter.
        redact: Takes secrets out of a text.
        goes_on_after: Whether to begin anew after an error that would end the session.
        interpret_error: Returns what an error of this server means, with what helps against it.
        pace: Returns when to make an attempt to come back that is due at a moment (the first argument; the second is
            the present), for the sake of other sessions.
    """

    connection_types: tuple[str, ...]
    host: str = ""
    backoff: Backoff = field(default_factory=Backoff)
    max_network_delay: float = 10.0
    heartbeat: float | None = None
    linger: float = 0.0
    processor_time: Callable[[], float] = lambda: 0.0
    send_queue_size: int = 10_000
    random: Random = field(default_factory=Random)
    redact: Callable[[str], str] = lambda text: text
    goes_on_after: Callable[[BayeuxError], bool] = lambda error: False
    interpret_error: Callable[[BayeuxError], BayeuxError] = lambda error: error
    pace: Callable[[float, float], float] = lambda moment, now: moment


@dataclass(slots=True)
class SessionState:
    """What the lanes share. They alone change it.

    Attributes:
        config: The settings.
        current: The state that the session is in.
        client_id: The id that the server gave, or None without a session.
        connection_type: The transport agreed on, or None without a session.
        advice: The advice in force.
        replies: The requests that wait for a reply.
        abandoned: Exchanges whose replies are waited for no more, for the next step to report.
        notices: What happened since the caller last took it.
        rehandshake_reason: Why an extension wants a new session, or None. That is done at the next step and not at
            once: the batch under way belongs to the old session, and its other replies are still to be read.
        negotiation: What is known of the transports.
        hosts: What is known of the servers.
    """

    config: SessionConfig
    current: ConnectionState = ConnectionState.DISCONNECTED
    client_id: str | None = None
    connection_type: str | None = None
    advice: EffectiveAdvice = field(default_factory=EffectiveAdvice)
    replies: ReplyMatcher = field(default_factory=ReplyMatcher)
    abandoned: list[Exchange] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    rehandshake_reason: str | None = None
    negotiation: Negotiation = field(init=False)
    hosts: Hosts = field(init=False)
    _ids: Iterator[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.negotiation = Negotiation(self.config.connection_types)
        self.hosts = Hosts(self.config.host)

    # -- the table

    def on(self, event: SessionEvent) -> None:
        """Move by an event.

        Raises:
            ClientStateError: The event cannot happen now.
        """
        old, self.current = self.current, next_state(self.current, event)
        if self.current is not old:
            self.notices.append(StateChanged(old, self.current))

    def allows(self, event: SessionEvent) -> bool:
        """Whether an event can happen now."""
        return event in TRANSITIONS[self.current]

    @property
    def is_running(self) -> bool:
        """Whether there is a session, or one is being asked for, and the user has not closed it."""
        return self.allows(SessionEvent.SESSION_LOST)

    @property
    def has_session(self) -> bool:
        """Whether there is a session that the user has not closed."""
        return self.allows(SessionEvent.CONNECT_SENT)

    # -- what is reported and sent

    def report(self, error: BayeuxError) -> None:
        """Note an error that the session deals with by itself."""
        self.notices.append(Failed(error))

    def backoff(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row."""
        return self.config.backoff.delay(failures, self.config.random)

    def reconnect_delay(self, failures: int, outage: float) -> float:
        """Seconds to wait after so many attempts in a row that did not reach the server, for `outage` seconds."""
        return self.config.backoff.reconnect_delay(failures, outage, self.config.random)

    def pace(self, moment: float, now: float) -> float:
        """When to make an attempt that is due at a moment, in view of what others attempt."""
        return self.config.pace(moment, now)

    def open(self, kind: Kind, requests: Sequence[Request], due: float, delay: float | None = None) -> Exchange:
        """Put requests on their way; the reply is due at a moment, and may take `delay` seconds longer."""
        deadline = due + (self.config.max_network_delay if delay is None else delay)
        # Only a handshake has no connection type yet: the reply will bring it.
        transport = self.connection_type or self.negotiation.for_handshake()
        exchange = Exchange(kind, list(requests), deadline, transport, self.hosts.current, self.client_id)
        for request in exchange.requests:
            self._prepare(request)
        self.replies.expect(exchange)
        return exchange

    def _prepare(self, request: Request) -> None:
        """Make the copy that travels.

        Each attempt starts from the template, which has no `ext`, since extensions change the copy. It has an id of
        its own: a late reply to an earlier attempt must not be taken for the reply to this one.
        """
        request.message = message = copy.copy(request.template)
        message.id = str(next(self._ids))
        message.client_id = self.client_id
        request.attempts += 1

    def abandon(self, exchange: Exchange) -> list[Request]:
        """Wait no more for an exchange; returns the requests that had no reply."""
        self.abandoned.append(exchange)
        return self.replies.close(exchange)
