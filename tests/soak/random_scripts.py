"""Random scripts: every kind of fault, and crashes at random times. The seed determines everything."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any, Final

from tests.soak.script import BUSY, CHANNELS, CRASH, FAULT, PUBLISH, REPLICA, Script, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ("random_script",)

_LENGTH: Final = 1.2
"""Seconds in which everything happens. Recovery takes additional time."""

_HOUR: Final = 3600.0
_RETENTION: Final = _HOUR

_ORG: Final[tuple[dict[str, Any], ...]] = (
    {},
    {"batch_order": "events-first"},
    {"batch_order": "shuffled"},
    {"batch_events": 3},
    {"unknown_ids": "range"},
    {"two_spaces": True},
    {"rotate_refresh_tokens": True},
)


def random_script(seed: int, kinds: Sequence[str]) -> Script:
    """The script of a seed.

    Args:
        seed: The seed. Together with the kinds it determines the script.
        kinds: The kinds of faults that the emulator has.
    """
    rng = Random(seed)
    steps = [_publish(rng) for _ in range(rng.randint(5, 12))]
    steps += [_incident(rng, kinds) for _ in range(rng.randint(2, 8))]
    steps += [_crash(rng) for _ in range(rng.choice((0, 1, 1, 2, 3)))]
    org = {"seed": seed, **rng.choice(_ORG)}
    steps += [Step(_time(rng), REPLICA) for _ in range(rng.choice((0, 0, 0, 0, 1, 2)))]
    retention = rng.choice((None, _RETENTION))
    clock_ahead = rng.choice((0.0, 0.0, 3 * _HOUR, -24 * _HOUR))
    # After a position that cannot be used, events come a second time, and the consumer is told of a gap. By a clock
    # that is fast, each position looks too old to be used.
    looks_old = retention is not None and clock_ahead > retention
    can_be_once = not looks_old and not any(step.action in ("migrate", "purge") for step in steps)
    return Script(
        str(seed),
        tuple(sorted(steps)),
        org=org | {"filtered_channels": rng.choice((False, True))},
        exactly_once=can_be_once and rng.random() < 0.4,
        retention=retention,
        topic_filter=rng.choice(("", "?Stage=Won&Stage=Lost")),
        clock_ahead=clock_ahead,
    )


def _time(rng: Random) -> float:
    return round(rng.uniform(0.0, _LENGTH), 3)


def _publish(rng: Random) -> Step:
    count = rng.choice((1, 1, 2, 5, 20))
    return Step(_time(rng), PUBLISH, {"channel": rng.choice(CHANNELS), "count": count})


def _crash(rng: Random) -> Step:
    return Step(_time(rng), CRASH, {"pause": round(rng.uniform(0.0, 0.3), 3)})


def _incident(rng: Random, kinds: Sequence[str]) -> Step:
    action, arguments = rng.choice(_INCIDENTS)
    return Step(_time(rng), action, arguments(rng, kinds))


def _fault(rng: Random, kinds: Sequence[str]) -> dict[str, Any]:
    where: dict[str, Any] = rng.choice(({}, {"channel": "/meta/connect"}, {"with_events": True}))
    kind = rng.choice(kinds)
    if kind == "huge-ids":  # applies to a channel, and stays
        return {"kind": kind, "channel": rng.choice(CHANNELS)}
    more: dict[str, Any] = {}
    if kind == "unsolicited-subscribe-failure":
        # A temporary error: a lost permission would end the subscription for good.
        more = {"subscription": rng.choice(CHANNELS), "error": BUSY}
    return {"kind": kind, "n": rng.choice((1, 1, 2, 4)), **where, **more}


def _no_arguments(rng: Random, kinds: Sequence[str]) -> dict[str, Any]:
    return {}


def _count(rng: Random, kinds: Sequence[str]) -> dict[str, Any]:
    return {"n": rng.randint(1, 3)}


def _variant(rng: Random, kinds: Sequence[str]) -> dict[str, Any]:
    return {"variant": rng.choice(("advice-none", "meta-disconnect"))}


def _quota(rng: Random, kinds: Sequence[str]) -> dict[str, Any]:
    kind = rng.choice(("clients", "delivered", "topic", "server-connections"))
    return {"kind": kind, "seconds": round(rng.uniform(0.05, 0.4), 3)}


def _migration(rng: Random, kinds: Sequence[str]) -> dict[str, Any]:
    return rng.choice(({}, {"move": True}, {"collide": False}))


def _backlog(rng: Random, kinds: Sequence[str]) -> dict[str, Any]:
    return {"channel": rng.choice((None, *CHANNELS)), "seconds": round(rng.uniform(0.1, 0.8), 3)}


def _channel(rng: Random, kinds: Sequence[str]) -> dict[str, Any]:
    return {"channel": rng.choice(CHANNELS)}


_INCIDENTS: Final[tuple[tuple[str, Callable[[Random, Sequence[str]], dict[str, Any]]], ...]] = (
    (FAULT, _fault),
    (FAULT, _fault),
    (FAULT, _fault),
    (FAULT, _fault),
    ("rebalance", _no_arguments),
    ("revoke", _no_arguments),
    ("expire", _no_arguments),
    ("kill_sessions", _variant),
    ("busy", _count),
    ("quota", _quota),
    ("migrate", _migration),
    ("purge", _channel),
    ("purge", _channel),
    ("backlog_for", _backlog),
    ("backlog_for", _backlog),
)
"""What may happen besides publishing and crashing. An action that is listed more often is chosen more often."""
