"""Random scripts: every kind of fault, crossed with crashes at random moments. The seed determines all of it."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any, Final

from .script import BUSY, CHANNELS, CRASH, FAULT, PUBLISH, Script, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ("random_script",)

_LENGTH: Final = 1.2
"""Seconds in which everything happens; what it takes to recover comes on top."""

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
        seed: Determines it, together with the kinds.
        kinds: The names of the faults that the emulator knows.
    """
    chance = Random(seed)
    steps = [_publish(chance) for _ in range(chance.randint(5, 12))]
    steps += [_trouble(chance, kinds) for _ in range(chance.randint(2, 8))]
    steps += [_crash(chance) for _ in range(chance.choice((0, 1, 1, 2, 3)))]
    return Script(str(seed), tuple(sorted(steps)), org={"seed": seed, **chance.choice(_ORG)})


def _moment(chance: Random) -> float:
    return round(chance.uniform(0.0, _LENGTH), 3)


def _publish(chance: Random) -> Step:
    count = chance.choice((1, 1, 2, 5, 20))
    return Step(_moment(chance), PUBLISH, {"channel": chance.choice(CHANNELS), "count": count})


def _crash(chance: Random) -> Step:
    return Step(_moment(chance), CRASH, {"pause": round(chance.uniform(0.0, 0.3), 3)})


def _trouble(chance: Random, kinds: Sequence[str]) -> Step:
    action, arguments = chance.choice(_TROUBLES)
    return Step(_moment(chance), action, arguments(chance, kinds))


def _fault(chance: Random, kinds: Sequence[str]) -> dict[str, Any]:
    where: dict[str, Any] = chance.choice(({}, {"channel": "/meta/connect"}, {"with_events": True}))
    kind = chance.choice(kinds)
    if kind == "huge-ids":  # strikes a channel of events, once and for all
        return {"kind": kind, "channel": chance.choice(CHANNELS)}
    more: dict[str, Any] = {}
    if kind == "unsolicited-subscribe-failure":
        # With a reason that passes: a lost permission ends the channel for good.
        more = {"subscription": chance.choice(CHANNELS), "error": BUSY}
    return {"kind": kind, "n": chance.choice((1, 1, 2, 4)), **where, **more}


def _nothing(chance: Random, kinds: Sequence[str]) -> dict[str, Any]:
    return {}


def _few(chance: Random, kinds: Sequence[str]) -> dict[str, Any]:
    return {"n": chance.randint(1, 3)}


def _variant(chance: Random, kinds: Sequence[str]) -> dict[str, Any]:
    return {"variant": chance.choice(("advice-none", "meta-disconnect"))}


def _quota(chance: Random, kinds: Sequence[str]) -> dict[str, Any]:
    kind = chance.choice(("clients", "delivered", "topic", "server-connections"))
    return {"kind": kind, "seconds": round(chance.uniform(0.05, 0.4), 3)}


def _migration(chance: Random, kinds: Sequence[str]) -> dict[str, Any]:
    # Where an old id means another event and nothing tells of the move, no client can know.
    return chance.choice(({"move": True}, {"collide": False}))


def _channel(chance: Random, kinds: Sequence[str]) -> dict[str, Any]:
    return {"channel": chance.choice(CHANNELS)}


_TROUBLES: Final[tuple[tuple[str, Callable[[Random, Sequence[str]], dict[str, Any]]], ...]] = (
    (FAULT, _fault),
    (FAULT, _fault),
    (FAULT, _fault),
    (FAULT, _fault),
    ("rebalance", _nothing),
    ("revoke", _nothing),
    ("expire", _nothing),
    ("kill_sessions", _variant),
    ("busy", _few),
    ("quota", _quota),
    ("migrate", _migration),
    ("purge", _channel),
)
"""What may happen beside publishing and crashing, as often as it is named here."""
