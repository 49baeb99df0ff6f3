"""`Display`: one run of `pybayeux watch`, which receives, and shows a snapshot in each interval.

Owns when a snapshot is shown, and in which form: a view, lines, or one alone.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import msgspec
from rich.console import Console

from ..._printable import printable
from ...extensions.tracing import is_logged, tracing_to
from ..pipes import descriptor_of, reader_gone, write_all
from ..running import first
from ..stderr_log import set_verbosity
from .observer import Observer
from .screen import Screen
from .text import line, view

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence
    from typing import Any

    from ...channel import Channel
    from ...subscription import Subscription
    from ..server import Server
    from .snapshot import Snapshot

__all__ = ("Display",)

_BATCH_SIZE: Final = 1000
_PIPED_WIDTH: Final = 120


class Display:
    """One run of the command.

    Args:
        server: Where to connect to, and how.
        channels: The channels to subscribe to.
        once: Show one snapshot only.
        wait: Seconds that it waits for an event.
        interval: Seconds from one snapshot to the next.
        as_json: Write JSON.
    """

    def __init__(
        self,
        server: Server,
        channels: Sequence[Channel],
        *,
        once: bool,
        wait: float,
        interval: float,
        as_json: bool,
    ) -> None:
        self._server: Final = server
        self._channels: Final = channels
        self._once: Final = once
        self._wait: Final = wait
        self._interval: Final = interval
        self._as_json: Final = as_json
        self._descriptor: Final = descriptor_of(sys.stdout, "output")
        self._observer: Final = Observer(server.cli_options.redact)

    async def run(self) -> None:
        """Watch until the end.

        Raises:
            BayeuxError: The session ended.
            Failure: There was no connection in time.
        """
        with tracing_to(self._observer.step):
            await first([self._receive(), self._show(), reader_gone(self._descriptor)])

    async def _receive(self) -> None:
        async with self._server.connected(self._observer) as client:
            subscriptions = await asyncio.gather(*(client.subscribe(channel) for channel in self._channels))
            self._observer.subscribed.set()
            await first(map(_take_all, subscriptions))

    def _show(self) -> Coroutine[Any, Any, None]:
        if self._once:
            return self._show_once()
        return self._show_view() if self._is_for_people() else self._show_lines()

    def _is_for_people(self) -> bool:
        """Whether a view can be drawn: where a log is wanted on the same terminal, its lines would be drawn over."""
        is_logging = logging.getLogger("pybayeux").isEnabledFor(logging.DEBUG) or is_logged()
        is_dumb = os.environ.get("TERM", "dumb").lower() in ("dumb", "unknown")
        is_drawn_over = is_logging and _logs_to_terminal()
        return os.isatty(self._descriptor) and not self._as_json and not is_dumb and not is_drawn_over

    async def _show_once(self) -> None:
        await self._observer.subscribed.wait()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._wait):
                await self._observer.has_event.wait()
        snapshot = self._observer.snapshot()
        await self._write(_as_json(snapshot) if self._as_json else _as_view(snapshot))

    async def _show_lines(self) -> None:
        while True:
            await asyncio.sleep(self._interval)
            snapshot = self._observer.snapshot()
            await self._write(_as_json(snapshot) if self._as_json else f"{line(snapshot)}\n")

    async def _show_view(self) -> None:
        if _logs_to_terminal():
            set_verbosity("quiet")  # the view shows changes and failures itself
        screen = Screen(self._descriptor)
        snapshot = self._observer.snapshot()
        try:
            async with screen.opened():
                while True:
                    await screen.draw(snapshot)
                    await asyncio.sleep(self._interval)
                    snapshot = self._observer.snapshot()
        finally:
            await screen.leave(snapshot)

    async def _write(self, text: str) -> None:
        await write_all(self._descriptor, text.encode("utf-8", "replace"))


def _logs_to_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()


async def _take_all(subscription: Subscription) -> None:
    """Receive events and do nothing with them: the observer has seen them."""
    handled = 0
    while events := await subscription.take(_BATCH_SIZE, handled):
        handled = len(events)


def _as_json(snapshot: Snapshot) -> str:
    return f"{printable(msgspec.json.encode(snapshot).decode(), json=True)}\n"


def _as_view(snapshot: Snapshot) -> str:
    console = Console() if sys.stdout.isatty() else Console(width=_PIPED_WIDTH)
    with console.capture() as capture:
        console.print(view(snapshot))
    return capture.get()
