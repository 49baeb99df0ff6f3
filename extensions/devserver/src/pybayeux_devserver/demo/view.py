"""What is shown: a line for each thing that happens and, in a terminal, a last one that changes all the time.

Owns the form of every line. Without a terminal it is plain text.
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
        """Nobody reads it any more.

        Raises:
            BrokenPipeError: Always; what is written from now on goes nowhere.
        """
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
        raise BrokenPipeError


class View:
    """Shows a run while it lasts.

    Args:
        console: Where to.
        tally: The counts to show.
        elapsed: Tells the seconds since the beginning.
    """

    def __init__(self, console: Console, tally: Tally, elapsed: Callable[[], float]) -> None:
        self._console: Final = console
        self._tally: Final = tally
        self._elapsed: Final = elapsed
        self._state = ""
        self._live: Final = Live(get_renderable=self._row, console=console, transient=True, refresh_per_second=10)

    def told(self, status: Status) -> None:
        """The listener tells of itself."""
        if status.state is not None:
            self._state = status.state
        if status.failure is not None:
            self._say(status.failure, "dim")

    def good(self, text: str) -> None:
        """Something went well."""
        self._say(text, "green")

    def bad(self, text: str) -> None:
        """Something went wrong."""
        self._say(text, "red")

    def summary(self) -> None:
        """Show the tally."""
        lost = self._tally.lost
        self._line(Text(f"\n{self._tally.published:>6} published"))
        self._line(Text(f"{self._tally.handled:>6} handled"))
        self._line(Text(f"{len(lost):>6} lost", "bold red" if lost else "bold green"))
        self._line(Text(f"{self._tally.twice:>6} handled twice"))

    def __enter__(self) -> Self:
        self._line(Text(_HEADER, "bold"))
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def _say(self, text: str, style: str) -> None:
        row, said = self._row(), Text(" ".join(text.split()), style)
        if self._console.is_terminal:  # a file gets it in one line
            width = max(_NARROWEST, self._console.width - row.cell_len)
            said = Text(f"\n{' ' * row.cell_len}").join(said.wrap(self._console, width))
        self._line(row + said)

    def _row(self) -> Text:
        return Text.assemble(
            f"{self._elapsed():5.1f}s  ",
            (f"{self._state:<13}", _COLOURS.get(self._state, "yellow")),
            f"  {self._tally.published:>9}  {self._tally.handled:>7}  ",
        )

    def _line(self, line: Text) -> None:
        self._console.print(line, soft_wrap=True)
