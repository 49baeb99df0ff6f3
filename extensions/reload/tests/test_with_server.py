"""End to end: processes that are killed, against a server that keeps events until they are acknowledged."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

import pytest

from extensions.reload.tests.consumer import consumer
from pybayeux import BayeuxClient, Client
from pybayeux_ack import Ack
from pybayeux_reload import Reload

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pybayeux_devserver.blocking import BlockingServer


@pytest.fixture
def server(bayeux_server_factory: Any) -> Iterator[BlockingServer]:
    """Without replay: an event that a session loses is lost."""
    return bayeux_server_factory(replay=False)  # type: ignore[no-any-return]


def test_processes_that_are_killed_one_after_the_other_have_one_session(server: BlockingServer, tmp_path: Path) -> None:
    file, ids = tmp_path / "session.json", set()
    for batch in (range(0), range(10), range(10, 20), range(20, 30)):
        for number in batch:
            server.publish("/orders", number)
        missing = set(batch)
        with consumer(server.url, file) as process:
            ids.add(process.client_id)
            while missing:
                # At least once: the last events of the process before come again, if it was killed before it could
                # acknowledge them.
                missing.discard(process.take())
    assert len(ids) == 1
    assert server.sessions == list(ids)
    assert len(server.recorder.messages("/meta/handshake")) == 1


def test_a_sync_client_hands_its_session_over(server: BlockingServer, tmp_path: Path) -> None:
    file = tmp_path / "session.json"
    reload = Reload(file)
    with Client(server.url, discover=False, extensions=[Ack(), reload]) as client:
        client.subscribe("/orders", print)
        [session] = server.sessions
        reload.hand_over()
    server.publish("/orders", 1)
    assert server.sessions == [session]
    reload = Reload(file)
    with (
        Client(server.url, discover=False, extensions=[Ack(), reload]) as client,
        client.subscribe("/orders") as events,
    ):
        assert (client.client_id, reload.resumed) == (session, True)
        assert next(events).data == 1
    assert server.sessions == []
    assert not server.recorder.messages("/meta/handshake")[1:]


def test_a_session_that_is_gone_is_replaced(server: BlockingServer, tmp_path: Path) -> None:
    file = tmp_path / "session.json"
    with consumer(server.url, file):
        pass
    server.faults.drop_sessions()
    with (
        Client(server.url, discover=False, extensions=[Reload(file)]) as client,
        client.subscribe("/orders") as events,
    ):
        server.publish("/orders", 1)
        assert next(events).data == 1
    assert len(server.recorder.messages("/meta/handshake")) == 2


def test_an_installed_extension_does_nothing_until_its_file_is_configured(
    server: BlockingServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Client(server.url):
        assert os.listdir(tmp_path) == []
    monkeypatch.setenv("PYBAYEUX_RELOAD_FILE", str(tmp_path / "session.json"))
    with Client(server.url):
        assert os.listdir(tmp_path) == ["session.json"]


def test_the_low_level_client_takes_a_session_over_too(bayeux_server_factory: Any, tmp_path: Path) -> None:
    server = bayeux_server_factory(timeout=0)

    async def scenario() -> None:
        ids = []
        for _ in range(2):
            reload = Reload(tmp_path / "session.json")
            async with BayeuxClient(server.url, discover=False, extensions=[reload]) as client:
                await client.handshake()
                await client.connect()
                ids.append(client.client_id)
        assert ids[0] == ids[1]
        assert reload.resumed

    asyncio.run(scenario())
    assert len(server.recorder.messages("/meta/handshake")) == 1
