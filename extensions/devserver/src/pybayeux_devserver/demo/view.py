"""The output: a line for each thing that happens and, in a terminal, a last line with the current counts.

Owns the format of every line. Without a terminal it is plain text.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.live import Live
from rich.text import Text

from pybayeux import ConnectionState

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    from .status import Status
    from .tally import Tally

__all__ = ("Screen", "View")

_HEADER: Final = f"{'time':>6}  {'state':<13}  {'published':>9}  {'handled':>7}"
_NARROWEST: Final = 20
_COLOURS: Final = {ConnectionState.CONNECTED.value: "green", "killed": "red"}


class Screen(Console):
    """Standard output."""

    def on_broken_pipe(self) -> None:
        """The reader of standard output has gone.

        Raises:
            BrokenPipeError: Always. Further output is discarded.
        """
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
        raise BrokenPipeError


class View:
    """Shows a run while it lasts.

    Args:
        console: Where to show it.
        tally: The counts to show.
        elapsed: Returns the seconds since the start.
    """

    def __init__(self, console: Console, tally: Tally, elapsed: Callable[[], float]) -> None:
        self._console: Final = console
        self._tally: Final = tally
        self._elapsed: Final = elapsed
        self._state = ""
        self._live: Final = Live(get_renderable=self._row, console=console, transient=True, refresh_per_second=10)

    def show_status(self, status: Status) -> None:
        """Show what the listener reports."""
        if status.state is not None:
            self._state = status.state
        if status.failure is not None:
            self._show(status.failure, "dim")

    def success(self, text: str) -> None:
        """Show a success."""
        self._show(text, "green")

    def failure(self, text: str) -> None:
        """Show a failure."""
        self._show(text, "red")

    def summary(self) -> None:
        """Show the counts."""
        lost = self._tally.lost
        self._line(Text(f"\n{self._tally.published:>6} published"))
        self._line(Text(f"{self._tally.handled:>6} handled"))
        self._line(Text(f"{len(lost):>6} lost", "bold red" if lost else "bold green"))
        self._line(Text(f"{self._tally.twice:>6} handled twice"))
        if self._tally.written:
            twice = self._tally.written_twice
            self._line(Text(f"{self._tally.written:>6} written in the transaction that stores the position"))
            self._line(Text(f"{twice:>6} written twice", "bold red" if twice else "bold green"))

    def __enter__(self) -> Self:
        self._line(Text(_HEADER, "bold"))
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def _show(self, text: str, style: str) -> None:
        row, shown = self._row(), Text(" ".join(text.split()), style)
        if self._console.is_terminal:  # in a file it stays one line
            width = max(_NARROWEST, self._console.width - row.cell_len)
            shown = Text(f"\n{' ' * row.cell_len}").join(shown.wrap(self._console, width))
        self._line(row + shown)

    def _row(self) -> Text:
        return Text.assemble(
            f"{self._elapsed():5.1f}s  ",
            (f"{self._state:<13}", _COLOURS.get(self._state, "yellow")),
            f"  {self._tally.published:>9}  {self._tally.handled:>7}  ",
        )

    def _line(self, line: Text) -> None:
        self._console.print(line, soft_wrap=True)
