"""``/meta/handshake``: a session begins (Bayeux 1.0, section 4.1).

Owns the negotiation of connection types and extensions, and the events that are queued for a new session.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final

import msgspec

from . import ack, replies
from .errors import Refused
from .queues import PlainQueue

if TYPE_CHECKING:
    from ..options import Json
    from .exchange import Exchange
    from .queues import Queue
    from .server_state import ServerState

__all__ = ("handshake",)

_VERSION: Final = "1.0"


def handshake(state: ServerState, message: Json, exchange: Exchange) -> Json:
    """Create a session.

    Raises:
        Refused: There is no valid token, or no common connection type.
    """
    state.authenticator.check(message, exchange.caller, None)
    offered = list(state.options.connection_types)
    _require_common_type(message.get("supportedConnectionTypes"), offered)
    queue = _queue(state, message)
    if state.options.cookie:
        exchange.cookie = _browser(exchange)
    session = state.sessions.create(browser=exchange.cookie, token=state.authenticator.token_in(message), queue=queue)
    exchange.handshake_events, ext = _queue_handshake_events(state, message, queue)
    count = {"x-messages": len(exchange.handshake_events)} if exchange.handshake_events else {}
    return replies.reply(
        message,
        clientId=session.client_id,
        version=_VERSION,
        minimumVersion=_VERSION,
        supportedConnectionTypes=offered,
        advice=replies.advice_to_retry(state.options),
        ext=ext or None,
        **count,
    )


def _browser(exchange: Exchange) -> str | None:
    """The cookie value of a new session: the one that was sent, or a new one. A WebSocket can no longer set cookies."""
    if exchange.stream is not None:
        return exchange.caller.browser
    return exchange.caller.browser or secrets.token_hex(10)


def _require_common_type(asked: Any, offered: list[str]) -> None:
    # CometD lets a handshake without a common type succeed. The specification and Faye refuse it.
    names = [str(name) for name in asked] if isinstance(asked, list) else []
    if not set(names) & set(offered):
        raise Refused(
            f"301:{','.join(names)}:Connection types not supported",
            supportedConnectionTypes=offered,
            advice={"reconnect": "none"},
        )


def _queue(state: ServerState, message: Json) -> Queue:
    if state.options.ack and ack.is_requested(message):
        return ack.AckQueue()
    return PlainQueue(connect_only=state.options.connect_only)


def _queue_handshake_events(state: ServerState, message: Json, queue: Queue) -> tuple[list[Json], Json]:
    """Queue what the session is greeted with.

    Returns:
        What is delivered with the reply, and what the reply's `ext` says.
    """
    say = state.options.on_handshake
    handshake_events: list[Json] = msgspec.to_builtins(list(say(message)) if say else [])
    if not state.options.deliver_with_handshake:
        # The client takes the batch in the reply as received, so no later event may belong to it.
        ext = _ext(state, queue)
        _put(queue, handshake_events)
        return [], ext
    _put(queue, handshake_events)
    return queue.take(), _ext(state, queue)


def _put(queue: Queue, events: list[Json]) -> None:
    for event in events:
        queue.put(event)


def _ext(state: ServerState, queue: Queue) -> Json:
    ext: Json = {"replay": True} if state.broker.log.enabled else {}
    if isinstance(queue, ack.AckQueue):
        ext["ack"] = ack.handshake_answer(queue, state.options)
    return ext
