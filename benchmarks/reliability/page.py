"""The outcomes of a run as Markdown: a summary, and a table of faults and places for each client and target."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Final

from benchmarks.reliability.exchanges import Place
from benchmarks.reliability.faults import FAULTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from benchmarks.reliability.cell import Outcome

__all__ = ("MARKS", "legend", "line", "sections", "write_part")

MARKS: Final = (
    "<!-- What follows is written by benchmarks/reliability. -->\n",
    "<!-- What follows is written by benchmarks/reliability, with --peers. -->\n",
)
"""Where the part of pybayeux begins, and that of the other clients."""

_ERROR_LENGTH: Final = 160


def line(outcome: Outcome) -> str:
    """An outcome in a few words."""
    if outcome.skipped is not None:
        return f"skipped: {outcome.skipped}"
    return ", ".join([_verdict(outcome), *_counts(outcome)])


def _verdict(outcome: Outcome) -> str:
    if outcome.error is not None:
        return "error"
    return "**no**" if outcome.recovery is None else f"{outcome.recovery:.1f} s"


def _counts(outcome: Outcome) -> list[str]:
    counts = {
        "lost": outcome.lost,
        "twice": outcome.twice,
        "out of order": outcome.disordered,
        "reported": outcome.told,
    }
    return [f"{count} {word}" for word, count in counts.items() if count]


def legend() -> str:
    """What each fault is."""
    rows = [
        f"| {fault.name} | {fault.text} | {f'{fault.seconds:g} s' if fault.seconds else 'over at once'} |"
        for fault in FAULTS
    ]
    return "\n".join(["| fault | what happens | how long |", "|---|---|---|", *rows, ""])


def sections(outcomes: Sequence[Outcome]) -> str:
    """The summary, and a section for each client, server and transport."""
    groups: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault(f"{outcome.cell.subject.title} on {outcome.cell.target}", []).append(outcome)
    parts = [_summary(groups), *(f"### {title}\n\n{_table(rows)}" for title, rows in sorted(groups.items()))]
    return "\n".join(parts)


def _summary(groups: dict[str, list[Outcome]]) -> str:
    columns = (
        "client, server, transport",
        "cells",
        "recovers",
        "within 1 s",
        "median",
        "slowest",
        "error",
        "lost",
        "twice",
    )
    head = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
    return "\n".join([*head, *(_totals(title, groups[title]) for title in sorted(groups)), ""])


def _totals(title: str, outcomes: Iterable[Outcome]) -> str:
    tried = [outcome for outcome in outcomes if outcome.skipped is None]
    times = sorted(outcome.recovery for outcome in tried if outcome.recovery is not None and outcome.error is None)
    fast, median = sum(time <= 1 for time in times), statistics.median(times) if times else 0.0
    errors = sum(outcome.error is not None for outcome in tried)
    lost, twice = sum(outcome.lost for outcome in tried), sum(outcome.twice for outcome in tried)
    slowest = times[-1] if times else 0.0
    return (
        f"| {title} | {len(tried)} | {len(times)} | {fast} | {median:.1f} s | {slowest:.1f} s "
        f"| {errors} | {lost} | {twice} |"
    )


def _table(outcomes: Sequence[Outcome]) -> str:
    by_cell = {(outcome.cell.fault.name, outcome.cell.place): outcome for outcome in outcomes}
    rows = []
    for fault in FAULTS:
        cells = [by_cell.get((fault.name, place)) for place in Place]
        if any(cells):
            rows.append(f"| {fault.name} | {' | '.join('-' if cell is None else line(cell) for cell in cells)} |")
    head = ["| fault | " + " | ".join(place.value for place in Place) + " |", "|---|---|---|---|---|"]
    return "\n".join([*head, *rows, "", *_errors(outcomes)])


def _errors(outcomes: Sequence[Outcome]) -> list[str]:
    """The errors of a table, each with the cells that ended with it."""
    where: dict[str, list[str]] = {}
    for outcome in outcomes:
        if outcome.error is not None:
            cell = f"{outcome.cell.fault.name} at {outcome.cell.place.value}"
            where.setdefault(_plain(outcome.error), []).append(cell)
    if not where:
        return []
    return ["Errors:", "", *(f"- {', '.join(sorted(cells))}: `{text}`" for text, cells in where.items()), ""]


def _plain(error: str) -> str:
    """An error on one line, cut, and without what would end its formatting."""
    text = " ".join(error.replace("`", "'").split())
    return text if len(text) <= _ERROR_LENGTH else f"{text[:_ERROR_LENGTH]}..."


def write_part(page: Path, part: int, content: str) -> None:
    """Replaces one of the two generated parts of the page."""
    head, first, rest = page.read_text().partition(MARKS[0])
    ours, second, peers = rest.partition(MARKS[1])
    parts = [ours, peers]
    parts[part] = f"\n{content}" + ("\n" if part == 0 else "")
    page.write_text(f"{head}{first}{parts[0]}{second}{parts[1]}")
