"""``/meta/connect``: the request whose reply carries events (Bayeux 1.0, section 4.2).

Owns how long a connect is held, what happens to an older one, and the reply with its advice and acknowledgement.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import replies
from .ack import AckQueue, acknowledged_batch
from .errors import Refused
from .sessions import Hold

if TYPE_CHECKING:
    from ..options import Json
    from .exchange import Exchange
    from .server_state import ServerState
    from .sessions import Session

__all__ = ("connect", "finish_connect", "release")


def connect(state: ServerState, message: Json, exchange: Exchange) -> None:
    """Accept a connect. `finish_connect` answers it, at once if its hold has no timeout.

    Raises:
        Refused: The session is unknown, its token invalid or the connection type not offered.
    """
    session = state.session_of(message, exchange)
    kind = message.get("connectionType")
    if kind not in state.options.connection_types:
        raise Refused(f"301:{kind}:Connection types not supported")
    batch = acknowledged_batch(message)
    if isinstance(session.queue, AckQueue) and batch is not None:
        session.queue.acknowledge(batch)
    if session.hold is not None:
        session.hold.supersede()
    session.connection_type = str(kind)
    session.attach(exchange.stream)
    exchange.hold = session.hold = _hold(state, session, message, alone=exchange.alone)
    session.connected = True


def _hold(state: ServerState, session: Session, message: Json, *, alone: bool) -> Hold:
    advice = message.get("advice")
    advised = not session.connected or advice is not None
    waiting = session.queue and not session.streaming
    if not session.connected or waiting or not alone:
        return Hold(message, 0, advised=advised)
    requested = advice.get("timeout") if isinstance(advice, dict) else None
    timeout = max(0, requested / 1000) if isinstance(requested, int | float) else state.options.timeout
    return Hold(message, timeout, advised=advised)


def finish_connect(state: ServerState, exchange: Exchange, session: Session, hold: Hold) -> tuple[Json, list[Json]]:
    """The reply to a connect, and the events that are delivered with it.

    Raises:
        Refused: The token became invalid while the connect was held.
        Unauthorized: The same, said by HTTP.
    """
    release(state, session)
    state.authenticator.check(hold.request, exchange.caller, session)
    reply = replies.reply(hold.request, advice=_advice(state, session, hold))
    events = [] if session.streaming else session.queue.take()
    if isinstance(session.queue, AckQueue):
        reply["ext"] = {"ack": session.queue.close_batch()}
    return reply, events


def _advice(state: ServerState, session: Session, hold: Hold) -> Json | None:
    if session not in state.sessions:
        return session.final_advice
    return replies.advice_to_retry(state.options) if hold.advised else None


def release(state: ServerState, session: Session) -> None:
    """End the hold of a session. Its lifetime runs again from now on."""
    session.hold = None
    state.sessions.touch(session)
