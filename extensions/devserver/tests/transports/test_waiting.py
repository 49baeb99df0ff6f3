from __future__ import annotations

import asyncio

from extensions.devserver.tests.engine_client import in_loop
from pybayeux_devserver.protocol.sessions import Hold
from pybayeux_devserver.transports.waiting import wait_for_hold


@in_loop
async def test_a_hold_ends_when_it_is_woken() -> None:
    hold = Hold({}, 3600, advised=False)
    waiting = asyncio.create_task(wait_for_hold(hold))
    await asyncio.sleep(0)
    assert not waiting.done()
    hold.wake()
    await waiting


@in_loop
async def test_hold_ends_after_its_timeout() -> None:
    await wait_for_hold(Hold({}, 0.01, advised=False))
