"""What is installed is found by every client, and disturbs no server that knows nothing of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pybayeux import AsyncClient, Channel
from tests.support.clients import IMPATIENT, take
from tests.support.journal import Journal
from tests.support.loops import in_loop

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.server import Server


def sent_ext(journal: Journal, channel: str) -> dict[str, Any]:
    """The `ext` of the last message to a channel, as it left."""
    return [message for message in journal.sent if message.channel == channel][-1].ext or {}


@in_loop
async def test_installed_extensions_and_a_whole_conversation(any_server: Server, tmp_path: Path) -> None:
    journal = Journal()
    options = {"auth": {"token": "a-token-of-the-test"}, "replay": {"store": str(tmp_path / "positions.sqlite")}}
    client = AsyncClient(any_server.url, extensions=[journal], options=options, backoff=IMPATIENT)
    async with client, client.subscribe("/installed/**") as events:
        assert (await client.publish("/installed/a", 1)).successful
        any_server.control.send("/installed/b", 2)
        assert await take(events, 2) == [1, 2]
        with pytest.raises(Exception, match="/denied/x"):
            await client.subscribe("/denied/x")
    assert journal.errors == []
    assert journal.handled == [1, 2]
    assert sent_ext(journal, Channel.META_HANDSHAKE).keys() == {"ack", "replay", "timesync"}
    assert all(message.timestamp for message in journal.sent)
    assert ("ack" in sent_ext(journal, Channel.META_CONNECT)) == (any_server.name == "cometd")
    assert not any(session.subscriptions == ("/installed/**",) for session in any_server.control.sessions())


@in_loop
async def test_client_without_discovery_sends_nothing_of_theirs(any_server: Server) -> None:
    journal = Journal()
    client = AsyncClient(any_server.url, extensions=[journal], discover=False)
    async with client, client.subscribe("/installed/none"):
        pass
    assert all(message.ext is None for message in journal.sent)
