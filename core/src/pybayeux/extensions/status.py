"""The extensions of one client as its user sees them: which act, in which order, and why the others do not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .candidates import State

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .candidates import Candidate
    from .discovery import Installed

__all__ = ("ExtensionStatus", "active_status", "status_of", "summary")


@dataclass(frozen=True, slots=True)
class ExtensionStatus:
    """One extension of a client.

    Attributes:
        name: The name of the extension.
        dist: The distribution that brings it; None where the program passed it.
        version: The version of that distribution, or None.
        state: ``active``, ``disabled``, ``not configured``, ``incompatible`` or ``broken``; a string.
        reason: Why it is not active; empty where it is.
        order: Its place among the active ones: 1 is the first whose `incoming` is called, and the last whose `outgoing`
            is, where no ``tryfirst`` or ``trylast`` says otherwise. None where it is not active.
    """

    name: str
    dist: str | None
    version: str | None
    state: State
    reason: str = ""
    order: int | None = None

    def __str__(self) -> str:
        name = f"{self.name} {self.version}" if self.version else self.name
        return name if self.state is State.ACTIVE else f"{name} ({self.state})"


def active_status(name: str, installed: Installed | None, order: int) -> ExtensionStatus:
    """The status of a registered extension; `installed` is None where the program passed it."""
    dist, version = (installed.dist, installed.version) if installed is not None else (None, None)
    return ExtensionStatus(name, dist, version, State.ACTIVE, order=order)


def status_of(candidate: Candidate) -> ExtensionStatus:
    """The status of an installed extension that is left out."""
    installed = candidate.installed
    return ExtensionStatus(candidate.name, installed.dist, installed.version, candidate.state, candidate.reason)


def summary(statuses: Iterable[ExtensionStatus]) -> str:
    """All of them in one line."""
    found = list(statuses)
    active = [str(each) for each in found if each.state is State.ACTIVE]
    others = [str(each) for each in found if each.state is not State.ACTIVE]
    left_out = f"; not in use: {', '.join(others)}" if others else ""
    return f"{', '.join(active) or 'none'}{left_out}"
