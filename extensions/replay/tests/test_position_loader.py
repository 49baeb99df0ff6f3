"""The store is opened and read before a subscribe leaves: in a thread, and again until it answers."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from extensions.replay.tests.replaying_server import ReplayingServer, client_of
from pybayeux import hookimpl
from pybayeux.errors import BayeuxError, ExtensionHookError, UsageError
from pybayeux.testing import in_virtual_time
from pybayeux_replay import MemoryStore, Position, Replay, Stores
from pybayeux_replay.diagnosis import is_permanent, is_unknown_host
from pybayeux_replay.sqlite import SqliteStore
from tests.support.loops import in_loop

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pybayeux import Message


class Failing(MemoryStore):
    """Raises an error when it is read, as long as it has one."""

    def __init__(self, error: Exception | None) -> None:
        super().__init__()
        self.error = error

    def get(self, consumer: str, subscription: str) -> Position | None:
        if self.error is not None:
            raise self.error
        return super().get(consumer, subscription)


class Remote:
    """Notes in which threads it is made and read."""

    blocking = True

    def __init__(self, name: str) -> None:
        self.threads = {threading.current_thread()}
        self._kept = MemoryStore()
        self._kept.set("default", {"/orders": 20})
        self.set, self.delete, self.close = self._kept.set, self._kept.delete, self._kept.close

    def get(self, consumer: str, subscription: str) -> Position | None:
        self.threads.add(threading.current_thread())
        return self._kept.get(consumer, subscription)

    def items(self, consumer: str) -> Mapping[str, Position]:
        self.threads.add(threading.current_thread())
        return self._kept.items(consumer)


class Remotes:
    """Has a scheme for them."""

    def __init__(self) -> None:
        self.made: list[Remote] = []
        self.errors: list[Exception | None] = []

    @hookimpl
    def register_stores(self, stores: Stores) -> None:
        stores.add("remote", self._make)

    @hookimpl
    def store_failed(self, error: Exception | None) -> None:
        self.errors.append(error)

    def _make(self, name: str) -> Remote:
        self.made.append(Remote(name))
        return self.made[-1]


@in_loop
async def test_a_store_is_opened_once_and_read_in_threads() -> None:
    server, remotes, handled = ReplayingServer(), Remotes(), asyncio.Queue[int]()
    server.publish("/orders", 0, 1, 2)
    async with client_of(server, Replay("remote://host", since="earliest"), remotes) as client:

        def handle(event: Message) -> None:
            handled.put_nowait(event.data["number"])

        await asyncio.gather(*(client.subscribe(channel, handle) for channel in ("/orders", "/cases", "/*")))
        assert await handled.get() == 2
        await client.subscribe("/late", handle)
    (store,) = remotes.made
    assert threading.main_thread() not in store.threads
    assert server.asked[:2] == [{"/orders": 20}, {"/cases": -2}]
    assert remotes.errors == []


@in_virtual_time
async def test_a_store_that_fails_at_the_first_subscribe_is_told_and_waited_for(
    caplog: pytest.LogCaptureFixture,
) -> None:
    server, remotes, store = ReplayingServer(), Remotes(), Failing(ConnectionRefusedError("nobody listens"))
    store.set("default", {"/orders": 20})
    server.publish("/orders", 0, 1, 2)
    async with client_of(server, Replay(store), remotes) as client:
        subscribing = asyncio.ensure_future(client.subscribe("/orders"))
        await asyncio.sleep(600)
        assert not subscribing.done()
        assert client.state.value == "connected"
        assert remotes.errors == [store.error]
        store.error = None
        await asyncio.sleep(2)
        event = await anext(await subscribing)
        assert event.data["number"] == 2
        assert len(remotes.errors) == 2
    assert (
        caplog.messages.count(
            "positions cannot be read, and subscriptions wait until they can: ConnectionRefusedError: nobody listens"
        )
        == 1
    )
    assert server.asked == [{"/orders": 20}]


@pytest.mark.parametrize("error", [PermissionError("no right to read it"), KeyError("a bug"), UsageError("wrong use")])
@in_virtual_time
async def test_an_error_that_stays_is_raised_at_once(error: Exception) -> None:
    store = Failing(error)
    async with client_of(ReplayingServer(), Replay(store)) as client:
        with pytest.raises(BayeuxError, match=str(error.args[0])):
            await client.subscribe("/orders")


def test_a_missing_folder_is_raised_at_once(tmp_path: Path) -> None:
    @in_loop
    async def scenario() -> None:
        async with client_of(ReplayingServer(), Replay(str(tmp_path / "missing" / "positions.db"))) as client:
            with pytest.raises(ExtensionHookError, match="no folder"):
                await client.subscribe("/orders")

    scenario()


def test_a_file_that_is_busy_passes_and_one_that_is_no_database_does_not(tmp_path: Path) -> None:
    file = tmp_path / "positions.db"
    file.write_text("not a database, but long enough to look like one" * 100)
    store = SqliteStore(file)
    with pytest.raises(sqlite3.DatabaseError, match="not a database") as wrong:
        store.get("default", "/orders")
    assert is_permanent(store, wrong.value)
    file.unlink()
    with closing(sqlite3.connect(file, isolation_level=None)) as one, closing(sqlite3.connect(file, timeout=0)) as two:
        one.execute("BEGIN EXCLUSIVE")
        with pytest.raises(sqlite3.OperationalError, match="locked") as busy:
            two.execute("CREATE TABLE a (b)")
    assert not is_permanent(store, busy.value)
    assert not is_permanent(store, OSError(28, "no space left"))


def test_a_host_without_a_name_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not is_unknown_host("127.0.0.1")
    assert is_unknown_host("..")


@in_loop
async def test_a_client_closes_while_its_store_is_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    store = Failing(TimeoutError("silence"))
    async with client_of(ReplayingServer(), Replay(store)) as client:
        subscribing = asyncio.ensure_future(client.subscribe("/orders"))
        await asyncio.sleep(0)
    with pytest.raises(BayeuxError):
        await subscribing
