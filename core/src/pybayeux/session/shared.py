"""What both lanes of a session share: its state, its identity and its books."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import TYPE_CHECKING

from ..errors import ClientStateError
from ..state import TRANSITIONS, ConnectionState
from .advice import AdviceBook
from .backoff import Backoff
from .exchange import Exchange, Kind, Request
from .hosts import Hosts
from .negotiation import Negotiation
from .notices import StateChanged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ..errors import BayeuxError
    from .notices import Notice

__all__ = ("SessionConfig", "Shared")


@dataclass(frozen=True, slots=True)
class SessionConfig:
    """What a session is told once; times are seconds.

    Attributes:
        connection_types: The transports allowed, in the order of preference.
        host: The host of the user's own server, with its port if it has one.
        backoff: How long to wait after failures.
        max_network_delay: How much longer than advised the server may take to answer.
        max_waiting: How many messages may wait to be sent.
        random: The source of chance for the jitter.
        redact: Takes secrets out of a text.
        goes_on_after: Whether to begin anew after an error that would end the session.
        explain: Says what an error of this server means, and what helps against it.
    """

    connection_types: tuple[str, ...]
    host: str = ""
    backoff: Backoff = field(default_factory=Backoff)
    max_network_delay: float = 10.0
    max_waiting: int = 10_000
    random: Random = field(default_factory=Random)
    redact: Callable[[str], str] = lambda text: text
    goes_on_after: Callable[[BayeuxError], bool] = lambda error: False
    explain: Callable[[BayeuxError], BayeuxError] = lambda error: error


@dataclass(slots=True)
class Shared:
    """The session's books. The lanes change them; nobody else does."""

    config: SessionConfig
    state: ConnectionState = ConnectionState.DISCONNECTED
    client_id: str | None = None
    connection_type: str | None = None
    advice: AdviceBook = field(default_factory=AdviceBook)
    unanswered: dict[str, Exchange] = field(default_factory=dict)
    abandoned: list[Exchange] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    revival: str | None = None
    negotiation: Negotiation = field(init=False)
    hosts: Hosts = field(init=False)
    _ids: Iterator[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.negotiation = Negotiation(self.config.connection_types)
        self.hosts = Hosts(self.config.host)

    def move(self, new: ConnectionState) -> None:
        """Go to another state, if it is another.

        Raises:
            ClientStateError: There is no way from here to there.
        """
        old = self.state
        if new is old:
            return
        if new not in TRANSITIONS[old]:
            raise ClientStateError(f"no way from {old.value} to {new.value}")
        self.state = new
        self.notices.append(StateChanged(old, new))

    def backoff(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row."""
        return self.config.backoff.delay(failures, self.config.random)

    def open(self, kind: Kind, requests: Sequence[Request], now: float, held: float = 0.0) -> Exchange:
        """Number the requests and put them on their way; the server may hold the answer for `held` seconds."""
        deadline = now + held + self.config.max_network_delay
        transport = self.connection_type or self.negotiation.for_handshake()
        exchange = Exchange(kind, list(requests), deadline, transport, self.hosts.current, self.client_id)
        for request in exchange.requests:
            self._number(request)
            message_id = request.message.id
            assert message_id is not None
            exchange.unanswered[message_id] = request
            self.unanswered[message_id] = exchange
        return exchange

    def _number(self, request: Request) -> None:
        # Each attempt starts from what the user gave: extensions change the copy that travels.
        request.message = message = copy.copy(request.template)
        message.ext = copy.deepcopy(request.template.ext)
        message.id = str(next(self._ids))
        message.client_id = self.client_id
        request.attempts += 1

    def answered(self, message_id: str) -> tuple[Exchange, Request] | None:
        """Take a request off the books, or None where nobody waits for such an answer."""
        exchange = self.unanswered.pop(message_id, None)
        if exchange is None:
            return None
        return exchange, exchange.unanswered.pop(message_id)

    def abandon(self, exchange: Exchange) -> list[Request]:
        """Stop waiting for an exchange; gives the requests that had no answer."""
        self.abandoned.append(exchange)
        return self.close(exchange)

    def close(self, exchange: Exchange) -> list[Request]:
        """Take an exchange off the books; gives the requests that had no answer."""
        left = list(exchange.unanswered.values())
        for message_id in exchange.unanswered:
            self.unanswered.pop(message_id, None)
        exchange.unanswered.clear()
        return left
