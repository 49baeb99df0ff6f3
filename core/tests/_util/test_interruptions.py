from __future__ import annotations

import asyncio
import threading

import pytest

from core.tests.virtual_time import in_virtual_time, settle
from pybayeux._util.interruptions import is_interruption


@pytest.mark.parametrize("kind", [ValueError, StopIteration, asyncio.CancelledError, BaseException])
def test_what_code_raises_by_itself_is_its_failure(kind: type[BaseException]) -> None:
    assert not is_interruption(kind())


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_the_end_of_the_program_is_none_in_another_thread(kind: type[BaseException]) -> None:
    found: list[bool] = []
    thread = threading.Thread(target=lambda: found.append(is_interruption(kind())))
    thread.start()
    thread.join()
    assert [is_interruption(kind()), *found] == [True, False]


@in_virtual_time
async def test_a_cancellation_counts_where_the_task_is_cancelled() -> None:
    found: list[bool] = []

    async def work(awaited: asyncio.Future[None]) -> None:
        try:
            await awaited
        except asyncio.CancelledError as error:
            found.append(is_interruption(error))

    for cancelled in ("task", "future"):
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(work(future))
        await settle()
        (task if cancelled == "task" else future).cancel()
        await asyncio.wait([task])
    assert found == [True, False]
