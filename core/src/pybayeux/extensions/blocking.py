"""The watch over the event loop: which code of a user or an extension has held it, so that nothing else could run.

Owns what was reported: each hook and handler once. When to take the time is decided by those who call, because reading
the clock for every event of a large batch would cost more than most hooks.
"""

from __future__ import annotations

import inspect
import types
from functools import partial, wraps
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

__all__ = ("WATCHED", "BlockingWatch")

_LIMIT: Final = 0.1
"""Seconds after which a call has held the loop for too long."""

WATCHED: Final = 2
"""How many calls for the events of one batch are timed. A hook or handler that blocks each time is among them."""


class BlockingWatch:
    """Times calls, and reports those that hold the event loop for 0.1 seconds or longer.

    Args:
        warn: Called with the text of a warning.

    Attributes:
        left: How many more calls for the events of this batch are to be timed, `WATCHED` when it is received.
    """

    def __init__(self, warn: Callable[[str], None]) -> None:
        self._warn: Final = warn
        self._reported: Final[set[str]] = set()
        self.left = WATCHED

    def timed_hook(self, function: Callable[..., Any], extension: str, hook: str) -> Callable[..., Any]:
        """An implementation of a hook, or a wrapper, that is timed; without the time that it waits or is suspended."""
        blocked = partial(self._report, f"extension {extension!r}", f" in {hook}")
        plain = inspect.unwrap(function)
        if not (inspect.iscoroutinefunction(plain) or inspect.isgeneratorfunction(plain)):
            return self._timed(function, blocked)

        @wraps(function)
        def call(*args: Any) -> Any:
            return _stepwise(function(*args), blocked)

        return call

    def timed_handler(self, function: Callable[..., Any], channel: str) -> Callable[..., Any]:
        """A handler that is timed."""
        return self._timed(function, partial(self._report, f"the handler of {channel}", ""))

    def _timed(self, function: Callable[..., Any], blocked: Callable[[float], None]) -> Callable[..., Any]:
        @wraps(function)
        def call(*args: Any) -> Any:
            started = perf_counter()
            try:
                return function(*args)
            finally:
                if (seconds := perf_counter() - started) >= _LIMIT:
                    blocked(seconds)

        return call

    def _report(self, who: str, where: str, seconds: float) -> None:
        if (who + where) in self._reported:
            return
        self._reported.add(who + where)
        self._warn(
            f"{who} blocked the event loop for {seconds:.2f} s{where}, and nothing else ran meanwhile: make it async "
            "and wait with await, or let a thread do what blocks (asyncio.to_thread); further times are not reported"
        )


@types.coroutine
def _stepwise(steps: Any, blocked: Callable[[float], None]) -> Generator[Any, Any, Any]:
    """The steps of a coroutine, or of a generator, each of which is timed."""
    advance, argument = steps.send, None
    while True:
        started = perf_counter()
        try:
            result = advance(argument)
        except StopIteration as end:
            return end.value
        finally:
            if (seconds := perf_counter() - started) >= _LIMIT:
                blocked(seconds)
        try:
            argument = yield result
            advance = steps.send
        except GeneratorExit:
            steps.close()
            raise
        except BaseException as error:
            advance, argument = steps.throw, error
