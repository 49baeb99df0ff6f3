"""An event loop whose clock jumps to the next timer instead of sleeping: hours pass in no time, and always alike."""

from __future__ import annotations

import asyncio
import gc
import selectors
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

__all__ = ("VirtualTimeLoop", "in_virtual_time", "settle")

P = ParamSpec("P")


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Never sleeps. It knows no other threads: where nothing is due and nothing can happen, it says so."""

    def __init__(self) -> None:
        self._now = 1000.0
        super().__init__(_Jumping(self))

    def time(self) -> float:
        """Seconds of the virtual clock."""
        return self._now

    def jump(self, seconds: float | None) -> None:
        """Let the clock pass the time that the loop would have slept."""
        if seconds is None:
            raise RuntimeError("every task waits and no timer is set: the test would wait for ever")
        self._now += seconds


class _Jumping(selectors.DefaultSelector):
    def __init__(self, loop: VirtualTimeLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout != 0:
            self._loop.jump(timeout)
        return ready


def in_virtual_time(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Run an asynchronous test in virtual time, and fail it if it leaves a task."""

    @wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
            runner.run(_alone(test(*args, **kwargs)))
        gc.collect()

    return run


async def _alone(test: Coroutine[Any, Any, None]) -> None:
    async with asyncio.timeout(1e6):
        await test
    left = asyncio.all_tasks() - {asyncio.current_task()}
    assert not left, f"tasks are left: {left}"


async def settle() -> None:
    """Return when everything that can happen at this moment has happened."""
    await asyncio.sleep(1e-6)


def now() -> float:
    """The virtual time, in seconds."""
    return asyncio.get_running_loop().time()
