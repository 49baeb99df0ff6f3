"""The count over many scripts."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .stage import Outcome

__all__ = ("SoakTally",)


@dataclass(slots=True)
class SoakTally:
    """What all scripts so far came to."""

    scripts: int = 0
    published: int = 0
    handled: int = 0
    again: int = 0
    gone: int = 0
    gaps: int = 0
    logins: int = 0
    processes: int = 0
    slowest: float = 0.0
    failed: list[str] = field(default_factory=list)
    _began: float = field(default_factory=time.monotonic)

    def add(self, outcome: Outcome) -> None:
        """Count one more."""
        verdict = outcome.verdict
        self.scripts += 1
        self.published += verdict.published
        self.handled += verdict.handled
        self.again += verdict.again
        self.gone += len(verdict.gone)
        self.gaps += verdict.gaps
        self.logins += outcome.logins
        self.processes += outcome.runs
        self.slowest = max(self.slowest, outcome.late)
        if not outcome.is_good:
            self.failed.append(outcome.script.name)

    @property
    def line(self) -> str:
        """One line, for progress."""
        seconds = time.monotonic() - self._began
        failed = f"failed: {', '.join(self.failed)}" if self.failed else "none failed"
        return f"{seconds:6.0f} s  {self.scripts} scripts, {self.handled} of {self.published} events handled, {failed}"

    def __str__(self) -> str:
        restarted = self.processes - self.scripts
        return (
            f"{self.line}\n"
            f"  {self.processes} processes, {restarted} of them after a SIGKILL, {self.logins} logins\n"
            f"  {self.again} events handled once more after a crash\n"
            f"  {self.gaps} gaps told, {self.gone} events in them\n"
            f"  slowest recovery {self.slowest:.1f} s after the last trouble"
        )
