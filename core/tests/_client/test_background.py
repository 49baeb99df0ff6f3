from __future__ import annotations

import asyncio

from core.tests.virtual_time import in_virtual_time, settle
from pybayeux._client.background import Chores


class Kitchen:
    """Chores, and what was done."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.errors: list[Exception] = []
        self.chores = Chores(self.errors.append)

    async def work(self, name: str, seconds: float = 0.0) -> None:
        await asyncio.sleep(seconds)
        self.done.append(name)

    async def fail(self) -> None:
        raise KeyError("dish")


@in_virtual_time
async def test_chores_are_done_one_after_the_other() -> None:
    kitchen = Kitchen()
    kitchen.chores.add(kitchen.work("long", 60))
    kitchen.chores.add(kitchen.work("short"))
    await settle()
    assert kitchen.done == []
    await kitchen.chores.finish()
    assert kitchen.done == ["long", "short"]


@in_virtual_time
async def test_a_chore_that_fails_is_reported_and_stops_nothing() -> None:
    kitchen = Kitchen()
    kitchen.chores.add(kitchen.fail())
    kitchen.chores.add(kitchen.work("next"))
    await kitchen.chores.finish()
    assert [repr(error) for error in kitchen.errors] == ["KeyError('dish')"]
    assert kitchen.done == ["next"]


@in_virtual_time
async def test_finish_has_nothing_to_wait_for_where_nothing_is_to_do() -> None:
    kitchen = Kitchen()
    await kitchen.chores.finish()
    kitchen.chores.add(kitchen.work("one"))
    await kitchen.chores.finish()
    await kitchen.chores.finish()
    kitchen.chores.add(kitchen.work("two"))
    await kitchen.chores.finish()
    assert kitchen.done == ["one", "two"]


@in_virtual_time
async def test_a_chore_may_finish_and_add_chores() -> None:
    kitchen = Kitchen()

    async def busy() -> None:
        await kitchen.chores.finish()
        kitchen.chores.add(kitchen.work("added"))

    kitchen.chores.add(busy())
    await kitchen.chores.finish()
    assert kitchen.done == ["added"]
