"""``/meta/handshake``: a session begins (Bayeux 1.0, section 4.1).

Owns the negotiation of connection types and extensions.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final

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
    queue, ext = _delivery(kernel, message)
    if kernel.options.cookie:
        exchange.cookie = exchange.caller.browser or secrets.token_hex(10)
    session = kernel.sessions.create(browser=exchange.cookie, token=kernel.gate.token_in(message), queue=queue)
    return replies.reply(
        message,
        clientId=session.client_id,
        version=_VERSION,
        minimumVersion=_VERSION,
        supportedConnectionTypes=offered,
        advice=replies.advice_to_retry(kernel.options),
        ext=ext or None,
    )


def _require_common_type(asked: Any, offered: list[str]) -> None:
    # CometD lets a handshake without a common type succeed; the specification and Faye do not.
    names = [str(name) for name in asked] if isinstance(asked, list) else []
    if not set(names) & set(offered):
        raise Refused(
            f"301:{','.join(names)}:Connection types not supported",
            supportedConnectionTypes=offered,
            advice={"reconnect": "none"},
        )


def _delivery(kernel: Kernel, message: Json) -> tuple[Queue, Json]:
    """The new session's queue, and what the reply's `ext` says of it."""
    ext: Json = {"replay": True} if kernel.broker.log.enabled else {}
    if not (kernel.options.ack and ack.is_requested(message)):
        return PlainQueue(connect_only=kernel.options.connect_only), ext
    queue = ack.AckQueue()
    return queue, {**ext, "ack": ack.handshake_answer(queue, kernel.options)}
