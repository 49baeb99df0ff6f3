"""Virtual time: hours pass at once, and the same way in every run.

Owns the event loop whose clock jumps to the next timer instead of sleeping, and the functions that run a test on it. If
every task waits and no timer is set, it raises an error instead of waiting for ever. Work in threads
(`asyncio.to_thread`) takes real time, and the clock stands still meanwhile. It does not work with sockets.
"""

from __future__ import annotations

import asyncio
import selectors
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar, TypeVarTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from concurrent.futures import Executor

__all__ = ("Clock", "VirtualTimeLoop", "in_virtual_time", "run")

P = ParamSpec("P")
T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_START: Final = 1000.0
_MOMENT: Final = 1e-6
_DAY: Final = 86_400.0


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop that never sleeps."""

    def __init__(self) -> None:
        self._now = _START
        self._in_threads = 0
        super().__init__(_Jumping(self))

    def time(self) -> float:
        """The virtual time, in seconds."""
        return self._now

    def jump(self, seconds: float | None) -> None:
        """Advance the clock by the time that the loop would have slept; None if it would have slept for ever.

        Raises:
            RuntimeError: `seconds` is None: every task would wait for ever.
        """
        if seconds is None:
            raise RuntimeError("every task waits and no timer is set: the test would wait for ever")
        self._now += seconds

    @property
    def waits_for_threads(self) -> bool:
        """Whether there is work in threads, which takes real time."""
        return self._in_threads > 0

    def run_in_executor(self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:
        """Run a function in a thread; the clock stands still until it has returned."""
        future = super().run_in_executor(executor, func, *args)
        self._in_threads += 1
        future.add_done_callback(self._returned)
        return future

    def _returned(self, _: asyncio.Future[Any]) -> None:
        self._in_threads -= 1

    async def shutdown_default_executor(self, *args: Any) -> None:
        """Wait until the threads have ended, in real time."""
        self._in_threads += 1
        try:
            await super().shutdown_default_executor(*args)
        finally:
            self._in_threads -= 1


class _Jumping(selectors.DefaultSelector):
    def __init__(self, loop: VirtualTimeLoop) -> None:
        super().__init__()
        self._loop: Final = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout != 0 and self._loop.waits_for_threads:
            return super().select(None)
        ready = super().select(0)
        if not ready and timeout != 0:
            self._loop.jump(timeout)
        return ready


class Clock:
    """The virtual clock, for tests.

    It is callable and returns the time of day: ``Timestamp(clock=Clock())``.

    Args:
        epoch: The time of day, in seconds since 1970, at which a test begins.
    """

    def __init__(self, epoch: float = 1_700_000_000.0) -> None:
        self._epoch: Final = epoch

    def __call__(self) -> float:
        """The time of day, in seconds since 1970."""
        return self._epoch + self.now

    @property
    def now(self) -> float:
        """Seconds since the test began."""
        return asyncio.get_running_loop().time() - _START

    async def advance(self, seconds: float) -> None:
        """Let time pass, and everything happen that is due by then."""
        await asyncio.sleep(seconds)
        await self.settle()

    async def settle(self) -> None:
        """Return when everything that can happen at this moment has happened."""
        await asyncio.sleep(_MOMENT)


def run(main: Coroutine[Any, Any, T], *, limit: float = _DAY) -> T:
    """Run a coroutine in virtual time.

    Args:
        main: What to run.
        limit: Virtual seconds that it may take: a client polls for ever while a test waits for something that never
            happens.

    Returns:
        The result of the coroutine.

    Raises:
        AssertionError: Tasks still run after its end.
        TimeoutError: The limit has passed.
        RuntimeError: An event loop is already running.
    """
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(_alone(main, limit))


async def _alone(main: Coroutine[Any, Any, T], limit: float) -> T:
    try:
        async with asyncio.timeout(limit) as deadline:
            result = await main
    except TimeoutError as error:
        if not deadline.expired():
            raise
        raise TimeoutError(
            f"still running after {limit:g} virtual seconds: it may wait for something that never happens"
        ) from error
    left = sorted(task.get_name() for task in asyncio.all_tasks() - {asyncio.current_task()})
    if left:
        raise AssertionError(f"tasks still run after the end of the test: {', '.join(left)}")
    return result


def in_virtual_time(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Turn an asynchronous test into an ordinary one that `run` runs. No plugin for asynchronous tests is needed."""

    @wraps(test)
    def in_own_loop(*args: P.args, **kwargs: P.kwargs) -> None:
        run(test(*args, **kwargs))

    return in_own_loop
