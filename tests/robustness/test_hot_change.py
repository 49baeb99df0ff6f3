"""Extensions that come and go while events flow: none lost, none twice, all in order, and no stop."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from pybayeux import ConnectionState, Message, hookimpl
from tests.support.clients import make_client
from tests.support.journal import Journal
from tests.support.loops import in_long_loop

if TYPE_CHECKING:
    from pybayeux import AsyncClient
    from tests.servers.fixtures import ServerFactory

EVENTS = 10_000
CHANGES = 1_000


class Passing:
    """Counts the comings and goings of all extensions here, and the events that they see."""

    seen = 0
    alive = 0

    @hookimpl
    def registered(self) -> None:
        Passing.alive += 1

    @hookimpl
    def unregistered(self) -> None:
        Passing.alive -= 1


class Counting(Passing):
    """One that looks at what comes in."""

    @hookimpl
    def incoming(self, message: Message) -> None:
        Passing.seen += message.successful is None


class Waiting(Passing):
    """The same, but it lets others run meanwhile: batches overtake each other where the client lets them."""

    @hookimpl
    async def incoming(self, message: Message) -> None:
        await asyncio.sleep(0)
        Passing.seen += message.successful is None


async def change(client: AsyncClient, number: int) -> None:
    """One extension comes, and one goes."""
    kind = Waiting if number % 3 == 0 else Counting
    await client.use(kind(), f"hot-{number}")
    if number >= 4:
        await client.remove(f"hot-{number - 4}")


@pytest.mark.parametrize("transport", ["long-polling", "websocket"])
@in_long_loop
async def test_a_thousand_changes_under_load(any_factory: ServerFactory, transport: str) -> None:
    server, journal = any_factory(), Journal()
    Passing.seen = Passing.alive = 0
    async with (
        make_client(server.url, journal, transports=[transport]) as client,
        client.subscribe("/hot") as events,
    ):
        changes = asyncio.create_task(_change_all(client))
        publishing = asyncio.create_task(asyncio.to_thread(server.control.publish, "/hot", EVENTS, rate=2500))
        received = [(await anext(events)).data["seq"] for _ in range(EVENTS)]
        await asyncio.gather(changes, publishing)
        assert events.pending == 0
        assert (await client.publish("/hot/answer", 1)).successful
    assert received == list(range(EVENTS))
    assert Passing.seen > EVENTS / 10
    assert Passing.alive == 0
    assert journal.errors == []
    assert journal.count(ConnectionState.CONNECTED) == 1


async def _change_all(client: AsyncClient) -> None:
    for number in range(CHANGES):
        await change(client, number)
        await asyncio.sleep(0.002)  # while events flow: they come for four seconds
