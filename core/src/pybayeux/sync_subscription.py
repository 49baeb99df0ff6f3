"""The subscription of the synchronous client: the events of one channel, for a thread without an event loop."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Any, Final, Generic, Self

from ._util.loop_thread import Done, LoopThread
from ._util.typevars import DataT
from .errors import ClientStateError, ReceiverError, UsageError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator, Sequence
    from contextlib import AbstractAsyncContextManager
    from types import TracebackType

    from ._client.event_queue import EventQueue
    from .message import Message, Receipt

__all__ = ("SyncSubscription", "with_sync_receipt")

_CHUNK: Final = 256
"""How many events are taken at once."""
_TELL_AFTER: Final = 0.05
"""Seconds after which it is told what was handled, even if events are left."""


class SyncSubscription(Generic[DataT]):
    """The events of one channel or pattern, in order: ``for event in subscription``.

    An event counts as handled when the loop asks for the next one, or leaves its ``with`` block without an exception.
    ``SyncSubscription[Order]`` is one made with ``type=Order``: the `data` of its events is an `Order`.
    """

    def __init__(self, thread: LoopThread, queue: EventQueue[DataT]) -> None:
        self._queue: Final = queue
        self._thread: Final = thread
        self._taken: deque[Message[DataT]] = deque()
        self._handled = 0
        self._in_hand = False
        self._told = time.monotonic()

    def __repr__(self) -> str:
        return f"<SyncSubscription {self.channel} {'closed' if self.closed else f'{self.pending} waiting'}>"

    @property
    def channel(self) -> str:
        """The channel or pattern subscribed to."""
        return self._queue.channel

    @property
    def pending(self) -> int:
        """How many events wait to be taken."""
        return len(self._taken) + self._queue.pending

    @property
    def closed(self) -> bool:
        """Whether the subscription has ended."""
        return self._queue.closed

    def __iter__(self) -> Iterator[Message[DataT]]:
        # A generator, and few calls for an event that was taken ahead: this costs half as much as `__next__`.
        thread, queue, taken = self._thread, self._queue, self._taken
        while (event := self._next(None)) is not None:
            yield event
            while taken and not queue.closed and time.monotonic() - self._told <= _TELL_AFTER:
                self._handled += self._in_hand
                self._in_hand = True
                event = taken.popleft()
                yield event if event.receipt is None else with_sync_receipt(thread, event)

    def __next__(self) -> Message[DataT]:
        if (event := self._next(None)) is None:
            raise StopIteration
        return event

    def next(self, timeout: float | None = None) -> Message[DataT]:
        """The next event. See `Subscription.next`."""
        if (event := self._next(timeout)) is None:
            raise ClientStateError(f"the subscription to {self.channel} has ended")
        return event

    def _next(self, timeout: float | None) -> Message[DataT] | None:
        self._handled += self._in_hand
        self._in_hand = False
        if self._queue.is_given_up:
            self._abandon()
        elif not self._taken:
            self._take(timeout)
        elif time.monotonic() - self._told > _TELL_AFTER:
            self._tell()
        if not self._taken:
            return None
        self._in_hand = True
        return with_sync_receipt(self._thread, self._taken.popleft())

    def _take(self, timeout: float | None) -> None:
        """Take many at once: a change of threads for every event would cost more than the event."""
        handled, self._handled = self._handled, 0
        try:
            self._taken.extend(self._thread.run(self._queue.take(_CHUNK, handled, timeout)))
        except ReceiverError:
            self._in_hand = True  # it is taken, and handled if the caller goes on
            raise
        except ClientStateError:
            if not self._queue.is_given_up:  # another thread closed the client just now
                raise
        self._told = time.monotonic()

    def _abandon(self) -> None:
        """The subscription was ended: what was taken ahead is given up."""
        self._taken.clear()
        handled, self._handled = self._handled, 0
        if self._thread.is_running:
            self._thread.run(self._queue.in_hand.abandon(handled))

    def _tell(self) -> None:
        handled, self._handled = self._handled, 0
        self._thread.run(self._queue.in_hand.finish(handled))
        self._told = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._handled += self._in_hand and kind is None
        self._in_hand = False
        if self._queue.is_given_up and not self._thread.is_running:
            return  # the client was closed
        self._tell()
        self._thread.run(self._queue.leave(error))

    def unsubscribe(self) -> None:
        """End the subscription, and a loop over it. See `Subscription.unsubscribe`."""
        self._thread.run(self._queue.unsubscribe())


def with_sync_receipt(thread: LoopThread, event: Message[DataT]) -> Message[DataT]:
    """Let an event, if it has a receipt, be acknowledged without an await, in any thread but that of the loop."""
    if event.receipt is not None and not isinstance(event.receipt, _SyncReceipt):
        event.attach_receipt(_SyncReceipt(thread, event.receipt))
    return event


class _SyncReceipt:
    """The right to acknowledge one event, from a thread without a loop."""

    def __init__(self, thread: LoopThread, receipt: Receipt) -> None:
        self._thread = thread
        self._receipt = receipt

    def acknowledge(self) -> Awaitable[None]:
        """Acknowledge, and wait until the extensions have seen that; on the loop itself, return what is to await."""
        if self._thread.is_current:
            return self._receipt.acknowledge()

        async def acknowledge() -> None:
            await self._receipt.acknowledge()

        self._thread.run(acknowledge())
        return Done()

    def transaction(self, earlier: Sequence[Receipt] = ()) -> AbstractAsyncContextManager[Any]:
        """There are none without an event loop."""
        raise UsageError("transactions need an AsyncClient: this event came from the synchronous Client")
