"""The watch over the event loop: which code of a user or an extension has held it, so that nothing else could run.

Owns what was reported: each hook and handler once. When to take the time is decided by those who call, because reading
the clock for every event of a large batch would cost more than most hooks.
"""

from __future__ import annotations

import types
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
        self._reported: tuple[str, ...] = ()
        self.left = WATCHED

    def timed_hook(
        self, function: Callable[..., Any], extension: str, hook: str, *, taken: int, by_steps: bool
    ) -> Callable[..., Any]:
        """An implementation of a hook that is timed.

        Args:
            function: The implementation.
            extension: The name of its extension.
            hook: The name of the hook.
            taken: How many of the hook's arguments it takes; it is called with all.
            by_steps: Whether it is a coroutine function or a wrapper: the time that it waits or is suspended does not
                count.
        """
        return (_TimedSteps if by_steps else _TimedCall)(function, taken, self, extension, hook)

    def call_handler(self, call: Callable[[], Any], channel: str) -> Any:
        """Make the call of a channel's handler, timed."""
        return _TimedCall(call, 0, self, channel)()

    def report(self, who: str, where: str, seconds: float) -> None:
        """Report a call that was too long, once."""
        if (who + where) in self._reported:
            return
        self._reported = (*self._reported, who + where)
        self._warn(
            f"{who} blocked the event loop for {seconds:.2f} s{where}, and nothing else ran meanwhile: make it async "
            "and wait with await, or let a thread do what blocks (asyncio.to_thread); further times are not reported"
        )


class _Timed:
    """Something that is timed. A client has one for each hook that was called, so it is an object with slots.

    Args:
        function: What is called.
        taken: With how many of the arguments.
        watch: Is told of calls that are too long.
        name: The extension, or the channel of a handler.
        hook: The hook, or nothing.
    """

    __slots__ = ("_function", "_hook", "_name", "_taken", "_watch")

    def __init__(
        self, function: Callable[..., Any], taken: int, watch: BlockingWatch, name: str, hook: str = ""
    ) -> None:
        self._function: Final = function
        self._taken: Final = taken
        self._watch: Final = watch
        self._name: Final = name
        self._hook: Final = hook

    def _blocked(self, seconds: float) -> None:
        if self._hook:
            self._watch.report(f"extension {self._name!r}", f" in {self._hook}", seconds)
        else:
            self._watch.report(f"the handler of {self._name}", "", seconds)


class _TimedCall(_Timed):
    """A function that is timed."""

    __slots__ = ()

    def __call__(self, *args: Any) -> Any:
        started = perf_counter()
        try:
            return self._function(*args[: self._taken])
        finally:
            if (seconds := perf_counter() - started) >= _LIMIT:
                self._blocked(seconds)


class _TimedSteps(_Timed):
    """A coroutine function or a wrapper, each step of which is timed."""

    __slots__ = ()

    def __call__(self, *args: Any) -> Any:
        return _stepwise(self._function(*args[: self._taken]), self._blocked)


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
