"""The named scripts: one for each failure that users of streaming clients report, and combinations of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.soak.script import BUSY, CHANNELS, CRASH, FAULT, OTHER_ORG, PUBLISH, REPLICA, RETIRE, Script, Step

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("NAMED",)

_BEFORE: Final = 0.5
_AFTER: Final = 2.0
_HOUR: Final = 3600.0
_FILTER: Final = "?Stage=Won&Stage=Lost"


def _stream(until: float = 2.6, every: float = 0.1) -> Iterator[Step]:
    """One event on each channel, at a regular interval."""
    for number in range(int(until / every)):
        for channel in CHANNELS:
            yield Step(round(number * every, 3), PUBLISH, {"channel": channel, "count": 1})


def _burst(at: float, count: int = 30) -> Iterator[Step]:
    for channel in CHANNELS:
        yield Step(at, PUBLISH, {"channel": channel, "count": count})


def _script(
    name: str,
    *incidents: Step,
    exactly_once: bool = False,
    gaps: bool = True,
    retention: float | None = None,
    topic_filter: str = "",
    clock_ahead: float = 0.0,
    **org: Any,
) -> Script:
    return Script(
        name,
        tuple(sorted([*_stream(), *incidents])),
        org=org,
        exactly_once=exactly_once,
        gaps=gaps,
        retention=retention,
        topic_filter=topic_filter,
        clock_ahead=clock_ahead,
    )


def _fault(at: float, kind: str, n: int = 1, **where: Any) -> Step:
    return Step(at, FAULT, {"kind": kind, "n": n, **where})


def _crash(at: float, pause: float = 0.4) -> Step:
    return Step(at, CRASH, {"pause": pause})


def _each(at: float, action: str) -> Iterator[Step]:
    for channel in CHANNELS:
        yield Step(at, action, {"channel": channel})


def _replica(at: float) -> Step:
    return Step(at, REPLICA, {"waits": True})


def _with_events(kind: str, n: int = 2) -> Step:
    return _fault(1.0, kind, n, with_events=True)


NAMED: Final = (
    _script("steady"),
    _script("load balancer moves", Step(1.0, "rebalance"), Step(1.8, "rebalance")),
    _script("session lost", Step(1.0, "kill_sessions", {"variant": "advice-none"})),
    _script("server disconnects", Step(1.0, "kill_sessions", {"variant": "meta-disconnect"})),
    _script("token revoked", Step(1.0, "revoke")),
    _script("token expired with the session", Step(1.0, "expire"), Step(1.0, "rebalance")),
    _script("busy behind a misleading 401", Step(1.0, "busy", {"n": 3})),
    _script("reply lost with its events", _with_events("reply-lost")),
    _script("reply cut off", _with_events("reply-eof")),
    _script("connection reset", _with_events("reply-reset")),
    _script("empty answers", _with_events("empty-200")),
    _script("truncated JSON", _with_events("truncated-json")),
    _script("bad gateway", _fault(1.0, "html-502", 3)),
    _script("odd but valid answers", *(_fault(0.6 + 0.2 * n, kind) for n, kind in enumerate(
        ("shuffled", "numeric-ids", "unknown-channel", "unknown-meta", "bom", "gzip", "chunked")
    ))),
    _script(
        "unsolicited failure of a subscription",
        _fault(1.0, "unsolicited-subscribe-failure", 2, subscription=CHANNELS[0], error=BUSY),
    ),
    _script("killed and started again", _crash(1.0)),
    _script("killed while answers are lost", _with_events("reply-lost", 3), _crash(1.1), _crash(1.9)),
    _script("second replica of one name", _replica(0.8)),
    _script("three replicas of one name, exactly once", _replica(0.4), _replica(0.4), exactly_once=True),
    _script("rolling update, exactly once", _replica(1.0), Step(1.8, RETIRE), exactly_once=True),
    _script("killed and started again, exactly once", _crash(1.0), _crash(1.9), exactly_once=True),
    _script(
        "position expired while down",
        Step(_BEFORE, CRASH, {"pause": 1.0}),
        *_each(1.0, "purge"),
    ),
    _script(
        "backlog of the event bus",
        Step(0.8, "backlog"),
        *_each(1.6, "purge"),
        Step(1.8, "backlog", {"on": False}),
        retention=_HOUR,
    ),
    _script("backlog that loses no event", Step(0.8, "backlog"), Step(1.8, "backlog", {"on": False}), gaps=False),
    _script("renumbered under an unchanged name", Step(1.0, "migrate"), *_burst(1.0)),
    _script("renumbered while down", _crash(1.0, 0.8), *_burst(1.1), Step(1.5, "migrate")),
    _script("two orgs, one store", *(Step(at, OTHER_ORG) for at in (0.8, 1.4, 2.0)), gaps=False),
    _script("filtered PushTopic", Step(0.8, "rebalance"), _crash(1.4), topic_filter=_FILTER),
    _script(
        "filtered PushTopic whose events have the filter",
        Step(0.8, "rebalance"),
        _crash(1.4),
        topic_filter=_FILTER,
        filtered_channels=True,
    ),
    _script("clock three hours fast", Step(1.0, "rebalance"), _crash(1.4), clock_ahead=3 * _HOUR),
    _script("clock a day slow", Step(1.0, "rebalance"), _crash(1.4), clock_ahead=-24 * _HOUR),
    _script("org moves to another instance", Step(1.0, "migrate", {"move": True})),
    _script(
        "everything in one hour",
        *_burst(0.8),
        Step(0.9, "rebalance"),
        _fault(1.0, "reply-lost", 2, with_events=True),
        Step(1.2, "revoke"),
        _crash(1.4),
        Step(_AFTER, "busy", {"n": 2}),
        _fault(2.1, "truncated-json", 1, with_events=True),
    ),
)  # fmt: skip
