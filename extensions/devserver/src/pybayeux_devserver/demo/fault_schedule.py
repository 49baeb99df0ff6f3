"""What goes wrong, and when.

Owns the list of faults and their schedule. Each fault waits for the recovery from the one before it, and recovered is
what an order proves that was published after the fault and is handled.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Final

from pybayeux import Channel

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from .. import DevServer
    from .process import ListenerProcess
    from .progress import Progress
    from .view import View

__all__ = ("Fault", "due_times", "faults", "run_schedule")

_DOWN: Final = 0.5
"""Seconds without a server, and without a listener."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong.

    Attributes:
        title: What it is.
        recovery: How a client lives through it.
        trigger: Lets it happen; where something is to come back by itself, returns when it may.
    """

    title: str
    recovery: str
    trigger: Callable[[], Awaitable[None]]


def faults(server: DevServer, listener: ListenerProcess) -> tuple[Fault, ...]:
    """All of them, in the order in which they come."""

    async def drop_session() -> None:
        server.faults.drop_sessions()

    async def lose_answer() -> None:
        server.faults.lose_replies(channel=Channel.META_CONNECT, with_events=True)

    async def expire_token() -> None:
        server.faults.expire_token()

    async def restart() -> None:
        await server.restart(_DOWN)

    async def kill() -> None:
        await listener.kill()
        await listener.start()

    return (
        Fault("the server drops the session", "new session, replay", drop_session),
        Fault("an answer with orders is lost", "unacknowledged, resent", lose_answer),
        Fault("the token expires", "fresh token, replay", expire_token),
        Fault("the server restarts", "new session, replay", restart),
        Fault("the listener is killed", "replay from its store", kill),
    )


def due_times(count: int, seconds: float, seed: int) -> list[float]:
    """When they are due, in seconds from the beginning.

    The time is cut into slots; the first is left free for the start, and each other has one fault in its first half.
    """
    chance, slot = Random(seed), seconds / (count + 1)
    return [slot * (number + chance.random() / 2) for number in range(1, count + 1)]


async def run_schedule(plan: Iterable[tuple[float, Fault]], progress: Progress, view: View) -> None:
    """Let everything go wrong in its time, beginning when the first order is handled.

    Args:
        plan: The faults, and when they are due.
        progress: Tells what is handled.
        view: Is told of each fault and each recovery.
    """
    await _recovery(progress, 0)
    view.good("the first order is handled")
    for due, fault in plan:
        await progress.at(due)
        began, published = progress.elapsed(), progress.tally.published
        view.bad(fault.title)
        await fault.trigger()
        await _recovery(progress, published)
        view.good(f"back in {progress.elapsed() - began:.1f} s: {fault.recovery}")


async def _recovery(progress: Progress, published: int) -> None:
    await progress.until(lambda: progress.tally.newest > published)
