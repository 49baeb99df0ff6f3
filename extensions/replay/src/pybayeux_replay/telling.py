"""Tells of gaps: to the log, to extensions and to the program's own listener."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from .gap import Gap

if TYPE_CHECKING:
    from pybayeux import HookClient

__all__ = ("OnGap", "Teller")

OnGap: TypeAlias = Callable[[Gap], Any]
"""Is told of each gap; what it returns is awaited where that is possible."""

_logger: Final = logging.getLogger("pybayeux.replay")


class Teller:
    """Tells of each gap once. Nobody waits for those who listen, and no exception of theirs stops anything.

    Args:
        listener: The program's own.
    """

    def __init__(self, listener: OnGap | None) -> None:
        self._listener: Final = listener
        self._tasks: Final[set[asyncio.Future[Any]]] = set()

    def tell(self, gap: Gap, client: HookClient) -> None:
        """Tell of a gap."""
        _logger.warning("%s", gap)
        if self._listener is not None:
            self._call(self._listener, gap)
        hook = client.hook("gap")
        if hook.is_async:
            self._await(hook.acall(gap, client))
        else:
            hook.call(gap, client)

    def _call(self, listener: OnGap, gap: Gap) -> None:
        try:
            result = listener(gap)
        except Exception:
            _logger.exception("on_gap failed")
        else:
            if inspect.isawaitable(result):
                self._await(result)

    def _await(self, awaitable: Awaitable[Any]) -> None:
        task = asyncio.ensure_future(_logged(awaitable))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def finish(self) -> None:
        """Wait for those who still listen."""
        while self._tasks:
            await asyncio.wait(self._tasks)


async def _logged(awaitable: Awaitable[Any]) -> None:
    try:
        await awaitable
    except Exception:
        _logger.exception("on_gap failed")
