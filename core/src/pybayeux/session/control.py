"""The lane of handshakes and connects: one outstanding at a time, ever (Bayeux 1.0, sections 3.3 and 4.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .. import requests
from ..errors import (
    BayeuxError,
    ConnectError,
    HandshakeError,
    MalformedMessageError,
    Remedy,
    SessionEndedError,
    TransportError,
    UnknownAdviceError,
)
from ..message import Advice, Message
from ..state import ConnectionState
from .advice import AdviceBook, own_advice
from .exchange import Exchange, Kind, Request
from .holding import Holding
from .notices import Failed, Overdue
from .remedies import remedy_of

if TYPE_CHECKING:
    from .shared import Shared

__all__ = ("ControlLane",)

_S = ConnectionState
# Answers of a web server that a first handshake cannot get over: wrong address, no access.
_HOPELESS: Final = frozenset({401, 403, 404, 405, 410})
_RECENT: Final = 10.0
_ACTIVE: Final = frozenset(
    {_S.HANDSHAKING, _S.REHANDSHAKING, _S.HANDSHAKEN, _S.CONNECTING, _S.CONNECTED, _S.UNCONNECTED}
)


class ControlLane:
    """Decides when to handshake and when to connect."""

    def __init__(self, shared: Shared) -> None:
        self._shared: Final = shared
        self.outstanding: Exchange | None = None
        self.due = 0.0
        self.holding: Final = Holding(shared)
        self._failures = 0
        self._fresh = True
        self._proven = False
        self._failing_since: float | None = None
        self._losses: list[float] = []
        self._offered: list[str] | None = None
        self._expected = 0
        self._patience = 0.0

    def start(self, now: float) -> None:
        """Begin with a handshake."""
        self._failures, self._proven, self.due = 0, False, now
        self._shared.negotiation.restart()
        self._shared.hosts.restart()
        self._shared.move(_S.HANDSHAKING)

    def lose_session(self, now: float, delay: float = 0.0) -> None:
        """Begin anew with a handshake, after `delay` seconds; whatever is outstanding is abandoned."""
        self.drop()
        self.holding.renew(now)
        self._expected = 0
        self._shared.revival = None
        self._shared.client_id = None
        self._shared.connection_type = None
        self._shared.negotiation.session_lost()
        self._shared.hosts.new_handshake(self._shared.advice.hosts)
        if self._shared.state is not _S.HANDSHAKING:
            self._shared.move(_S.REHANDSHAKING)
        # A session that is lost again and again must not spin: what failed since the last successful connect, and
        # what was lost of late, decide the pace. The first time costs no wait.
        self._losses = [moment for moment in self._losses if moment > now - _RECENT] + [now]
        self.due = now + max(delay, self._shared.backoff(max(self._failures, len(self._losses))))

    def drop(self) -> None:
        """Abandon what is outstanding."""
        if self.outstanding is not None:
            self._shared.abandon(self.outstanding)
            self.outstanding = None

    def next(self, now: float) -> Exchange | None:
        """What to send now."""
        state = self._shared.state
        if self.holding.blocking:
            self._see_whether_overdue(now)
        if self.outstanding is not None or now < self.due:
            return None
        if state in (_S.HANDSHAKING, _S.REHANDSHAKING):
            self.outstanding = self._handshake(now)
            return self.outstanding
        if state not in _ACTIVE or now < self._expected_by:
            return None
        if not self.holding.paused or (self.holding.discards and now >= self.holding.due):
            self.outstanding = self._connect(now)
            return self.outstanding
        self._see_whether_overdue(now)
        return None

    def _see_whether_overdue(self, now: float) -> None:
        if self.holding.is_overdue(now):
            self._shared.notices.append(Overdue())

    def wake_at(self) -> float | None:
        """When this lane wants to be asked again."""
        if self.outstanding is not None:
            overdue_at = self.holding.wake_at() if self.holding.blocking else None
            return self.outstanding.deadline if overdue_at is None else min(self.outstanding.deadline, overdue_at)
        if self._shared.state not in _ACTIVE:
            return None
        if self.holding.paused and self._shared.state not in (_S.HANDSHAKING, _S.REHANDSHAKING):
            held_until = self.holding.wake_at()
            return None if held_until is None else max(self.due, self._expected_by, held_until)
        return max(self.due, self._expected_by)

    @property
    def accepting(self) -> bool:
        """Whether what comes in now is taken: no connect is under way only to keep the session alive."""
        return not (self.holding.discards if self.outstanding is None else self.outstanding.discards)

    @property
    def _expected_by(self) -> float:
        """Until when events that were announced are waited for."""
        return self._patience if self._expected else 0.0

    def _handshake(self, now: float) -> Exchange:
        template = requests.handshake(self._shared.negotiation.usable)
        return self._shared.open(Kind.HANDSHAKE, [Request(template)], now)

    def _connect(self, now: float) -> Exchange:
        shared = self._shared
        assert shared.client_id is not None
        assert shared.connection_type is not None
        template = requests.connect(shared.client_id, shared.connection_type)
        at_once = self._fresh or self.holding.discards
        if at_once:
            # Faye and cometd-nodejs hold any other connect, and nobody would know that the session stands.
            template.advice = Advice(timeout=0)
        if shared.state is _S.HANDSHAKEN:
            shared.move(_S.CONNECTING)
        self._expected = 0
        exchange = shared.open(Kind.CONNECT, [Request(template)], now, 0.0 if at_once else shared.advice.timeout)
        exchange.discards = self.holding.discards
        return exchange

    def reply(self, exchange: Exchange, message: Message, now: float) -> BayeuxError | None:
        """Take the answer to what was outstanding; gives the error that ends the session, if it does."""
        self.outstanding = None
        if exchange.kind is Kind.HANDSHAKE:
            return self._handshake_reply(message, now)
        return self._connect_reply(message, now)

    def _handshake_reply(self, message: Message, now: float) -> BayeuxError | None:
        shared = self._shared
        if message.successful is not True:
            if (offered := message.supported_connection_types) and shared.negotiation.best_of(offered) is None:
                # Faye advises to handshake again, which would bring the same answer for ever.
                return SessionEndedError(_no_transport(shared.config.connection_types, message))
            return self._refused(HandshakeError(message.channel, reply=message), message, now)
        if not message.client_id:
            malformed = MalformedMessageError("a handshake's reply without clientId", repr(message))
            self._retry(malformed, now)
            return None
        self._offered = message.supported_connection_types
        chosen = shared.negotiation.best_of(self._offered)
        if chosen is None:
            return SessionEndedError(_no_transport(shared.config.connection_types, message))
        shared.client_id, shared.connection_type = message.client_id, chosen
        shared.advice = own_advice(message.advice, chosen)
        shared.move(_S.HANDSHAKEN)
        self._fresh, self.due, self._failing_since = True, now + max(0.0, shared.advice.interval), None
        self._expect(message, now)
        return None

    def _expect(self, message: Message, now: float) -> None:
        """CometD may send events with the handshake's reply, and says how many: they come before the first connect."""
        announced = message.extra.get("x-messages") if "extra" in message.__dict__ else None
        self._expected = announced if isinstance(announced, int) else 0
        self._patience = now + self._shared.config.max_network_delay

    def arrived(self, events: int) -> None:
        """So many events came."""
        self._expected = max(0, self._expected - events)

    def _connect_reply(self, message: Message, now: float) -> BayeuxError | None:
        if message.successful is not True:
            return self._refused(ConnectError(message.channel, reply=message), message, now)
        own = own_advice(message.advice, self._shared.connection_type)
        self.holding.polled(now)
        self._failures, self._fresh, self._proven, self._failing_since = 0, False, True, None
        if self._shared.connection_type is not None:
            self._shared.negotiation.works(self._shared.connection_type)
        self._shared.move(_S.CONNECTED)
        self.due = now + max(0.0, self._shared.advice.interval)
        if own.interval < 0:
            return SessionEndedError("the server advised never to connect again (a negative interval)")
        if own.reconnect == "handshake":
            self.lose_session(now, own.interval)
        # `none` on a success is only noted: CometD says so of a session that it removed, and the next connect
        # brings 402 with the advice to handshake. Clients that obey it here stop for ever without an error.
        return None

    def _refused(self, refusal: HandshakeError | ConnectError, message: Message, now: float) -> BayeuxError | None:
        shared = self._shared
        own = own_advice(message.advice, shared.connection_type)
        unknown = refusal.error is not None and refusal.error.is_unknown_client
        revived = unknown or shared.revival is not None
        error = shared.config.explain(refusal)
        remedy, wait = remedy_of(error)
        wait = max(wait, own.interval)
        if not revived and (remedy is Remedy.GIVE_UP or (remedy is None and own.forbids_retry)):
            return _ended(error, own if remedy is None else None)
        advised = Remedy.HANDSHAKE if own.reconnect == "handshake" else Remedy.RETRY
        if revived or (isinstance(refusal, ConnectError) and (remedy or advised) is Remedy.HANDSHAKE):
            self._failures += 1
            shared.notices.append(Failed(error))
            self.lose_session(now, wait)
        else:
            self._retry(error, now, wait)
        return None

    def _retry(self, error: BayeuxError, now: float, at_least: float = 0.0) -> None:
        """Try the same again later: the handshake, or the connect within the same session."""
        shared = self._shared
        self._failures += 1
        shared.notices.append(Failed(error))
        delay = max(at_least, shared.backoff(self._failures))
        self.due = now + delay
        if shared.state in (_S.HANDSHAKING, _S.REHANDSHAKING):
            shared.hosts.failed()
            return
        shared.move(_S.UNCONNECTED)
        self._fresh = True
        if self._failing_since is None:
            self._failing_since = now
        lifetime = shared.advice.session_lifetime
        if lifetime is not None and now + delay - self._failing_since > lifetime:
            self.lose_session(now, at_least)

    def failed(self, exchange: Exchange, error: BayeuxError, now: float) -> BayeuxError | None:
        """The exchange brought no answer; gives the error that ends the session, if it does."""
        self.outstanding = None
        if isinstance(error, TransportError) and self._another_transport(exchange, error, now):
            return None
        if exchange.kind is Kind.HANDSHAKE and not self._proven and self._is_hopeless(error):
            ended = SessionEndedError(f"the handshake cannot succeed: {error}")
            ended.__cause__ = error
            return ended
        remedy, wait = remedy_of(error)
        if remedy is Remedy.GIVE_UP:
            return _ended(error, None)
        self._retry(error, now, wait)
        return None

    def interrupted(self, error: BayeuxError, now: float) -> None:
        """The connection broke between two connects."""
        if self.outstanding is not None:
            self._shared.notices.append(Failed(error))  # the connect under way goes over another connection
        elif self._shared.state in (_S.CONNECTING, _S.CONNECTED):
            self._retry(error, now)

    def _another_transport(self, exchange: Exchange, error: TransportError, now: float) -> bool:
        """Go on with the next transport where this one cannot reach the server; the session stays."""
        shared = self._shared
        if not error.unavailable:
            shared.negotiation.network_failed()
            return False
        if not shared.negotiation.cannot_reach(exchange.transport):
            return False
        if shared.client_id is not None:
            following = shared.negotiation.best_of(self._offered)
            if following is None:
                return False
            shared.connection_type = following
        shared.notices.append(Failed(error))
        self._fresh, self.due = True, now
        return True

    def _is_hopeless(self, error: BayeuxError) -> bool:
        if not isinstance(error, TransportError) or self._shared.revival is not None:
            return False
        return error.fatal or error.status in _HOPELESS


def _ended(error: BayeuxError, own: AdviceBook | None) -> SessionEndedError:
    """The end of the session by an error: the server advised it, or nothing helps."""
    if own is None:
        ended = SessionEndedError(str(error))
    else:
        why = "a negative interval" if own.interval < 0 else f"reconnect {own.reconnect!r}"
        ended = SessionEndedError(f"{error} (the server advised {why})")
    ended.__cause__ = error if own is None or own.is_known else UnknownAdviceError(str(own.reconnect))
    return ended


def _no_transport(allowed: tuple[str, ...], message: Message) -> str:
    offered = message.supported_connection_types or []
    # The wording of CometD's clients, code included.
    return f"405:c{list(allowed)},s{offered}:no_transport: no transport that both sides have"
