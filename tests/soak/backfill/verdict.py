"""The verdict on one run: the changes of records compared with the states that the consumer handled."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, NamedTuple

from tests.soak.backfill.consumer import DELETED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tests.soak.journal import Entry

__all__ = ("Verdict", "judge", "last_versions")


class _Handled(NamedTuple):
    record_id: str
    version: float
    run: int
    is_filled: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of the changes.

    Attributes:
        changes: How many changes of records there were.
        streamed: How many states were handled from the stream.
        filled: How many were handled from a backfill.
        gaps: How many gaps were found.
        fills: How many were filled.
        again: How many states were handled again by a later process.
        in_doubt: How many a backfill handed out again, since it was not certain that they were the same.
        problems: What is wrong, by kind.
    """

    changes: int
    streamed: int
    filled: int
    gaps: int
    fills: int
    again: int
    in_doubt: int
    problems: Mapping[str, Sequence[str]]


def _handled(entries: Iterable[Entry]) -> list[_Handled]:
    found = []
    for entry in entries:
        if entry.kind == "event":
            record_id, _, version = entry.mark.partition(":")
            number = inf if version == DELETED else float(version or -1)
            found.append(_Handled(record_id, number, entry.run, entry.channel != "stream"))
    return found


def last_versions(entries: Iterable[Entry]) -> dict[str, float]:
    """Return the version of each record that was handled last; a deletion is infinite."""
    return {each.record_id: each.version for each in _handled(entries)}


def judge(changes: Mapping[str, Sequence[float]], due: Mapping[str, float], entries: Sequence[Entry]) -> Verdict:
    """Return the verdict.

    Args:
        changes: The versions that each record had since the consumer subscribed; a deletion is infinite.
        due: The last version of each record that the consumer has to know.
        entries: The journal.
    """
    handled, problems = _handled(entries), defaultdict[str, list[str]](list)
    last = {each.record_id: each.version for each in handled}
    problems["last state not handled"] = [
        f"{each} {version:g} (handled: {last.get(each)})" for each, version in due.items() if last.get(each) != version
    ]
    again, in_doubt = _check_order(handled, problems)
    exact = {(each.record_id, each.version) for each in handled}
    newest_filled: dict[str, float] = defaultdict(lambda: -1)
    for each in handled:
        if each.is_filled:
            newest_filled[each.record_id] = max(newest_filled[each.record_id], each.version)
    problems["neither handled nor filled"] = [
        f"{record_id} {version:g}"
        for record_id, versions in changes.items()
        for version in versions
        if (record_id, version) not in exact and newest_filled[record_id] < version
    ]
    problems["gap left open"] = [entry.text for entry in entries if entry.kind == "open"]
    return Verdict(
        changes=sum(map(len, changes.values())),
        streamed=sum(not each.is_filled for each in handled),
        filled=sum(each.is_filled for each in handled),
        gaps=sum(entry.kind == "gap" for entry in entries),
        fills=sum(entry.kind == "filled" for entry in entries),
        again=again,
        in_doubt=in_doubt,
        problems={name: found for name, found in problems.items() if found},
    )


def _check_order(handled: Sequence[_Handled], problems: dict[str, list[str]]) -> tuple[int, int]:
    """Find states that one process got out of order, or twice from the stream.

    Returns:
        How many states were handled again by a later process, and how many a backfill has handed out again in doubt.
    """
    seen, newest, again, in_doubt = set[tuple[str, float]](), dict[tuple[int, str], float](), 0, 0
    for each in handled:
        before = newest.get((each.run, each.record_id))
        if before is not None and each.version <= before:
            if each.version == before and each.is_filled:
                in_doubt += 1
                continue
            name = "handled twice by one process" if each.version == before else "an older state after a newer one"
            source = "filled" if each.is_filled else "stream"
            problems[name].append(f"{each.record_id} {each.version:g} after {before:g} (run {each.run}, {source})")
        again += before is None and (each.record_id, each.version) in seen
        seen.add((each.record_id, each.version))
        newest[each.run, each.record_id] = max(each.version, -1 if before is None else before)
    return again, in_doubt
