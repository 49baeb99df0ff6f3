"""A receiver that sleeps, at a real CometD that drops sessions after two seconds: nothing lost, nothing twice."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from pybayeux import ConnectionState
from pybayeux.errors import SlowReceiverError
from pybayeux_ack import Ack
from tests.support.clients import make_client
from tests.support.journal import Journal
from tests.support.loops import in_loop

if TYPE_CHECKING:
    from tests.servers.fixtures import ServerFactory

EVENTS = 3000
RATE = 500.0
QUEUE = 100


@pytest.mark.parametrize("transport", ["long-polling", "websocket"])
@in_loop
async def test_session_outlives_a_receiver_that_sleeps(cometd_factory: ServerFactory, transport: str) -> None:
    server, journal, seen = cometd_factory(maxInterval=2000), Journal(), []
    client = make_client(server.url, journal, Ack(), queue_size=QUEUE, transports=[transport])
    async with client, client.subscribe("/slow") as events:
        publishing = asyncio.create_task(asyncio.to_thread(server.control.publish, "/slow", EVENTS, rate=RATE))
        async for event in events:
            seen.append(event.data["seq"])
            if len(seen) == 1:
                await asyncio.sleep(6)  # the server's patience three times over
                assert QUEUE <= events.pending < EVENTS / 2  # it overshoots by what one reply brings
                assert not client.accepting
            if len(seen) == EVENTS:
                break
        await publishing
        assert events.pending == 0
    assert seen == list(range(EVENTS))
    assert ConnectionState.REHANDSHAKING not in journal.states
    began, ended = map(str, journal.failures(SlowReceiverError)[:2])
    assert "sends it again" in began
    assert "there is room again" in ended
