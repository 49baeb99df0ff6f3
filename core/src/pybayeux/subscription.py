"""Subscriptions: the events of one channel or pattern, as a user of `AsyncClient` holds them.

Owns what a user can do with one. What brings the events is in `_client.event_queue`.
"""

from __future__ import annotations

import sys
import warnings
from typing import TYPE_CHECKING, Any, Final, Generic, NoReturn, Self

from ._util.typevars import DataT
from .errors import UsageError
from .event_batch import EventBatch

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator
    from types import TracebackType

    from ._client.event_queue import EventQueue
    from .message import Message

__all__ = ("Subscribing", "Subscription")


class Subscription(Generic[DataT]):
    """The events of one channel or pattern, in order: ``async for event in subscription``.

    An event counts as handled when the loop asks for the next one, or leaves its ``async with`` block without an
    exception. With ``ack="manual"`` it counts when ``await event.ack()`` was called on it and on all before it.

    ``Subscription[Order]`` is one made with ``type=Order``: the `data` of its events is an `Order`.
    """

    __slots__ = ("__weakref__", "_queue")

    def __init__(self, queue: EventQueue[DataT]) -> None:
        self._queue: Final = queue

    def __repr__(self) -> str:
        return f"<Subscription {self.channel} {'closed' if self.closed else f'{self.pending} waiting'}>"

    @property
    def channel(self) -> str:
        """The channel or pattern subscribed to."""
        return self._queue.channel

    @property
    def pending(self) -> int:
        """How many events wait to be taken."""
        return self._queue.pending

    @property
    def closed(self) -> bool:
        """Whether the subscription has ended."""
        return self._queue.closed

    def __aiter__(self) -> AsyncIterator[Message[DataT]]:
        return aiter(self._queue)

    async def __anext__(self) -> Message[DataT]:
        return await anext(self._queue)

    async def next(self, timeout: float | None = None) -> Message[DataT]:
        """The next event. It asks for it as a loop does: the event before it counts as handled.

        Args:
            timeout: Seconds to wait for it; unlimited by default. No event is lost if they pass.

        Raises:
            TimeoutError: No event came in time.
            ClientStateError: The subscription has ended.
            ReceiverError: The event does not fit `type`, and ``on_error`` does not go on after it.
            BayeuxError: The error that ended the subscription.
        """
        return await self._queue.next(timeout)

    async def take(self, most: int, handled: int = 0, timeout: float | None = None) -> list[Message[DataT]]:
        """Several events at once: at least one, or none if the subscription has ended.

        Args:
            most: How many at the most.
            handled: How many of those taken before count as handled from now on.
            timeout: Seconds to wait for the first; unlimited by default.

        Raises:
            TimeoutError: No event came in time.
            ReceiverError: As `next` has it.
            BayeuxError: The error that ended the subscription.
        """
        return await self._queue.take(most, handled, timeout)

    async def batches(self, most: int = 500) -> AsyncGenerator[EventBatch[DataT]]:
        """The events as they wait: one that comes alone is a batch of one, a backlog comes in full ones.

        No event is held back to fill a batch. The subscription is made with ``ack="manual"``: a batch is handled when
        its `EventBatch.transaction` has ended, or after `EventBatch.ack`.

        Args:
            most: How many events a batch has at the most.

        Raises:
            ValueError: `most` is not positive.
            BayeuxError: The error that ended the subscription.
        """
        if most < 1:
            raise ValueError(f"most: expected 1 or more; got {most}")
        while events := await self.take(most):
            yield EventBatch(events)

    async def finish(self, count: int) -> None:
        """The first `count` of the events taken are handled, unless they are to be acknowledged one by one."""
        await self._queue.in_hand.finish(count)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._queue.__aexit__(kind, error, trace)

    async def unsubscribe(self) -> None:
        """End the subscription, and a loop over it. Events that wait are given up, unhandled.

        A second call does nothing.
        """
        await self._queue.unsubscribe()


class Subscribing(Generic[DataT]):
    """A subscription that is not made yet: ``await`` it, or enter it with ``async with``, which also ends it.

    One that is neither awaited nor entered is a RuntimeWarning that names its line, as with a coroutine: nothing was
    subscribed to.
    """

    def __init__(self, channel: str, begin: Callable[[], Awaitable[Subscription[DataT]]]) -> None:
        self._channel: Final = channel
        self._begin: Final = begin
        self._begun = False
        self._subscription: Subscription[DataT] | None = None
        caller = sys._getframe(2)  # of `subscribe`
        self._place: Final = (caller.f_code.co_filename, caller.f_lineno)

    def __del__(self) -> None:
        if not self._begun:
            text = f"subscribe({str(self._channel)!r}) was never awaited: nothing was subscribed to"
            warnings.warn_explicit(text, RuntimeWarning, *self._place)

    def __await__(self) -> Generator[Any, None, Subscription[DataT]]:
        if self._begun:
            raise UsageError("this subscription has begun: call subscribe() again for another")
        self._begun = True
        return self._begin().__await__()

    if not TYPE_CHECKING:  # type checkers know that there is none

        def __aiter__(self) -> NoReturn:
            self._begun = True  # one report is enough
            raise UsageError(f"await subscribe({str(self._channel)!r}) first, or enter it with `async with`")

    async def __aenter__(self) -> Subscription[DataT]:
        self._subscription = await self
        return self._subscription

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._subscription is not None:
            await self._subscription.__aexit__(kind, error, trace)
