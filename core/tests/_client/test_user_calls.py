from __future__ import annotations

import asyncio

from pybayeux._client.user_calls import UserCalls


def test_a_call_is_seen_in_what_it_awaits_until_it_is_over() -> None:
    asyncio.run(_nested_calls())


async def _nested_calls() -> None:
    mine, others = UserCalls(), UserCalls()
    found: list[bool] = []
    over = asyncio.Event()
    left: list[asyncio.Task[bool]] = []

    async def later() -> bool:
        await over.wait()
        return mine.is_inside

    async def handler() -> None:
        left.append(asyncio.create_task(later()))
        await others.awaiting(asyncio.sleep(0))
        found.extend([mine.is_inside, others.is_inside, await asyncio.to_thread(lambda: mine.is_inside)])

    await mine.awaiting(handler())
    over.set()
    assert found == [True, False, True]
    assert not mine.is_inside
    assert await left[0] is False, "the call that started it was over"
