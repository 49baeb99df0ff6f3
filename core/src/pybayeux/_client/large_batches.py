"""Large batches, received in slices: others run between them, so that a million events stop nothing.

The events come first, in their order, and the replies last: a reply says that everything before it was taken. Knows
nothing of sessions.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from ..session.replies import parted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..message import Message
    from ..transports.base import Completion

__all__ = ("MOST_AT_ONCE", "LargeBatches")

MOST_AT_ONCE: Final = 2000
"""Messages of a batch that is received in one turn of the loop."""

_SLICE: Final = 1000


class LargeBatches:
    """Receives one large batch after the other.

    Args:
        receive: Takes a slice.

    Attributes:
        is_busy: Whether slices wait. Batches that come meanwhile have to be put here too, to keep their order.
    """

    def __init__(self, receive: Callable[[list[Message]], Completion]) -> None:
        self._receive: Final = receive
        # Few wait at a time, and an empty deque would take ten times as much.
        self._waiting: Final[list[tuple[list[Message], asyncio.Future[None]]]] = []
        self._worker: asyncio.Task[None] | None = None
        self.is_busy = False

    def put(self, messages: list[Message]) -> Completion:
        """Receive a batch in slices; done when the last one is received."""
        completion: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((messages, completion))
        if self._worker is None:
            # A task of its own: the exchange that brought the batch may be cancelled, and its events are here all the
            # same.
            self._worker, self.is_busy = asyncio.ensure_future(self._run()), True
        return completion

    async def stop(self) -> None:
        """Receive nothing more."""
        worker = self._worker
        if worker is None or worker is asyncio.current_task():
            return
        worker.cancel()
        await asyncio.wait([worker])

    def forget(self) -> None:
        """What waits never goes on: its event loop is gone."""
        self._waiting.clear()
        self._worker = None

    async def _run(self) -> None:
        try:
            while self._waiting:
                messages, completion = self._waiting[0]
                await self._pass(messages, completion)
                self._waiting.pop(0)
        finally:
            self._worker, self.is_busy = None, False
            for _, completion in self._waiting:
                completion.cancel()
            self._waiting.clear()

    async def _pass(self, messages: list[Message], completion: asyncio.Future[None]) -> None:
        try:
            for part in _slices(messages):
                await self._receive(part)
                await asyncio.sleep(0)
        except Exception as error:
            if completion.done():
                raise
            completion.set_exception(error)
        else:
            if not completion.done():
                completion.set_result(None)


def _slices(messages: list[Message]) -> Iterator[list[Message]]:
    others: list[Message] = []
    for start in range(0, len(messages), _SLICE):
        events, replies = parted(messages[start : start + _SLICE])
        others += replies
        yield events
    yield others
