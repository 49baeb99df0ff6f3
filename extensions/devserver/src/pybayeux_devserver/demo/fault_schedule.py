"""The faults of the demo, and when they happen.

Each fault waits for the recovery from the one before. The client has recovered when it handles an order that was
published after the fault.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Final

from pybayeux import Channel

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Iterable

    from .. import DevServer
    from .process import ListenerProcess
    from .progress import Progress
    from .view import View

__all__ = ("Fault", "due_times", "faults", "run_schedule")

_DOWN: Final = 0.5
"""Seconds without a server, or without a listener."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    Attributes:
        title: What fails.
        recovery: How a client recovers.
        trigger: Makes it happen. It returns when everything that restarts by itself has restarted.
    """

    title: str
    recovery: str
    trigger: Callable[[], Awaitable[None]]


def faults(server: DevServer, listener: ListenerProcess, extensions: Collection[str]) -> tuple[Fault, ...]:
    """All faults, in their order.

    Args:
        server: The server that fails.
        listener: The process that is killed.
        extensions: The names of the listener's extensions: how it recovers depends on them.
    """
    replay = ", replay" if "replay" in extensions else ""
    resent = "unacknowledged, resent" if "ack" in extensions else f"new connection{replay}"
    stored = "replay from its store" if replay else "new process"

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
        Fault("the server drops the session", f"new session{replay}", drop_session),
        Fault("an answer with orders is lost", resent, lose_answer),
        Fault("the token expires", f"fresh token{replay}", expire_token),
        Fault("the server restarts", f"new session{replay}", restart),
        Fault("the listener is killed", stored, kill),
    )


def due_times(count: int, seconds: float, seed: int) -> list[float]:
    """When each fault is due, in seconds from the start.

    The time is divided into slots. The first one is left free for the start, each other one has a fault in its first
    half.
    """
    rng, slot = Random(seed), seconds / (count + 1)
    return [slot * (number + rng.random() / 2) for number in range(1, count + 1)]


async def run_schedule(plan: Iterable[tuple[float, Fault]], progress: Progress, view: View) -> None:
    """Trigger each fault at its time, after the first order was handled.

    Args:
        plan: When each fault is due, and the fault.
        progress: What is handled so far.
        view: Shows each fault and each recovery.
    """
    await _recovered(progress, 0)
    view.success("the first order is handled")
    for due, fault in plan:
        await progress.at(due)
        began, published = progress.elapsed(), progress.tally.published
        view.failure(fault.title)
        await fault.trigger()
        await _recovered(progress, published)
        view.success(f"back in {progress.elapsed() - began:.1f} s: {fault.recovery}")


async def _recovered(progress: Progress, published: int) -> None:
    await progress.until(lambda: progress.tally.newest > published)
