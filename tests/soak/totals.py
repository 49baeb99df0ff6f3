"""The totals of many scripts."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.soak.script_run import Outcome

__all__ = ("Totals",)


@dataclass(slots=True)
class Totals:
    """The outcomes of all scripts so far, added up."""

    scripts: int = 0
    published: int = 0
    handled: int = 0
    again: int = 0
    declared: int = 0
    gaps: int = 0
    logins: int = 0
    processes: int = 0
    slowest: float = 0.0
    failed: list[str] = field(default_factory=list)
    _began: float = field(default_factory=time.monotonic)

    def add(self, outcome: Outcome) -> None:
        """Add the outcome of one script."""
        report = outcome.report
        self.scripts += 1
        self.published += report.published
        self.handled += report.handled
        self.again += report.again
        self.declared += len(report.declared)
        self.gaps += report.gaps
        self.logins += outcome.logins
        self.processes += outcome.runs
        self.slowest = max(self.slowest, outcome.recovery)
        if not outcome.is_good:
            self.failed.append(outcome.script.name)

    @property
    def line(self) -> str:
        """One line of progress."""
        seconds = time.monotonic() - self._began
        failed = f"failed: {', '.join(self.failed)}" if self.failed else "none failed"
        return f"{seconds:6.0f} s  {self.scripts} scripts, {self.handled} of {self.published} events handled, {failed}"

    def __str__(self) -> str:
        restarted = self.processes - self.scripts
        return (
            f"{self.line}\n"
            f"  {self.processes} processes, {restarted} of them beside or after another one, {self.logins} logins\n"
            f"  {self.again} events handled again by another process\n"
            f"  {self.gaps} gaps reported, {self.declared} events in them\n"
            f"  slowest recovery {self.slowest:.1f} s after the last fault"
        )
