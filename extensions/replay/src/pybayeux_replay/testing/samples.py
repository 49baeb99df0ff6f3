"""Samples and helpers of the checks: positions, fences, stores that are closed at the end."""

from __future__ import annotations

from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from ..position import Position
from ..store import LoopBoundStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ..store import Store

__all__ = ("FULL", "NOON", "ROUNDS", "aclose", "one_more", "opened", "refuse")

NOON: Final = datetime(2026, 1, 1, 12, 0, 0, 123_456, UTC)
FULL: Final = Position(2**40, NOON, NOON - timedelta(minutes=1, microseconds=1), "2ec0-a371", "00D1@CS42")
"""A position with all fields."""

ROUNDS: Final = 25
"""How often each of two writers writes."""


@contextmanager
def opened(make: Callable[[], Store], count: int = 1) -> Iterator[list[Store]]:
    """Make so many stores of one content, and close them at the end."""
    with ExitStack() as stack:
        yield [stack.enter_context(closing(make())) for _ in range(count)]


def one_more(stored: Mapping[str, Position]) -> Mapping[str, Position]:
    """A fence that counts: the next position is one higher."""
    found = stored.get("/orders", Position(0, NOON))
    return {"/orders": replace(found, replay_id=found.replay_id + 1)}


def refuse(stored: Mapping[str, Position]) -> Mapping[str, Position]:
    """A fence that refuses."""
    raise ZeroDivisionError


async def aclose(store: Store) -> None:
    """Close what belongs to the event loop."""
    if isinstance(store, LoopBoundStore):
        await store.aclose()
