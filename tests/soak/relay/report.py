"""The figures of runs, as a table and as JSON."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any

from tests.soak.relay.faults import FAULTS
from tests.soak.relay.network import why_no_namespaces
from tests.soak.relay.replicas import faketime
from tests.soak.relay.small_disk import why_no_disk

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.soak.relay.run import Outcome

__all__ = ("as_json", "means", "table")


def means() -> str:
    """By what means faults are made on this machine."""
    network = "network namespaces" if why_no_namespaces() is None else f"proxies ({why_no_namespaces()})"
    clock = "libfaketime" if faketime() else "a shifted time.time (libfaketime is missing)"
    disk = "a disk of its own" if why_no_disk() is None else f"left out ({why_no_disk()})"
    return f"Cut off by {network}; wrong clock by {clock}; full disk: {disk}."


def as_json(outcome: Outcome) -> dict[str, Any]:
    """Return the figures of a run, with the names of the table."""
    plan, verdict = outcome.plan, outcome.verdict
    return {
        "target": plan.target,
        "seed": plan.seed,
        "lease": plan.lease,
        "seconds": round(outcome.seconds, 1),
        "events": verdict.events,
        "faults": dict(outcome.faults),
        "processes": outcome.starts,
        "lost": verdict.lost,
        "repeated": verdict.repeated,
        "out of order": verdict.out_of_order,
        "of no event": verdict.unknown,
        "ended by themselves": len(outcome.died),
        "stalled": outcome.stalled,
        "fail-over": {name: _spread(found) for name, found in _by_kind(outcome.failed_over)},
        "is good": outcome.is_good,
    }


def _by_kind(found: Sequence[tuple[str, float]]) -> Iterable[tuple[str, list[float]]]:
    for name in FAULTS:
        if seconds := [each for kind, each in found if kind == name]:
            yield name, seconds


def _spread(seconds: Sequence[float]) -> dict[str, float]:
    points = statistics.quantiles(seconds, n=100, method="inclusive") if len(seconds) > 1 else [*seconds] * 99
    return {
        "count": len(seconds),
        "p50": round(statistics.median(seconds), 2),
        "p99": round(points[98], 2),
        "max": round(max(seconds), 2),
    }


def table(outcomes: Sequence[Outcome]) -> str:
    """Return the tables in Markdown: the events, the faults, and the fail-over times."""
    columns = [each.plan.target for each in outcomes]
    lines = [_row("", columns), _row("---", ["---"] * len(columns))]
    figures = [as_json(each) for each in outcomes]
    for name in ("events", "lost", "repeated", "out of order", "ended by themselves", "processes"):
        label = {"ended by themselves": "replicas ended by themselves", "processes": "processes of replicas"}
        lines.append(_row(label.get(name, name), [f"{each[name]:,}" for each in figures]))
    lines.append(_row("faults", [f"{sum(each['faults'].values()):,}" for each in figures]))
    for name, fault in FAULTS.items():
        lines.append(_row(f"- {fault.what}", [str(each["faults"].get(name, "-")) for each in figures]))
    lines += ["", _row("seconds to the first record of another replica: p50 / p99 / max", columns)]
    lines.append(_row("---", ["---"] * len(columns)))
    for name, fault in FAULTS.items():
        if fault.takes_over:
            lines.append(_row(fault.what, [_times(each["fail-over"].get(name)) for each in figures]))
    return "\n".join(lines)


def _times(spread: dict[str, float] | None) -> str:
    return "-" if spread is None else f"{spread['p50']} / {spread['p99']} / {spread['max']}"


def _row(first: str, cells: Sequence[str]) -> str:
    return f"| {' | '.join([first, *cells])} |"
