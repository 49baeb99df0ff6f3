"""Gaps: the parts of a stream from which events may be missing, and the notification of them.

A `Gap` is found in `resumption.py` and `recovery.py`. This module only describes it, and passes it to the log, to
extensions (hook `gap`) and to the program (option `on_gap`).
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from pybayeux import HookClient

    from .position import Place, Position
    from .stalls import Stall

__all__ = ("Gap", "GapNotifier", "GapReason", "OnGap")

_logger: Final = logging.getLogger("pybayeux.replay")


class GapReason(StrEnum):
    """Why a subscription does not go on after the last handled event."""

    EXPIRED = "expired"
    """The server no longer keeps that event, or it is older than `retention`."""
    FOREIGN = "foreign"
    """Another org or instance numbers the events now. There the replay id stands for no event, or for another one."""
    SKIPPED = "skipped"
    """A session or a reply was lost, and the stream goes on with new events only: because of
    ``on_recovery="latest"``, or because no event was received yet after which to go on."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Events between `position` and `resumes_at` may be missing. To get them, use another interface of the server.

    Attributes:
        subscription: The channel or pattern subscribed to.
        reason: Why.
        position: The last handled event, or None if none is known.
        age: The age of the last handled event; the time since its position was stored if the event has no time. None
            if there is no such event. What came after it may have been missing from then on, however often connects
            were answered without events since.
        resumes_at: Where the subscription goes on: ``earliest`` (the oldest event that the server still keeps),
            ``latest``, or after a replay id. None as long as that is not decided.
    """

    subscription: str
    reason: GapReason
    position: Position | None
    age: timedelta | None
    resumes_at: Place | None = None

    def __str__(self) -> str:
        after = "the beginning" if self.position is None else f"replay id {self.position.replay_id}"
        since = "" if self.age is None else f" ({timedelta(seconds=round(self.age.total_seconds()))} ago)"
        onwards = "" if self.resumes_at is None else f"; going on at {self.resumes_at}"
        return f"{self.subscription}: events after {after}{since} may be missing ({self.reason}){onwards}"


OnGap: TypeAlias = Callable[[Gap], Any]
"""A function that is called with each gap. If it returns an awaitable, that is awaited."""


class GapNotifier:
    """Passes each gap and each stall on, once. It waits for no listener, and an exception of a listener stops nothing.

    Args:
        listener: The program's own listener (option `on_gap`).
    """

    def __init__(self, listener: OnGap | None) -> None:
        self._listener: Final = listener
        self._tasks: Final[list[asyncio.Future[Any]]] = []

    def notify(self, gap: Gap, client: HookClient) -> None:
        """Log a gap, and call the listener and the hook `gap`."""
        _logger.warning("%s", gap)
        if self._listener is not None:
            self._call(self._listener, gap)
        self._call_hook("gap", gap, client)

    def notify_stall(self, stall: Stall, client: HookClient) -> None:
        """Log a stall or its end, and call the hook `stalled`."""
        _logger.log(logging.INFO if stall.is_over else logging.WARNING, "%s", stall)
        self._call_hook("stalled", stall, client)

    def _call_hook(self, name: str, what: Gap | Stall, client: HookClient) -> None:
        hook = client.hook(name)
        if hook.is_async:
            self._run(hook.acall(what, client))
        else:
            hook.call(what, client)

    def _call(self, listener: OnGap, gap: Gap) -> None:
        try:
            result = listener(gap)
        except Exception:
            _logger.exception("on_gap failed")
        else:
            if inspect.isawaitable(result):
                self._run(result)

    def _run(self, awaitable: Awaitable[Any]) -> None:
        task = asyncio.ensure_future(_logged(awaitable))
        self._tasks.append(task)
        task.add_done_callback(self._tasks.remove)

    async def finish(self) -> None:
        """Wait for the listeners that are still running."""
        while self._tasks:
            await asyncio.wait(self._tasks)


async def _logged(awaitable: Awaitable[Any]) -> None:
    try:
        await awaitable
    except Exception:
        _logger.exception("on_gap failed")
