"""Runs asynchronous tests, each in a loop of its own, and looks at what they leave behind.

Owns the limit of time and the inventory: a client that was closed leaves no task, and no socket or transport for the
garbage collector to complain of (its ResourceWarning fails the test).
"""

from __future__ import annotations

import asyncio
import gc
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, ParamSpec

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

__all__ = ("in_long_loop", "in_loop")

P = ParamSpec("P")

_LIMIT: Final = 15.0
"""Seconds after which a test that waits for what never comes has failed. No test takes a fifth of it."""

_LONG_LIMIT: Final = 240.0
"""The same for a test that starts programs, or repeats something thousands of times."""


def in_loop(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Runs an asynchronous test to its end and fails it if it leaves a task."""
    return _in_loop(test, _LIMIT)


def in_long_loop(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """As `in_loop`, for a test that takes longer than others."""
    return pytest.mark.timeout(_LONG_LIMIT + 60)(_in_loop(test, _LONG_LIMIT))


def _in_loop(test: Callable[P, Coroutine[Any, Any, None]], limit: float) -> Callable[P, None]:
    @wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        asyncio.run(_alone(test(*args, **kwargs), limit))
        gc.collect()

    return run


async def _alone(test: Coroutine[Any, Any, None], limit: float) -> None:
    async with asyncio.timeout(limit):
        await test
    left = asyncio.all_tasks() - {asyncio.current_task()}
    assert not left, f"tasks are left: {left}"
