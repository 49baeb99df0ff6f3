from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from core.tests.virtual_time import in_virtual_time
from pybayeux.transports.base import DONE

if TYPE_CHECKING:
    from pybayeux.transports.base import Completion


@in_virtual_time
async def test_what_is_done_takes_no_turn_to_await() -> None:
    turns: list[str] = []
    asyncio.get_running_loop().call_soon(turns.append, "later")
    await DONE
    assert DONE.done()
    assert turns == []


@in_virtual_time
async def test_a_callback_is_called_in_a_later_turn_as_a_future_does_it() -> None:
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    future.set_result(None)
    called: list[Completion] = []
    completions: list[Completion] = [DONE, future]
    for completion in completions:
        completion.add_done_callback(called.append)
    assert called == []
    await asyncio.sleep(0)
    assert called == completions


def test_it_needs_an_event_loop_for_callbacks_alone() -> None:
    assert DONE.done()
    with pytest.raises(RuntimeError):
        DONE.add_done_callback(print)
