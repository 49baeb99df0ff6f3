"""Events that are handled in a transaction."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from core.tests.fake_server import FakeServer, Witness, make_client
from core.tests.virtual_time import in_virtual_time
from pybayeux import Client, Message, hookimpl
from pybayeux.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence


class Database:
    """Notes what was begun, committed and rolled back."""

    def __init__(self) -> None:
        self.log: list[str] = []

    @hookimpl
    def transaction(self, message: Message, earlier: Sequence[Message]) -> Any:
        return self._transaction([*earlier, message])

    @asynccontextmanager
    async def _transaction(self, messages: list[Message]) -> AsyncIterator[list[str]]:
        self.log.append(f"begin {', '.join(str(each.data) for each in messages)}")
        try:
            yield self.log
        except BaseException:
            self.log.append("roll back")
            raise
        self.log.append("commit")


@in_virtual_time
async def test_an_event_is_handled_with_its_transaction() -> None:
    server, witness, database = FakeServer(), Witness(), Database()
    async with make_client(server, witness, database) as client:
        events = await client.subscribe("/a", ack="manual")
        server.push("/a", 1, 2)
        event = await anext(events)
        async with event.transaction() as log:
            log.append("insert")
            assert witness.delivered_data == []
        assert witness.delivered_data == [1]
        assert database.log == ["begin 1", "insert", "commit"]
        with pytest.raises(UsageError, match="acknowledged already"):
            async with event.transaction():
                raise AssertionError("not entered")


@in_virtual_time
async def test_several_events_share_a_transaction() -> None:
    server, witness, database = FakeServer(), Witness(), Database()
    async with make_client(server, witness, database) as client:
        events, others = [await client.subscribe(channel, ack="manual") for channel in ("/a", "/b")]
        server.push("/a", 1, 2, 3, 4)
        server.push("/b", 5)
        first, second, third, fourth = [await anext(events) for _ in range(4)]
        with pytest.raises(ZeroDivisionError):
            async with third.transaction(earlier=[first, second]):
                raise ZeroDivisionError
        assert witness.delivered_data == []
        async with third.transaction(earlier=[first, second]):
            assert witness.delivered_data == []
        assert witness.delivered_data == [1, 2, 3]
        assert database.log == ["begin 1, 2, 3", "roll back", "begin 1, 2, 3", "commit"]
        with pytest.raises(UsageError, match="acknowledged already"):
            async with fourth.transaction(earlier=[third]):
                raise AssertionError("not entered")
        with pytest.raises(UsageError, match="several subscriptions"):
            async with fourth.transaction(earlier=[await anext(others)]):
                raise AssertionError("not entered")


@in_virtual_time
async def test_an_exception_leaves_it_unhandled() -> None:
    server, witness, database = FakeServer(), Witness(), Database()
    async with make_client(server, witness, database) as client:
        events = await client.subscribe("/a", ack="manual")
        server.push("/a", 1)
        event = await anext(events)
        with pytest.raises(ZeroDivisionError):
            async with event.transaction():
                raise ZeroDivisionError
        assert witness.delivered_data == []
        assert database.log == ["begin 1", "roll back"]
        async with event.transaction():
            pass
        assert witness.delivered_data == [1]


@in_virtual_time
async def test_a_transaction_that_is_not_possible_raises_an_error() -> None:
    server = FakeServer()
    async with make_client(server) as client:
        automatic, manual = await client.subscribe("/a"), await client.subscribe("/b", ack="manual")
        server.push("/a", 1)
        server.push("/b", 2)
        with pytest.raises(UsageError, match="ack='manual'"):
            (await anext(automatic)).transaction()
        with pytest.raises(UsageError, match="pybayeux-replay"):
            async with (await anext(manual)).transaction():
                raise AssertionError("not entered")


def test_the_synchronous_client_has_none() -> None:
    class Greeting(FakeServer):
        def _take_events(self) -> list[Message]:
            return [Message(channel="/a", data=1)] if self.subscriptions() else []

    with Client("http://fake/cometd", extensions=[Greeting(), Database()], discover=False) as client:
        events = client.subscribe("/a", ack="manual")
        client.rehandshake("to have the held connect answered")
        with pytest.raises(UsageError, match="AsyncClient"):
            next(events).transaction()
