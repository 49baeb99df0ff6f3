"""An exchange's way to the server and back, and what becomes of one that breaks.

Owns the order: the extensions' `outgoing`, the transport, and for what stays unanswered a reply made locally, which
extensions and listeners see like any other. The session is told how each exchange ended, exactly once.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from .. import requests
from ..errors import BayeuxError, TransportError
from ..session import Kind
from .failures import local_reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._util.redact import Redactor
    from ..message import Message
    from ..session import Exchange, Session
    from .hooks import Dropped, Postbox
    from .listeners import Listeners
    from .transport_pool import Wires

__all__ = ("Carrier",)


class Carrier:
    """Carries the exchanges of one session.

    Args:
        session: What is told how they end.
        postbox: Runs the hooks.
        wires: The transports.
        listeners: Hear of failures too.
        redact: Takes secrets out of texts.
        noticed: Called after the session was told.
    """

    def __init__(
        self,
        session: Session,
        *,
        postbox: Postbox,
        wires: Wires,
        listeners: Listeners,
        redact: Redactor,
        noticed: Callable[[], None],
    ) -> None:
        self._session: Final = session
        self._postbox: Final = postbox
        self._wires: Final = wires
        self._listeners: Final = listeners
        self._redact: Final = redact
        self._noticed: Final = noticed

    async def carry(self, exchange: Exchange) -> None:
        """Take an exchange to the server; returns when it is over, well or not."""
        if exchange.kind is Kind.HANDSHAKE:
            self._wires.renew()
        try:
            outgoing = await self._postbox.outgoing(exchange.messages)
            for message, error in outgoing.stopped:
                await self._reject(exchange, message, error)
            if outgoing.passed:
                await self._wires.of(exchange.transport, exchange.host).send(outgoing.passed)
        except BayeuxError as error:
            await self.fail(exchange, error)
        except Exception as error:
            # A transport or the user's own authentication broke: as a failed attempt it is retried like any other.
            failure = TransportError(f"{type(error).__name__}: {self._redact(str(error))}")
            failure.__cause__ = error
            await self.fail(exchange, failure)
        else:
            self._session.over(exchange, _now())
            self._noticed()

    async def fail(self, exchange: Exchange, error: BayeuxError) -> None:
        """An exchange is given up."""
        unanswered = [request.message for request in exchange.unanswered.values()]
        await self._tell_failed([local_reply(message, error, exchange.transport) for message in unanswered])
        self._session.failed(exchange, error, _now())
        self._noticed()

    async def broke(self, error: BayeuxError) -> None:
        """A connection broke between two connects. Extensions see it as a connect that failed: events may be lost."""
        session = self._session
        if session.client_id is None or session.connection_type is None:
            return
        connect = requests.connect(session.client_id, session.connection_type)
        await self._tell_failed([local_reply(connect, error, session.connection_type)])
        session.interrupted(error, _now())
        self._noticed()

    async def _reject(self, exchange: Exchange, message: Message, error: BayeuxError) -> None:
        await self._tell_failed([local_reply(message, error, exchange.transport)])
        assert message.id is not None
        self._session.rejected(exchange, message.id, error, _now())
        self._noticed()

    async def _tell_failed(self, replies: list[Message]) -> None:
        """Let extensions and listeners see failures; the session hears of them in its own way."""

        def take(dropped: Dropped) -> None:
            self._listeners.tell([reply for reply in replies if id(reply) not in dropped])

        await self._postbox.incoming(replies, take)


def _now() -> float:
    return asyncio.get_running_loop().time()
