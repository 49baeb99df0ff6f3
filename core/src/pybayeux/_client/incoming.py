"""Incoming batches, in order: each passes the `incoming` hooks before what it means is acted on.

Usually that happens at once, in the call that hands a batch over: no task, no await. Only where an asynchronous hook
has to be awaited do this batch, and those that come before it is done, wait in a queue of their own. Knows nothing of
sessions; both clients use it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from ..transports.base import DONE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..message import Message
    from ..transports.base import Completion
    from .hooks import HookRunner, Vetoes

__all__ = ("IncomingQueue",)

Take: TypeAlias = "Callable[[Vetoes], None]"


class _Waiting(NamedTuple):
    messages: Sequence[Message]
    take: Take
    completion: asyncio.Future[None]


class IncomingQueue:
    """Runs `incoming` on one batch after the other.

    Args:
        hooks: Runs the extensions.
        broke: Is told of an exception that ends the work on a batch. Without it, it is raised in the caller.
    """

    def __init__(self, hooks: HookRunner, broke: Callable[[BaseException], None] | None = None) -> None:
        self._hooks: Final = hooks
        self._broke: Final = broke
        # Few wait at a time, and an empty deque would take ten times as much.
        self._waiting: Final[list[_Waiting]] = []
        self._worker: asyncio.Task[None] | None = None

    def put(self, messages: Sequence[Message], take: Take) -> Completion:
        """Run `incoming` on a batch, then call `take` with the vetoes: at once, unless there is something to await.

        An empty batch keeps its place too: so the end of an exchange comes after what the exchange brought.
        """
        if self._worker is None and (vetoes := self._hooks.incoming(messages)) is not None:
            try:
                take(vetoes)
            except Exception as error:
                if self._broke is None:
                    raise
                self._broke(error)
            return DONE
        completion: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(messages, take, completion))
        if self._worker is None:
            # A task of its own: the exchange that brought the batch may be cancelled, and its events are here all the
            # same.
            self._worker = asyncio.ensure_future(self._run())
        return completion

    async def finish(self) -> None:
        """Wait until nothing waits any more. Returns at once when it is called by a hook that is being awaited."""
        if self._worker is not None and self._worker is not asyncio.current_task():
            await asyncio.wait([self._worker])

    def forget(self) -> None:
        """What waits never goes on: its event loop is gone."""
        self._waiting.clear()
        self._worker = None

    async def _run(self) -> None:
        try:
            while self._waiting:
                await self._pass(self._waiting.pop(0))
        except BaseException as error:  # the task was cancelled from outside, say
            while self._waiting:
                self._waiting.pop(0).completion.cancel()
            if self._broke is None:
                raise
            self._broke(error)
        finally:
            self._worker = None

    async def _pass(self, batch: _Waiting) -> None:
        try:
            batch.take(await self._hooks.incoming_async(batch.messages))
        except BaseException as error:
            if isinstance(error, Exception) and self._broke is None and not batch.completion.done():
                batch.completion.set_exception(error)
                return
            batch.completion.cancel()
            raise
        if not batch.completion.done():
            batch.completion.set_result(None)
