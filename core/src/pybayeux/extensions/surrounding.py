"""Implementations of hooks with something done before or after each call of them.

Owns that the result is an implementation again, plain, asynchronous or a wrapper as it was. It knows no single hook.
"""

from __future__ import annotations

import inspect
from functools import wraps
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

if TYPE_CHECKING:
    from .blocking import BlockingWatch

__all__ = ("checked", "preceded", "timed")


def timed(implementation: pluggy.HookImpl, hook: str, watch: BlockingWatch) -> pluggy.HookImpl:
    """An implementation that is reported where it blocks the event loop."""
    function = watch.timed_hook(implementation.function, implementation.plugin_name, hook)
    return _replaced(implementation, function)


def preceded(implementation: pluggy.HookImpl, before: Callable[[], object]) -> pluggy.HookImpl:
    """An implementation that has something done before it is called."""
    function: Callable[..., Any] = implementation.function

    @wraps(function)
    def call(*args: Any) -> Any:
        before()
        return function(*args)

    return _replaced(implementation, call)


def checked(implementation: pluggy.HookImpl, check: Callable[[], object]) -> pluggy.HookImpl:
    """An implementation that fails with what a check raises after it has returned."""
    function: Callable[..., Any] = implementation.function
    if implementation.wrapper:

        @wraps(function)
        def around(*args: Any) -> Generator[None, Any, Any]:
            result = yield from function(*args)
            check()
            return result

        return _replaced(implementation, around)
    if inspect.iscoroutinefunction(inspect.unwrap(function)):

        @wraps(function)
        async def wait(*args: Any) -> Any:
            result = await function(*args)
            check()
            return result

        return _replaced(implementation, wait)

    @wraps(function)
    def call(*args: Any) -> Any:
        result = function(*args)
        check()
        return result

    return _replaced(implementation, call)


def _replaced(implementation: pluggy.HookImpl, function: Callable[..., Any]) -> pluggy.HookImpl:
    return pluggy.HookImpl(implementation.plugin, implementation.plugin_name, function, implementation.opts)
