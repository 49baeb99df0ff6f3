"""A heartbeat on real servers: a session that the server dropped without a word is noticed and replaced."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from pybayeux import ConnectionState
from tests.support.clients import make_client, take
from tests.support.journal import Journal
from tests.support.loops import in_loop

if TYPE_CHECKING:
    from tests.servers.control import ServerSession
    from tests.servers.fixtures import ServerFactory


def is_held(sessions: list[ServerSession]) -> bool:
    """Whether there is a session whose connect is held."""
    return any(session.held for session in sessions)


@pytest.mark.parametrize("transport", ["websocket", "long-polling"])
@in_loop
async def test_a_dropped_session_is_replaced_long_before_the_servers_timeout(
    any_factory: ServerFactory, transport: str
) -> None:
    server, journal = any_factory(timeout=120_000), Journal()
    client = make_client(server.url, journal, transports=[transport, "long-polling"], heartbeat=1.0)
    async with client, client.subscribe("/beat") as events, asyncio.timeout(30):
        await asyncio.to_thread(server.control.wait, is_held)
        before = client.client_id
        assert server.control.drop() == 1
        await journal.until(lambda: journal.count(ConnectionState.CONNECTED) == 2)
        assert client.client_id != before
        await client.publish("/beat", 1)
        assert await take(events, 1) == [1]
    assert ConnectionState.REHANDSHAKING in journal.states
