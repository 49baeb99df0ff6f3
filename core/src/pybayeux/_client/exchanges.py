"""The exchanges under way: each one's way through the extensions to the server and back, in a task of its own.

The session allows two at a time. Its runner is told how each one ended, exactly once.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

from ..errors import BayeuxError, TransportError
from ..session import Kind

if TYPE_CHECKING:
    from .._util.redact import Redactor
    from ..message import Message
    from ..session import Exchange
    from .hooks import HookRunner
    from .transport_pool import TransportPool

__all__ = ("ExchangeObserver", "ExchangeRunner")

_CANCELLED: Final = "its task was cancelled by another, or its event loop ended without close()"


class ExchangeObserver(Protocol):
    """Is told how exchanges end: the session's runner."""

    def exchange_finished(self, exchange: Exchange) -> None:
        """The transport has carried an exchange."""

    def exchange_failed(self, exchange: Exchange, error: BayeuxError) -> None:
        """An exchange broke."""

    def message_stopped(self, exchange: Exchange, message: Message, error: BayeuxError) -> None:
        """An extension kept a message from being sent."""

    def exchange_broke(self, error: BaseException) -> None:
        """The task of an exchange ended by an exception that no exchange ends with, such as a cancellation by another.

        Nothing is known of the exchange then.
        """

    def exchanges_over(self) -> None:
        """No exchange is under way any more."""


class ExchangeRunner:
    """Carries exchanges.

    Args:
        observer: Is told how each one ended.
        hooks: Run `outgoing`.
        redact: Takes secrets out of texts.
    """

    def __init__(self, observer: ExchangeObserver, hooks: HookRunner, redact: Redactor) -> None:
        self._observer: Final = observer
        self._hooks: Final = hooks
        self._redact: Final = redact
        self._tasks: Final[dict[Exchange, asyncio.Task[None]]] = {}
        self._given_up: Final[dict[Exchange, None]] = {}

    def attach(self, pool: TransportPool) -> None:
        """Know the transports, which are made after this."""
        self._pool = pool

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._tasks)

    def start(self, exchange: Exchange) -> None:
        """Take an exchange to the server."""
        task = asyncio.get_running_loop().create_task(self._carry(exchange), name=f"pybayeux-{exchange.kind}")
        self._tasks[exchange] = task
        task.add_done_callback(partial(self._over, exchange))

    def cancel(self, exchange: Exchange) -> None:
        """Stop waiting for an exchange, if it is under way."""
        if (task := self._tasks.get(exchange)) is not None:
            self._given_up[exchange] = None
            task.cancel()

    def cancel_all(self) -> None:
        """Stop waiting for every exchange."""
        for exchange in self._tasks:
            self.cancel(exchange)

    def forget(self) -> None:
        """Those under way never end: their event loop is gone."""
        self._tasks.clear()
        self._given_up.clear()

    def _over(self, exchange: Exchange, task: asyncio.Task[None]) -> None:
        if self._tasks.pop(exchange, None) is None:
            return
        if exchange in self._given_up:
            del self._given_up[exchange]
        elif (error := _unexpected(task)) is not None:
            self._observer.exchange_broke(error)
        if not self._tasks:
            self._observer.exchanges_over()

    async def _carry(self, exchange: Exchange) -> None:
        if exchange.kind is Kind.HANDSHAKE:
            self._pool.renew()
        passed: list[Message] = []
        try:
            outgoing = await self._hooks.outgoing(exchange.messages)
            passed = outgoing.passed
            for message, error in outgoing.stopped:
                self._observer.message_stopped(exchange, message, error)
            if passed:
                await self._pool.get(exchange.transport, exchange.host).exchange(passed)
        except asyncio.CancelledError:
            if exchange not in self._given_up:
                # By the end of the event loop, maybe, which waits for this task, and for nothing that comes later.
                await self._pool.close()
            raise
        except BayeuxError as error:
            self._observer.exchange_failed(exchange, error)
        except Exception as error:
            self._hooks.suspect(passed)
            # A transport or the user's own authentication broke: as a failed attempt it is retried like any other.
            failure = TransportError(f"{type(error).__name__}: {self._redact(str(error))}")
            failure.__cause__ = error
            self._observer.exchange_failed(exchange, failure)
        else:
            self._observer.exchange_finished(exchange)


def _unexpected(task: asyncio.Task[None]) -> BaseException | None:
    """What ended a task that is not cancelled by its owner, if it did not end by itself."""
    try:
        return task.exception()
    except asyncio.CancelledError as cancelled:
        return asyncio.CancelledError(*(cancelled.args or (_CANCELLED,)))
