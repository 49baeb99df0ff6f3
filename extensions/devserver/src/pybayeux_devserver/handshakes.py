"""``/meta/handshake``: a session begins (Bayeux 1.0, section 4.1).

Owns the negotiation of connection types and extensions, and what a new session is greeted with.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final

import msgspec

from . import ack, replies
from .errors import Refused
from .queues import PlainQueue

if TYPE_CHECKING:
    from .exchange import Exchange
    from .kernel import Kernel
    from .options import Json
    from .queues import Queue

__all__ = ("handshake",)

_VERSION: Final = "1.0"


def handshake(kernel: Kernel, message: Json, exchange: Exchange) -> Json:
    """Begin a session.

    Raises:
        Refused: No valid token, or no connection type in common.
    """
    kernel.gate.check(message, exchange.caller, None)
    offered = list(kernel.options.connection_types)
    _require_common_type(message.get("supportedConnectionTypes"), offered)
    queue = _queue(kernel, message)
    if kernel.options.cookie:
        exchange.cookie = _browser(exchange)
    session = kernel.sessions.create(browser=exchange.cookie, token=kernel.gate.token_in(message), queue=queue)
    exchange.greeting, ext = _greeting(kernel, message, queue)
    count = {"x-messages": len(exchange.greeting)} if exchange.greeting else {}
    return replies.reply(
        message,
        clientId=session.client_id,
        version=_VERSION,
        minimumVersion=_VERSION,
        supportedConnectionTypes=offered,
        advice=replies.advice_to_retry(kernel.options),
        ext=ext or None,
        **count,
    )


def _browser(exchange: Exchange) -> str | None:
    """What binds the new session: the cookie that came, or a new one; a socket has no way left to set one."""
    if exchange.stream is not None:
        return exchange.caller.browser
    return exchange.caller.browser or secrets.token_hex(10)


def _require_common_type(asked: Any, offered: list[str]) -> None:
    # CometD lets a handshake without a common type succeed; the specification and Faye do not.
    names = [str(name) for name in asked] if isinstance(asked, list) else []
    if not set(names) & set(offered):
        raise Refused(
            f"301:{','.join(names)}:Connection types not supported",
            supportedConnectionTypes=offered,
            advice={"reconnect": "none"},
        )


def _queue(kernel: Kernel, message: Json) -> Queue:
    if kernel.options.ack and ack.is_requested(message):
        return ack.AckQueue()
    return PlainQueue(connect_only=kernel.options.connect_only)


def _greeting(kernel: Kernel, message: Json, queue: Queue) -> tuple[list[Json], Json]:
    """Queue what the session is greeted with.

    Returns:
        What is delivered with the reply, and what the reply's `ext` says.
    """
    say = kernel.options.on_handshake
    greeting: list[Json] = msgspec.to_builtins(list(say(message)) if say else [])
    if not kernel.options.deliver_with_handshake:
        # The batch that the reply tells is taken as received: nothing that comes later may be part of it.
        ext = _ext(kernel, queue)
        _put(queue, greeting)
        return [], ext
    _put(queue, greeting)
    return queue.take(), _ext(kernel, queue)


def _put(queue: Queue, events: list[Json]) -> None:
    for event in events:
        queue.put(event)


def _ext(kernel: Kernel, queue: Queue) -> Json:
    ext: Json = {"replay": True} if kernel.broker.log.enabled else {}
    if isinstance(queue, ack.AckQueue):
        ext["ack"] = ack.handshake_answer(queue, kernel.options)
    return ext
