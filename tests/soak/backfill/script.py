"""Random scripts: records change, their events are purged or have no fields, and the consumer is killed meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ("FillScript", "FillStep", "random_script")

_LENGTH: Final = 1.2
"""Seconds in which everything happens."""
_RECORDS: Final = 14


@dataclass(frozen=True, slots=True, order=True)
class FillStep:
    """One thing that happens.

    Attributes:
        at: When, in seconds.
        action: ``change``, ``crash``, ``purge``, or a method of the emulator.
        arguments: The arguments of the action.
    """

    at: float
    action: str
    arguments: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def __str__(self) -> str:
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.arguments.items())
        return f"{self.at:.2f} {self.action}({arguments})"


@dataclass(frozen=True, slots=True)
class FillScript:
    """Everything that happens in one run.

    Attributes:
        seed: The seed.
        steps: What happens, in order.
        org: Options of the emulator.
        since: Where the consumer begins: ``snapshot``, ``earliest`` or ``latest``.
        before: How many records there are before the consumer starts.
        bulk_from: From how many records on the consumer uses Bulk API 2.0.
        pause: Seconds that the consumer takes for an event.
    """

    seed: int
    steps: tuple[FillStep, ...]
    org: Mapping[str, Any]
    since: str
    before: int
    bulk_from: int
    pause: float

    def __str__(self) -> str:
        head = f"script {self.seed}: since={self.since}, before={self.before}, bulk_from={self.bulk_from}"
        return "\n".join([f"{head}, pause={self.pause}, org={dict(self.org)}", *(f"  {step}" for step in self.steps)])


def random_script(seed: int) -> FillScript:
    """Return the script of a seed, which determines everything."""
    rng = Random(seed)
    steps = [_change(rng) for _ in range(rng.randint(15, 45))]
    steps += [FillStep(_time(rng), "purge") for _ in range(rng.choice((0, 1, 1, 2, 3)))]
    steps += [
        FillStep(_time(rng), "crash", {"pause": round(rng.uniform(0.0, 0.3), 3)}) for _ in range(rng.randint(0, 3))
    ]
    steps += [_incident(rng) for _ in range(rng.randint(0, 5))]
    return FillScript(
        seed,
        tuple(sorted(steps)),
        org={"seed": seed, "query_page": rng.choice((1, 2, 5, 2000)), "batch_events": rng.choice((1, 3, 100))},
        since=rng.choice(("snapshot", "snapshot", "earliest", "latest")),
        before=rng.choice((0, 3, 8)),
        bulk_from=rng.choice((4, 50_000, 50_000)),
        pause=rng.choice((0.0, 0.002, 0.01)),
    )


def _time(rng: Random) -> float:
    return round(rng.uniform(0.0, _LENGTH), 3)


def _change(rng: Random) -> FillStep:
    kind = rng.choice(("UPDATE",) * 6 + ("DELETE", "GAP_UPDATE", "GAP_UPDATE", "GAP_DELETE", "GAP_OVERFLOW"))
    count = rng.choice((1, 1, 1, 2, 4))
    numbers = rng.sample(range(_RECORDS), count)
    return FillStep(_time(rng), "change", {"kind": kind, "numbers": numbers})


def _crash(rng: Random) -> FillStep:
    return FillStep(_time(rng), "crash", {"pause": round(rng.uniform(0.0, 0.3), 3)})


def _incident(rng: Random) -> FillStep:
    action, arguments = rng.choice(_INCIDENTS)
    return FillStep(_time(rng), action, arguments(rng))


def _fault(rng: Random) -> dict[str, Any]:
    kind = rng.choice(
        (
            "request-eof",
            "request-reset",
            "http-500",
            "http-503",
            "reply-eof",
            "reply-lost",
            "html-200",
            "truncated-json",
        )
    )
    where: dict[str, Any] = rng.choice(({}, {"channel": "/meta/connect"}, {"with_events": True}, {"path": _REST}))
    return {"kind": kind, "n": rng.choice((1, 1, 2)), **where}


def _nothing(rng: Random) -> dict[str, Any]:
    return {}


def _migration(rng: Random) -> dict[str, Any]:
    # Where old ids stand for other events afterwards, only the name of the instance shows the move. If a fault keeps it
    # from being read, a warning says that events may be missing.
    return {"collide": False}


def _busy(rng: Random) -> dict[str, Any]:
    return {"n": rng.randint(1, 2)}


_FAULTS: Final = (
    "request-eof",
    "request-reset",
    "http-500",
    "http-503",
    "reply-eof",
    "reply-lost",
    "html-200",
    "truncated-json",
)
_REST: Final = "/services/data"
_INCIDENTS: Final[tuple[tuple[str, Callable[[Random], dict[str, Any]]], ...]] = (
    ("fail_next", _fault),
    ("fail_next", _fault),
    ("fail_next", _fault),
    ("rebalance", _nothing),
    ("kill_sessions", _nothing),
    ("revoke", _nothing),
    ("busy", _busy),
    ("migrate", _migration),
    ("cut_connections", _nothing),
)
