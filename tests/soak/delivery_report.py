"""The delivery report of a run: what was published, compared with the consumer's journal.

Pure functions of two lists. The rules: every event is handled at least once, or a gap of its channel was reported; the
first handlings of a channel's events are in the order of their publication; and no process handles an event twice,
unless a gap of its channel was reported to it. After a gap repeats are allowed because replay ids change when an org
moves, and a PushTopic event has nothing else that identifies it. Two processes of one name that handle the same events
report each other, unless a gap explains it. Where each event is written together with its position, none is written
twice.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tests.soak.journal import Entry

__all__ = ("DeliveryReport", "evaluate")


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What became of the events of a run.

    Attributes:
        published: How many events were published.
        handled: How many of them were handled, each counted once.
        lost: Events that were never handled although the server had them.
        declared: Events that the server deleted before they were handled, and that a reported gap covers.
        undeclared: Events that the server deleted before they were handled, without a reported gap.
        repeated: Events that one process handled twice.
        after_gap: How many events one process handled twice after a reported gap, which is allowed.
        again: How many events a later process handled again, which is allowed after a crash.
        silent: Events that two processes of one name handled, though none was killed, none reported the other, and no
            gap of the channel was reported to one of them: after a gap a process begins at an earlier place.
        disordered: Events that were first handled after a later event of their channel.
        unexpected: Events that were handled and never published.
        gaps: How many gaps were reported.
    """

    published: int
    handled: int
    lost: tuple[str, ...] = ()
    declared: tuple[str, ...] = ()
    undeclared: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()
    after_gap: int = 0
    again: int = 0
    silent: tuple[str, ...] = ()
    disordered: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    gaps: int = 0

    @property
    def problems(self) -> dict[str, tuple[str, ...]]:
        """The events that break a rule, by rule."""
        rules = ("lost", "undeclared", "repeated", "silent", "disordered", "unexpected")
        found = {name: getattr(self, name) for name in rules}
        return {name: marks for name, marks in found.items() if marks}

    @property
    def is_good(self) -> bool:
        """Whether no rule was broken."""
        return not self.problems


@dataclass(slots=True)
class _Channel:
    order: dict[str, int]
    handled: list[str] = field(default_factory=list)


def evaluate(
    published: Mapping[str, Sequence[str]],
    entries: Iterable[Entry],
    unavailable: Iterable[str] = (),
    *,
    crashes: bool = True,
    exactly_once: bool = False,
) -> DeliveryReport:
    """Compare what was published with a journal.

    Args:
        published: The marks of the events by channel, in the order of their publication.
        entries: The journal.
        unavailable: The marks of events that the server deleted before they were handled.
        crashes: Whether processes were killed. Then another one may handle an event again without a report.
        exactly_once: Whether no event may be handled twice, by whichever process.
    """
    channels = {name: _Channel({mark: index for index, mark in enumerate(marks)}) for name, marks in published.items()}
    runs: dict[tuple[str, str], set[int]] = defaultdict(set)
    gaps: Counter[str] = Counter()
    counts: Counter[tuple[int, str, str]] = Counter()
    with_gap: set[tuple[int, str]] = set()
    unexpected: list[str] = []
    is_reported = False
    for entry in entries:
        is_reported |= entry.kind == "conflict"
        if entry.kind == "gap":
            gaps[entry.channel] += 1
            with_gap.add((entry.run, entry.channel))
        if entry.kind != "event":
            continue
        channel = channels.get(entry.channel)
        if channel is None or entry.mark not in channel.order:
            unexpected.append(entry.mark or entry.text or entry.channel)
            continue
        channel.handled.append(entry.mark)
        counts[entry.run, entry.channel, entry.mark] += 1
        runs[entry.channel, entry.mark].add(entry.run)
    twice = {handling for handling, count in counts.items() if count > 1}
    repeated = {mark for run, name, mark in twice if exactly_once or (run, name) not in with_gap}
    if exactly_once:
        repeated |= {mark for (_, mark), seen in runs.items() if len(seen) > 1}
    unexplained = {mark for (name, mark), seen in runs.items() if sum((run, name) not in with_gap for run in seen) > 1}
    missing = [(name, mark) for name, channel in channels.items() for mark in channel.order.keys() - {*channel.handled}]
    deleted = set(unavailable)
    return DeliveryReport(
        published=sum(len(channel.order) for channel in channels.values()),
        handled=len(runs),
        lost=tuple(sorted(mark for _, mark in missing if mark not in deleted)),
        declared=tuple(sorted(mark for name, mark in missing if mark in deleted and gaps[name])),
        undeclared=tuple(sorted(mark for name, mark in missing if mark in deleted and not gaps[name])),
        repeated=tuple(sorted(repeated)),
        after_gap=len(twice) - len(repeated),
        again=sum(len(seen) - 1 for seen in runs.values()),
        silent=() if crashes or is_reported else tuple(sorted(unexplained)),
        disordered=tuple(mark for channel in channels.values() for mark in _disordered(channel)),
        unexpected=tuple(unexpected),
        gaps=sum(gaps.values()),
    )


def _disordered(channel: _Channel) -> list[str]:
    found, highest = [], -1
    for mark in dict.fromkeys(channel.handled):
        index = channel.order[mark]
        if index < highest:
            found.append(mark)
        highest = max(highest, index)
    return found
