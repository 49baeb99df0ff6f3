"""``/meta/connect``: the request that events ride home on (Bayeux 1.0, section 4.2).

Owns how long a connect is held, what becomes of an older one, and the reply with its advice and acknowledgement.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import replies
from .ack import AckQueue, acknowledged_batch
from .errors import Refused
from .sessions import Hold

if TYPE_CHECKING:
    from .exchange import Exchange
    from .kernel import Kernel
    from .options import Json
    from .sessions import Session

__all__ = ("connect", "finish_connect", "release")


def connect(kernel: Kernel, message: Json, exchange: Exchange) -> None:
    """Take a connect in. It is answered by `finish_connect`, at once if its hold has no timeout.

    Raises:
        Refused: The session is unknown, its token dead or the connection type not offered.
    """
    session = kernel.session_of(message, exchange)
    kind = message.get("connectionType")
    if kind not in kernel.options.connection_types:
        raise Refused(f"301:{kind}:Connection types not supported")
    batch = acknowledged_batch(message)
    if isinstance(session.queue, AckQueue) and batch is not None:
        session.queue.acknowledge(batch)
    if session.hold is not None:
        session.hold.supersede()
    session.attach(exchange.stream)
    exchange.hold = session.hold = _hold(kernel, session, message, alone=exchange.alone)
    session.connected = True


def _hold(kernel: Kernel, session: Session, message: Json, *, alone: bool) -> Hold:
    advice = message.get("advice")
    advised = not session.connected or advice is not None
    waiting = session.queue and not session.streaming
    if not session.connected or waiting or not alone:
        return Hold(message, 0, advised=advised)
    wish = advice.get("timeout") if isinstance(advice, dict) else None
    timeout = max(0, wish / 1000) if isinstance(wish, int | float) else kernel.options.timeout
    return Hold(message, timeout, advised=advised)


def finish_connect(kernel: Kernel, exchange: Exchange, session: Session, hold: Hold) -> tuple[Json, list[Json]]:
    """The reply to a connect, and the events that go with it.

    Raises:
        Refused: The token died while the connect was held.
        Unauthorized: The same, said by HTTP.
    """
    release(kernel, session)
    kernel.gate.check(hold.request, exchange.caller, session)
    reply = replies.reply(hold.request, advice=_advice(kernel, session, hold))
    events = [] if session.streaming else session.queue.take()
    if isinstance(session.queue, AckQueue):
        reply["ext"] = {"ack": session.queue.close_batch()}
    return reply, events


def _advice(kernel: Kernel, session: Session, hold: Hold) -> Json | None:
    if session not in kernel.sessions:
        return session.farewell
    return replies.advice_to_retry(kernel.options) if hold.advised else None


def release(kernel: Kernel, session: Session) -> None:
    """The session's connect is held no longer: from now on its client has to show itself again."""
    session.hold = None
    kernel.sessions.touch(session)
