"""The judgement of a run: what was published beside what was handled and what was told.

Pure functions of two lists. What is promised: every event is handled at least once, or a gap of its channel was told;
the first handlings of a channel's events are in the order of their publication; and no process handles an event twice,
unless a gap of its channel was told to it: where the org has moved its ids mean nothing any more, and PushTopics have
nothing else that tells an event from all others.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .journal import Entry

__all__ = ("Verdict", "judge")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a run.

    Attributes:
        published: How many events there were.
        handled: How many of them were handled, each counted once.
        lost: Those never handled, though nothing said that they were gone.
        gone: Those that the server had given up before they were handled, all of them told as a gap.
        silent: Those given up by the server of which no gap was told.
        repeated: Those that one process handled twice.
        after_gap: How many events one process handled twice after it was told of a gap, as it may.
        again: How often an event was handled in a later process once more, as it may after a crash.
        disordered: Those first handled after a later one of their channel.
        strange: What was handled and never published.
        gaps: How many gaps were told.
    """

    published: int
    handled: int
    lost: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()
    after_gap: int = 0
    again: int = 0
    disordered: tuple[str, ...] = ()
    strange: tuple[str, ...] = ()
    gaps: int = 0

    @property
    def problems(self) -> dict[str, tuple[str, ...]]:
        """What must not be, by its name."""
        found = {name: getattr(self, name) for name in ("lost", "silent", "repeated", "disordered", "strange")}
        return {name: marks for name, marks in found.items() if marks}

    @property
    def is_good(self) -> bool:
        """Whether every promise was kept."""
        return not self.problems


@dataclass(slots=True)
class _Channel:
    order: dict[str, int]
    handled: list[str] = field(default_factory=list)


def judge(published: Mapping[str, Sequence[str]], entries: Iterable[Entry], unavailable: Iterable[str] = ()) -> Verdict:
    """Judge a run.

    Args:
        published: The marks of the events by channel, in the order of their publication.
        entries: The journal.
        unavailable: The marks of events that the server had given up before they were handled.
    """
    channels = {name: _Channel({mark: place for place, mark in enumerate(marks)}) for name, marks in published.items()}
    runs: dict[tuple[str, str], set[int]] = defaultdict(set)
    gaps: Counter[str] = Counter()
    counts: Counter[tuple[int, str, str]] = Counter()
    told: set[tuple[int, str]] = set()
    strange: list[str] = []
    for entry in entries:
        if entry.kind == "gap":
            gaps[entry.channel] += 1
            told.add((entry.run, entry.channel))
        if entry.kind != "event":
            continue
        channel = channels.get(entry.channel)
        if channel is None or entry.mark not in channel.order:
            strange.append(entry.mark or entry.text or entry.channel)
            continue
        channel.handled.append(entry.mark)
        counts[entry.run, entry.channel, entry.mark] += 1
        runs[entry.channel, entry.mark].add(entry.run)
    twice = {handling for handling, count in counts.items() if count > 1}
    repeated = {mark for run, name, mark in twice if (run, name) not in told}
    missing = [(name, mark) for name, channel in channels.items() for mark in channel.order.keys() - {*channel.handled}]
    given_up = set(unavailable)
    return Verdict(
        published=sum(len(channel.order) for channel in channels.values()),
        handled=len(runs),
        lost=tuple(sorted(mark for _, mark in missing if mark not in given_up)),
        gone=tuple(sorted(mark for name, mark in missing if mark in given_up and gaps[name])),
        silent=tuple(sorted(mark for name, mark in missing if mark in given_up and not gaps[name])),
        repeated=tuple(sorted(repeated)),
        after_gap=len(twice) - len(repeated),
        again=sum(len(seen) - 1 for seen in runs.values()),
        disordered=tuple(mark for channel in channels.values() for mark in _disordered(channel)),
        strange=tuple(strange),
        gaps=sum(gaps.values()),
    )


def _disordered(channel: _Channel) -> list[str]:
    late, highest = [], -1
    for mark in dict.fromkeys(channel.handled):
        place = channel.order[mark]
        if place < highest:
            late.append(mark)
        highest = max(highest, place)
    return late
