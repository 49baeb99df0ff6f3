"""Connect lane: handshakes and connects, one outstanding at a time (Bayeux 1.0, sections 3.3 and 4.2).

Decides which event of the state machine a reply or a failure is. Does not know subscriptions or publishes.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Final

from .. import requests
from ..errors import (
    BayeuxError,
    ConnectError,
    ExtensionHookError,
    HandshakeError,
    MalformedMessageError,
    Remedy,
    SessionEndedError,
    TransportError,
    UsageError,
)
from ..message import Advice, Message
from ..state import ConnectionState
from .advice import advice_alone, remedy_of, session_ended_by
from .backoff import EmptyConnects, FailureHistory
from .connect_throttle import ConnectThrottle
from .events import PollOverdue
from .exchange import Exchange, Kind, Request
from .heartbeat import Heartbeat
from .linger import Linger
from .transitions import SessionEvent

if TYPE_CHECKING:
    from .state import SessionState

__all__ = ("ConnectLane",)

_E = SessionEvent
# A web server's answers of the fourth hundred say that the request is wrong, and it will be the same again; but these
# are about the moment: a timeout, a conflict, another connection, a lock, too many requests.
_PASSING: Final = frozenset({408, 409, 421, 423, 424, 425, 429})


_LONGEST_ID: Final = 8192
"""Characters of a client id, which each request has to carry."""
_MOST_NAMED: Final = 10
_LONGEST_NAME: Final = 40
"""What of the transports that a server offers is in an error."""


class ConnectLane:
    """Decides when to handshake and when to connect, and what follows.

    Two connects at once are the worst mistake that a client can make: CometD ends the first with HTTP 500, and Faye
    never answers it. `outstanding` is the guard: nothing is sent while it is there.

    Attributes:
        outstanding: The handshake or connect under way, or None.
        throttle: What holds connects back.
        heartbeat: How long connects ask to be held.
    """

    def __init__(self, state: SessionState) -> None:
        self._state: Final = state
        self._history: Final = FailureHistory()
        self._empty: Final = EmptyConnects()
        self.heartbeat: Final = Heartbeat(state.config.heartbeat, state.config.max_network_delay)
        self._linger: Final = Linger(state.config.linger, state.config.processor_time)
        self._due = 0.0
        self.outstanding: Exchange | None = None
        self.throttle: Final = ConnectThrottle(state)

    def start(self, now: float) -> None:
        """Begin with a handshake."""
        self._state.on(_E.START)
        self._state.negotiation.restart()
        self._state.hosts.restart()
        self._history.started()
        self.heartbeat.restart()
        self.throttle.new_session(now)
        self._due = now

    def lose_session(self, now: float, delay: float = 0.0) -> None:
        """Begin anew with a handshake, not before `delay` seconds have passed."""
        state = self._state
        self.drop()
        state.on(_E.SESSION_LOST)
        state.rehandshake_reason = state.client_id = state.connection_type = None
        state.negotiation.session_lost()
        state.hosts.session_lost(state.advice.hosts)
        self.heartbeat.session_lost()
        self.throttle.new_session(now)
        self._due = state.pace(now + max(delay, state.backoff(self._history.session_lost(now))), now)

    def drop(self) -> None:
        """Wait no more for what is outstanding."""
        if self.outstanding is not None:
            self._state.abandon(self.outstanding)
            self.outstanding = None

    # -- what to send

    def next(self, now: float) -> Exchange | None:
        """What to send now."""
        if self.throttle.is_reading_blocked:
            self._report_if_overdue(now)
        if self.outstanding is not None or now < self._due:
            return None
        if self._state.allows(_E.HANDSHAKE_SENT):
            self.outstanding = self._handshake(now)
        elif self._state.allows(_E.CONNECT_SENT):
            if self.throttle.allows_connect(now):
                self.outstanding = self._connect(now)
            else:
                self._report_if_overdue(now)
        return self.outstanding

    def _report_if_overdue(self, now: float) -> None:
        if self.throttle.becomes_overdue(now):
            self._state.notices.append(PollOverdue())

    def _handshake(self, now: float) -> Exchange:
        self._state.on(_E.HANDSHAKE_SENT)
        return self._state.open(Kind.HANDSHAKE, [Request(requests.handshake(self._state.negotiation.usable))], now)

    def _connect(self, now: float) -> Exchange:
        state = self._state
        assert state.client_id is not None
        assert state.connection_type is not None
        template = requests.connect(state.client_id, state.connection_type)
        # The server may hold a connect only while the last one was accepted (see the table), and never one that only
        # keeps the session alive.
        may_be_held = state.current is ConnectionState.CONNECTED and not self.throttle.is_discarding
        held = state.advice.timeout if may_be_held else 0.0
        if (shorter := self.heartbeat.shorten(held)) is not None:
            held = shorter
            template.advice = Advice(timeout=round(held * 1000))
        elif not may_be_held:
            template.advice = Advice(timeout=0)
        state.on(_E.CONNECT_SENT)
        self.throttle.connect_sent()
        self._empty.sent(now, may_be_held=may_be_held)
        self.heartbeat.sent(now, shorter)
        self._linger.sent(now)
        # The deadline is the hold and the network's delay: a shorter one would hang up on a held connect.
        exchange = state.open(Kind.CONNECT, [Request(template)], now + held, self.heartbeat.grace(shorter))
        exchange.discards = self.throttle.is_discarding
        return exchange

    def wake_at(self) -> float:
        """When this lane wants to be asked again; infinity for never."""
        if self.outstanding is not None:
            return min(self.outstanding.deadline, self.throttle.overdue_at())
        if self._state.allows(_E.CONNECT_SENT):
            return max(self._due, self.throttle.next_change())
        return self._due if self._state.allows(_E.HANDSHAKE_SENT) else inf

    @property
    def due(self) -> float | None:
        """The time before which nothing is sent; None while something is outstanding."""
        return None if self.outstanding is not None else self._due

    @property
    def accepting(self) -> bool:
        """Whether the events that come in now are taken.

        While a connect is under way its own mark decides: what it brings was asked for under the terms of then. A poll
        that discards does so to its end, since its reply may acknowledge what was discarded before.
        """
        return not (self.throttle.is_discarding if self.outstanding is None else self.outstanding.discards)

    # -- what comes back

    def events_came(self, count: int) -> None:
        """So many events came."""
        self._empty.event_came()
        self._linger.events_came(count)

    def reply(self, exchange: Exchange, message: Message, now: float) -> BayeuxError | None:
        """Take the reply to what was outstanding; returns the error that ends the session, if it does."""
        self.outstanding = None
        if exchange.kind is Kind.HANDSHAKE:
            return self._handshake_reply(message, now)
        return self._connect_reply(message, now)

    def _handshake_reply(self, message: Message, now: float) -> BayeuxError | None:
        negotiation, allowed = self._state.negotiation, self._state.config.connection_types
        if message.successful is not True:
            if (offered := message.supported_connection_types) and negotiation.best_of(offered) is None:
                # Faye advises to handshake again, which would bring the same reply for ever.
                return _no_transport(allowed, message)
            return self._refused(HandshakeError(message.channel, reply=message), message, now)
        if not message.client_id or len(message.client_id) > _LONGEST_ID:
            self._retry(
                MalformedMessageError("a handshake's reply without a clientId that can be sent", repr(message)), now
            )
            return None
        chosen = negotiation.choose(message.supported_connection_types)
        if chosen is None:
            return _no_transport(allowed, message)
        self._handshake_accepted(message, message.client_id, chosen, now)
        return None

    def _handshake_accepted(self, message: Message, client_id: str, connection_type: str, now: float) -> None:
        state = self._state
        state.on(_E.HANDSHAKE_ACCEPTED)
        state.client_id, state.connection_type = client_id, connection_type
        # Nothing that was advised in another session holds in this one.
        state.advice = advice_alone(message.advice, connection_type)
        self._history.handshake_accepted()
        self._due = now + state.advice.pause
        announced = message.extra.get("x-messages") if "extra" in message.__dict__ else None
        if isinstance(announced, int):
            self.throttle.announce(announced, now + state.config.max_network_delay)

    def _connect_reply(self, message: Message, now: float) -> BayeuxError | None:
        if message.successful is not True:
            return self._refused(ConnectError(message.channel, reply=message), message, now)
        state, advised = self._state, advice_alone(message.advice, self._state.connection_type)
        state.on(_E.CONNECT_ACCEPTED)
        self._history.connect_accepted(now)
        self._empty.answered(now)
        self._linger.answered(now)
        if self.heartbeat.answered(now):
            state.report(_heartbeat_ignored())
        self.throttle.connect_accepted(now)
        assert state.connection_type is not None, "it was agreed on with the session"
        state.negotiation.connect_accepted(state.connection_type)
        self._due = max(now + max(state.advice.pause, self._empty.pause), self._linger.due)
        if self._empty.is_to_report():
            state.report(_not_held(state.advice.timeout))
        if advised.interval < 0:
            # No client honours it, but the specification is clear: a negative interval means not to connect again.
            return SessionEndedError("the server advised never to connect again (a negative interval)")
        if advised.reconnect == "handshake":
            self.lose_session(now, advised.interval)
        # `none` on a success is only noted: see CONNECT_ACCEPTED in the table.
        return None

    # -- what fails

    def _refused(self, refusal: HandshakeError | ConnectError, message: Message, now: float) -> BayeuxError | None:
        """Decide what follows a refusal; returns the error that ends the session, if it does.

        Three voices are heard, in this order: the error, where it says that the server does not know the session; the
        extensions, which know vendors (`interpret_error`); the advice of this reply.
        """
        advised = advice_alone(message.advice, self._state.connection_type)
        # Servers say it in many words, with any advice and with none: 402::session_unknown, 402::Unknown client,
        # 403::Unknown client (Salesforce), 401:<id>:Unknown client (Faye). The credentials are good; only the session
        # is gone. The same holds where an extension has asked for a new session, as with a fresh token.
        unknown = refusal.error is not None and refusal.error.is_unknown_client
        begins_anew = unknown or self._state.rehandshake_reason is not None
        error = self._state.config.interpret_error(refusal)
        remedy, wait = remedy_of(error)
        wait = max(wait, advised.interval)
        if not begins_anew and (remedy is Remedy.GIVE_UP or (remedy is None and advised.forbids_retry)):
            return session_ended_by(error, advised if remedy is None else None)
        if remedy is None:
            remedy = Remedy.HANDSHAKE if advised.reconnect == "handshake" else Remedy.RETRY
        if begins_anew or (isinstance(refusal, ConnectError) and remedy is Remedy.HANDSHAKE):
            self._history.failed(now)
            self._state.report(error)
            self.lose_session(now, wait)
        else:
            self._retry(error, now, wait)
        return None

    def _retry(self, error: BayeuxError, now: float, at_least: float = 0.0) -> None:
        """Try the same again later: the handshake, or a connect in the same session."""
        if self._state.allows(_E.HANDSHAKE_FAILED):
            self._wait_after(error, now, at_least)
            self._state.on(_E.HANDSHAKE_FAILED)
            self._state.hosts.handshake_failed()
        else:
            self._retry_connect(_E.CONNECT_FAILED, error, now, at_least)

    def _retry_connect(self, event: SessionEvent, error: BayeuxError, now: float, at_least: float = 0.0) -> None:
        self._wait_after(error, now, at_least)
        self._state.on(event)
        self._history.connect_failed(now)
        lifetime = self._state.advice.session_lifetime
        if lifetime is not None and self._history.outage(self._due) > lifetime:
            self.lose_session(now, self._due - now)

    def _wait_after(self, error: BayeuxError, now: float, at_least: float) -> None:
        history, state = self._history, self._state
        history.failed(now)
        state.report(error)
        if isinstance(error, TransportError):
            delay = state.reconnect_delay(history.in_a_row, history.failing_for(now))
        else:
            delay = state.backoff(history.in_a_row)
        self._due = state.pace(now + max(at_least, delay), now)

    def failed(self, exchange: Exchange, error: BayeuxError, now: float) -> BayeuxError | None:
        """The exchange brought no reply; returns the error that ends the session, if it does."""
        self.outstanding = None
        self.heartbeat.failed(error)
        if isinstance(error, TransportError) and self._change_transport(exchange, error, now):
            return None
        if self._is_hopeless(exchange.kind, error):
            ended = SessionEndedError(f"the {exchange.kind.value} cannot succeed: {error}")
            ended.__cause__ = error
            return ended
        remedy, wait = remedy_of(error)
        if remedy is Remedy.GIVE_UP:
            return session_ended_by(error, None)
        self._retry(error, now, wait)
        return None

    def connection_lost(self, error: BayeuxError, now: float) -> None:
        """The connection broke on which events come unasked."""
        if self.outstanding is not None:
            self._state.report(error)  # what is under way goes over another connection, and fails or not by itself
        elif self._state.allows(_E.CONNECTION_LOST):
            self._retry_connect(_E.CONNECTION_LOST, error, now)

    def _change_transport(self, exchange: Exchange, error: TransportError, now: float) -> bool:
        """Go on with the next transport where this one cannot reach the server; the session stays."""
        negotiation = self._state.negotiation
        if not error.unavailable:
            negotiation.network_failed()
            return False
        if not negotiation.cannot_reach(exchange.transport):
            return False
        if self._state.has_session:
            self._state.connection_type = negotiation.choose_again()
        self._state.on(_E.TRANSPORT_CHANGED)
        self._state.report(error)
        self._due = now
        return True

    def _is_hopeless(self, kind: Kind, error: BayeuxError) -> bool:
        """Whether what failed so will always do: a wrong address or argument should end in an error, not in silence.

        Once a connect was accepted, the address was right and the same status is an outage, as of a proxy without its
        server. A mistake in an extension's code is made again by every attempt.
        """
        if self._history.ever_connected or self._state.rehandshake_reason is not None:
            return False
        if isinstance(error, ExtensionHookError):
            return error.is_mistake
        if isinstance(error, UsageError):  # an option of the transport, which is made when it is needed
            return True
        if not isinstance(error, TransportError):
            return False
        return error.fatal or (kind is Kind.HANDSHAKE and _is_final(error.status))


def _is_final(status: int | None) -> bool:
    return status is not None and 400 <= status < 500 and status not in _PASSING


def _not_held(advised: float) -> TransportError:
    return TransportError(
        f"the server answers connects at once, without events, though {advised:g} s to hold them are advised: they are "
        "sent with pauses from now on; a proxy may be on the way that holds no requests",
        unsent=False,
    )


def _heartbeat_ignored() -> TransportError:
    return TransportError(
        "the server holds connects longer than heartbeat= asks for: silence is noticed after the server's own timeout",
        unsent=False,
    )


def _no_transport(allowed: tuple[str, ...], message: Message) -> SessionEndedError:
    offered = [name[:_LONGEST_NAME] for name in (message.supported_connection_types or [])[:_MOST_NAMED]]
    # The wording of CometD's clients, code included.
    return SessionEndedError(f"405:c{list(allowed)},s{offered}:no_transport: no transport that both sides have")
