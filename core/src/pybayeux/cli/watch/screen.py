"""`Screen`: the terminal, with one view at a time, drawn over the one before.

Owns the alternate screen, so that what the terminal showed before comes back at the end. Writes go past the event loop,
because a terminal that was stopped with Ctrl-S must not cost the session.
"""

from __future__ import annotations

import asyncio
import io
import os
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.control import Control
from rich.segment import ControlType

from ..pipes import write_all
from .text import view

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from rich.console import RenderableType

    from .snapshot import Snapshot

__all__ = ("Screen",)

_PATIENCE: Final = 1.0
"""Seconds that the end waits for a terminal that takes nothing."""
_TO_END_OF_LINE: Final = "\x1b[K"
_TO_END_OF_SCREEN: Final = "\x1b[J"


class Screen:
    """Draws snapshots.

    Args:
        descriptor: The terminal.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor: Final = descriptor

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Take the whole terminal during the block, and give it back as it was."""
        await self._write(str(Control.alt_screen(True)) + str(Control.show_cursor(False)))
        try:
            yield
        finally:
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(_PATIENCE):
                    await self._write(str(Control.show_cursor(True)) + str(Control.alt_screen(False)))

    async def draw(self, snapshot: Snapshot) -> None:
        """Draw a snapshot over the one before."""
        height = self._size()[1]
        lines = self._text(view(snapshot, height)).splitlines()[: height - 1]
        whole = "".join(f"{each}{_TO_END_OF_LINE}\r\n" for each in lines)
        await self._write(f"{Control((ControlType.HOME,))}{whole}{_TO_END_OF_SCREEN}")

    async def leave(self, snapshot: Snapshot) -> None:
        """Print a snapshot where the terminal goes on, for the reader to keep."""
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                await self._write(self._text(view(snapshot)))

    def _text(self, shown: RenderableType) -> str:
        width, height = self._size()
        # Not the terminal's own console: it flushes standard output, which waits for a terminal that was stopped.
        text = io.StringIO()
        Console(file=text, force_terminal=True, width=width, height=height, legacy_windows=False).print(shown)
        return text.getvalue()

    def _size(self) -> tuple[int, int]:
        """Columns and lines; those of most terminals where it does not say."""
        columns, lines = os.get_terminal_size(self._descriptor)
        return columns or 80, lines or 24

    async def _write(self, text: str) -> None:
        await write_all(self._descriptor, text.encode("utf-8", "replace"))
