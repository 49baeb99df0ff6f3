from __future__ import annotations

import asyncio

from core.tests.reporting import RecordingReporter
from core.tests.virtual_time import in_virtual_time, settle
from pybayeux._client.background import BackgroundTasks
from pybayeux.errors import ReceiverError


class Work:
    """Background tasks, and what was done."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.reporter = RecordingReporter()
        self.tasks = BackgroundTasks(self.reporter)

    async def do(self, name: str, seconds: float = 0.0) -> None:
        await asyncio.sleep(seconds)
        self.done.append(name)

    async def fail(self) -> None:
        raise KeyError("lost")


@in_virtual_time
async def test_coroutines_are_awaited_one_after_the_other() -> None:
    work = Work()
    work.tasks.add(work.do("long", 60))
    work.tasks.add(work.do("short"))
    await settle()
    assert work.done == []
    await work.tasks.finish()
    assert work.done == ["long", "short"]


@in_virtual_time
async def test_one_that_fails_is_reported_and_stops_nothing() -> None:
    work = Work()
    work.tasks.add(work.fail())
    work.tasks.add(work.do("next"))
    await work.tasks.finish()
    (error,) = work.reporter.errors
    assert isinstance(error, ReceiverError)
    assert isinstance(error.__cause__, KeyError)
    assert work.done == ["next"]


@in_virtual_time
async def test_finish_has_nothing_to_wait_for_where_nothing_is_to_do() -> None:
    work = Work()
    await work.tasks.finish()
    work.tasks.add(work.do("one"))
    await work.tasks.finish()
    await work.tasks.finish()
    work.tasks.add(work.do("two"))
    await work.tasks.finish()
    assert work.done == ["one", "two"]


@in_virtual_time
async def test_one_may_finish_and_add_others() -> None:
    work = Work()

    async def busy() -> None:
        await work.tasks.finish()
        work.tasks.add(work.do("added"))

    work.tasks.add(busy())
    await work.tasks.finish()
    assert work.done == ["added"]
