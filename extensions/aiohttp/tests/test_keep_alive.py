from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from core.tests.virtual_time import in_virtual_time
from pybayeux_aiohttp.keep_alive import KeepAlive

if TYPE_CHECKING:
    from collections.abc import Callable


class Line:
    """A connection that notes when it is pinged, and when it is given up."""

    def __init__(self, interval: float, timeout: float) -> None:
        self.pinged: list[float] = []
        self.given_up: list[float] = []
        self.keep_alive = KeepAlive(interval, timeout, self._note(self.pinged), self._note(self.given_up))

    @staticmethod
    def _note(times: list[float]) -> Callable[[], None]:
        began = asyncio.get_running_loop().time()
        return lambda: times.append(round(asyncio.get_running_loop().time() - began, 6))


@in_virtual_time
async def test_a_ping_comes_an_interval_after_the_last_answer() -> None:
    line = Line(interval=10, timeout=30)
    line.keep_alive.start()
    await asyncio.sleep(14)
    line.keep_alive.answered()
    await asyncio.sleep(11)
    line.keep_alive.answered()
    line.keep_alive.stop()
    await asyncio.sleep(100)
    assert (line.pinged, line.given_up) == ([10, 24], [])


@in_virtual_time
async def test_a_ping_without_an_answer_gives_up_once() -> None:
    line = Line(interval=10, timeout=30)
    line.keep_alive.start()
    await asyncio.sleep(1000)
    assert (line.pinged, line.given_up) == ([10], [40])


@in_virtual_time
async def test_an_answer_without_a_question_changes_nothing() -> None:
    line = Line(interval=10, timeout=30)
    line.keep_alive.start()
    await asyncio.sleep(5)
    line.keep_alive.answered()
    await asyncio.sleep(6)
    line.keep_alive.stop()
    assert line.pinged == [10]
