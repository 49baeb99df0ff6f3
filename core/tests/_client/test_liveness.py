from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from core.tests.virtual_time import in_virtual_time
from pybayeux._client.liveness import Liveness


def test_before_the_start_nothing_is_old() -> None:
    liveness = Liveness()
    liveness.seen()
    assert (liveness.last_seen, liveness.age) == (None, 0.0)


@in_virtual_time
async def test_age_counts_from_the_start_then_from_what_came_last() -> None:
    liveness = Liveness()
    liveness.start()
    await asyncio.sleep(3)
    assert (liveness.last_seen, round(liveness.age)) == (None, 3)
    liveness.seen()
    await asyncio.sleep(2)
    assert round(liveness.age) == 2
    assert liveness.last_seen is not None
    assert abs(liveness.last_seen - datetime.now(UTC)) < timedelta(minutes=1)
    another = Liveness()
    another.start()
    assert (another.last_seen, another.age) == (None, 0.0)
