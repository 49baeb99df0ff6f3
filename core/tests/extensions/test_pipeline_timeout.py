from __future__ import annotations

import asyncio

import pytest

from core.tests.virtual_time import in_virtual_time
from pybayeux.extensions.pipeline import with_timeout


@in_virtual_time
async def test_a_hook_that_returns_in_time_is_left_alone() -> None:
    async def quick(number: int) -> int:
        await asyncio.sleep(4)
        return number

    assert await with_timeout(quick, 5)(7) == 7


@in_virtual_time
async def test_a_hook_that_does_not_return_is_cancelled() -> None:
    ended = asyncio.Event()

    async def stuck() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    with pytest.raises(TimeoutError, match=r"it had not returned after 5 s, and was cancelled"):
        await with_timeout(stuck, 5)()
    assert ended.is_set()


@in_virtual_time
async def test_a_timeout_of_the_hook_itself_is_passed_on() -> None:
    async def impatient() -> None:
        raise TimeoutError("the login server is slow")

    with pytest.raises(TimeoutError, match="login"):
        await with_timeout(impatient, 5)()
