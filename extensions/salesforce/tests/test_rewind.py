"""`pybayeux replay rewind` on an org: what is handled after it."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from click.testing import CliRunner

from extensions.salesforce.tests.org import ORDERS, ClientRecorder, client_of, publish, with_org
from pybayeux.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    from pybayeux_salesforce_emulator import SalesforceEmulator

_HOUR = 3600


def test_the_events_since_then_are_handled_once_more(tmp_path: Path) -> None:
    store = str(tmp_path / "positions.db")

    async def handle_until_last(org: SalesforceEmulator) -> list[int]:
        recorder, last = ClientRecorder(), org.published[ORDERS][-1].replay_id
        async with client_of(org, recorder, store=store) as client:
            await client.subscribe(ORDERS, recorder.handle)
            await recorder.until(lambda: (ORDERS, last) in recorder.handled)
        return [replay_id for _, replay_id in recorder.handled]

    async def scenario(org: SalesforceEmulator, _: ClientRecorder) -> None:
        for number in range(6):
            await publish(org, number)
            org.advance(_HOUR)  # up to now: the org's clock begins six hours ago
        ids = [event.replay_id for event in org.published[ORDERS]]
        assert await handle_until_last(org) == ids
        moment = datetime.fromtimestamp(org.now, UTC) - timedelta(hours=2.5)
        arguments = ["replay", "rewind", "--to", moment.isoformat(), "--yes", "--store", store]
        result = await asyncio.to_thread(CliRunner().invoke, main, arguments)
        assert result.exit_code == 0, result.output
        assert await handle_until_last(org) == ids[-2:]

    with_org(scenario, clock=lambda: time.time() - 6 * _HOUR)
