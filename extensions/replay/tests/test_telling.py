from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from extensions.replay.tests.simulation import FakeClient
from pybayeux_replay import Gap, GapReason
from pybayeux_replay.telling import Teller

if TYPE_CHECKING:
    import pytest

GAP = Gap("/orders", GapReason.EXPIRED, None, None)


def test_a_gap_is_told_to_the_log_to_extensions_and_to_the_program(caplog: pytest.LogCaptureFixture) -> None:
    class Alarm:
        def gap(self, gap: Gap, client: Any) -> None:
            told.append((gap, client))

    told: list[Any] = []
    client = FakeClient(Alarm())
    with caplog.at_level(logging.WARNING, "pybayeux.replay"):
        Teller(told.append).tell(GAP, client.as_client)
    assert told == [GAP, (GAP, client)]
    assert [record.getMessage() for record in caplog.records] == [str(GAP)]


def test_those_who_wait_are_waited_for_at_the_end() -> None:
    async def listen(gap: Gap) -> None:
        await asyncio.sleep(0)
        told.append(gap)

    async def scenario() -> None:
        teller = Teller(listen)
        teller.tell(GAP, FakeClient().as_client)
        assert told == []
        await teller.finish()
        assert told == [GAP]
        await teller.finish()

    told: list[Gap] = []
    asyncio.run(scenario())
