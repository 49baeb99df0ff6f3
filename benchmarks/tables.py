"""The results as tables in Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from benchmarks import startup
from benchmarks.cases import CASES, Case
from benchmarks.clients import ALL, CORE, PEERS, SOCKETS
from benchmarks.results import Figure, figure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from benchmarks.measure import Measurement
    from benchmarks.results import Outcome, Results

_BEYOND: Final = 60
"""Kilobytes that an idle client may take beyond its sockets."""


def rendered(results: Results) -> str:
    """All tables, the comparison with the best peers first."""
    parts = [_heading(results), summary(results)]
    parts += [case_table(name, results) for name in results.outcomes]
    return "\n\n".join(part for part in parts if part) + "\n"


def _heading(results: Results) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in results.versions.items())
    before, after = results.load[0], results.load[-1]
    kind = "A quick run" if results.quick else "A full run"
    return (
        f"{kind} of {results.date}: {results.rounds} round{'s' * (results.rounds > 1)}; {results.machine}; "
        f"load {before:.1f} before and {after:.1f} after.\n{versions}."
    )


# -- ours beside the best peer


def cost(case: Case) -> Callable[[Measurement], float]:
    """What clients are compared by: processor time, or the time by the clock, in microseconds for each item."""
    return (lambda each: 1e6 / each.per_second) if case.by_clock else (lambda each: each.processor)


def best_peer(case: Case, outcome: Outcome) -> tuple[str, Figure] | None:
    """The peer that costs least."""
    figures = {name: found for name in PEERS if (found := figure(outcome.get(name, []), cost(case)))}
    return min(figures.items(), key=lambda each: each[1].middle) if figures else None


def summary(results: Results) -> str:
    """Our clients beside the best peer of each case, with the ratios that are aimed at."""
    rows = []
    for name, outcome in results.outcomes.items():
        case = CASES.get(name)
        peer = best_peer(case, outcome) if case else None
        if case and peer:
            ours = [figure(outcome.get(client, []), cost(case)) for client in (CORE, ALL)]
            ratios = [
                _ratio(found, peer[1], case.aims.get(client)) for found, client in zip(ours, (CORE, ALL), strict=True)
            ]
            unit = "by the clock" if case.by_clock else "processor"
            rows.append(
                [case.title, unit, *map(_shown, ours), f"{_shown(peer[1])} {peer[0]}", *ratios],
            )
    if not rows:
        return ""
    head = ["case", "us of", "core", "all", "best peer", "core / peer (aim)", "all / peer (aim)"]
    return _table(head, rows)


def _ratio(ours: Figure | None, peer: Figure, aim: float | None) -> str:
    if ours is None:
        return "-"
    ratio = ours.middle / peer.middle
    if aim is None:
        return f"{ratio:.2f}"
    return f"{ratio:.2f} ({aim:g})" if ratio <= aim else f"**{ratio:.2f}** ({aim:g})"


# -- one case


def case_table(name: str, results: Results) -> str:
    """The figures of all clients in one case."""
    if name == startup.NAME:
        return _start_table(results)
    case, outcome, failures = CASES[name], results.outcomes[name], results.failures.get(name, {})
    columns: Mapping[str, Callable[[Measurement], float | None]] = {
        f"processor us / {case.item}": lambda each: each.processor,
        f"{case.items} / s": lambda each: each.per_second,
        "p50 ms": lambda each: each.p50,
        "p99 ms": lambda each: each.p99,
        "peak MB": lambda each: each.peak,
        "kB / further client": lambda each: each.each_client,
    }
    failed = [f"{client}: {why}" for client, why in failures.items()]
    text = f"### {case.title}\n\n`{name}`: {_count(case, results)}.\n\n{measured_table(outcome, columns, 'client')}"
    return "\n".join([text, *(f"\n{line}" for line in [*_beyond_sockets(case, outcome), *failed])])


def _beyond_sockets(case: Case, outcome: Outcome) -> list[str]:
    """What our clients take besides their sockets, which the libraries alone take as well."""
    lines = []
    for client, library in SOCKETS[case.transport].items():
        ours, alone = (figure(outcome.get(name, []), lambda each: each.each_client) for name in (client, library))
        if ours and alone:
            beyond = ours.middle - alone.middle
            lines.append(f"{client}: {_number(beyond)} kB for each further client beyond its sockets (aim: {_BEYOND}).")
    return lines


def _count(case: Case, results: Results) -> str:
    count = case.quick if results.quick else case.count
    each = f" of {case.size} characters" if case.size and case.item != "subscribe" else ""
    rate = "" if case.rate is None else f", {case.rate:g} a second"
    clients = "" if case.many == 1 else f" for each of {case.many} clients"
    return f"{count:,} {case.items}{each}{rate}{clients}, {case.server}"


def _start_table(results: Results) -> str:
    outcome = results.outcomes[startup.NAME]
    columns: Mapping[str, Callable[[Measurement], float | None]] = {
        "processor ms": lambda each: each.processor / 1000,
        "clock ms": lambda each: 1000 / each.per_second,
    }
    return f"### {startup.TITLE}\n\n`{startup.NAME}`\n\n{measured_table(outcome, columns, 'what')}"


def measured_table(outcome: Outcome, columns: Mapping[str, Callable[[Measurement], float | None]], first: str) -> str:
    """The figures of each client, with the columns that have any; `first` is the heading of their names."""
    used = {title: value for title, value in columns.items() if any(figure(each, value) for each in outcome.values())}
    rows = [
        [client, *(_shown(figure(measurements, value)) for value in used.values())]
        for client, measurements in outcome.items()
    ]
    return _table([first, *used], rows)


# -- Markdown


def _shown(found: Figure | None) -> str:
    if found is None:
        return "-"
    if found.least == found.most:
        return _number(found.middle)
    return f"{_number(found.middle)} ({_number(found.least)} to {_number(found.most)})"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
