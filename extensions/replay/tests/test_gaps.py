from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from extensions.replay.tests.simulation import FakeClient
from pybayeux_replay import Gap, GapReason, Position
from pybayeux_replay.gaps import GapNotifier

if TYPE_CHECKING:
    import pytest

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
GAP = Gap("/orders", GapReason.EXPIRED, None, None)


def test_the_text_of_a_gap() -> None:
    age = timedelta(days=3, hours=1, microseconds=7)
    gap = Gap("/event/Order__e", GapReason.EXPIRED, Position(17, NOON), age, "earliest")
    assert str(gap) == (
        "/event/Order__e: events after replay id 17 (3 days, 1:00:00 ago) may be missing (expired); "
        "going on at earliest"
    )
    assert str(Gap("/x", GapReason.SKIPPED, None, None)) == "/x: events after the beginning may be missing (skipped)"


def test_the_log_the_extensions_and_the_program_are_notified(caplog: pytest.LogCaptureFixture) -> None:
    class Listener:
        def gap(self, gap: Gap, client: Any) -> None:
            notified.append((gap, client))

    notified: list[Any] = []
    client = FakeClient(Listener())
    with caplog.at_level(logging.WARNING, "pybayeux.replay"):
        GapNotifier(notified.append).notify(GAP, client.as_client)
    assert notified == [GAP, (GAP, client)]
    assert [record.getMessage() for record in caplog.records] == [str(GAP)]


def test_finish_waits_for_listeners() -> None:
    async def listen(gap: Gap) -> None:
        await asyncio.sleep(0)
        notified.append(gap)

    async def scenario() -> None:
        notifier = GapNotifier(listen)
        notifier.notify(GAP, FakeClient().as_client)
        assert notified == []
        await notifier.finish()
        assert notified == [GAP]
        await notifier.finish()

    notified: list[Gap] = []
    asyncio.run(scenario())
