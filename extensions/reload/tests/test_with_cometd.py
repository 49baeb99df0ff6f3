"""CometD itself: it checks a session's cookie as well as its id, and sends again what is not acknowledged."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from extensions.reload.tests.consumer import consumer
from pybayeux import AsyncClient, Channel, Message, hookimpl
from pybayeux_ack import Ack
from pybayeux_reload import Reload
from tests.servers.control import held

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from pathlib import Path

    from tests.servers.fixtures import ServerFactory
    from tests.servers.server import Server


class _Sent:
    """An extension that records what is sent."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    @hookimpl(trylast=True)
    def outgoing(self, message: Message) -> None:
        self.messages.append(message)


def _run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scenario, 30))


def _kill_in_the_middle(server: Server, file: Path) -> str:
    """Run a process that receives three events, acknowledges them and is killed; return the id of its session."""
    with consumer(server.url, file, "/reload") as process:
        for number in range(3):
            server.control.wait(held)
            server.control.publish("/reload", start=number)
            assert process.take()["seq"] == number
        server.control.wait(held)
        return process.client_id


@pytest.mark.parametrize("early", [True, False])
def test_a_killed_process_is_followed_by_one_that_gets_what_came_meanwhile(
    cometd_factory: ServerFactory, tmp_path: Path, early: bool
) -> None:
    server, file = cometd_factory(), tmp_path / "session.json"
    client_id = _kill_in_the_middle(server, file)
    server.control.publish("/reload", 3, start=3)

    async def scenario() -> None:
        reload, sent = Reload(file), _Sent()
        client = AsyncClient(server.url, discover=False, extensions=[Ack(), reload, sent])
        events = await client.subscribe("/reload") if early else None
        async with client:
            assert (client.client_id, reload.resumed) == (client_id, True)
            events = events or await client.subscribe("/reload")
            # What the killed process had received and acknowledged does not come again.
            assert [(await anext(events)).data["seq"] for _ in range(3)] == [3, 4, 5]
            assert [session.id for session in server.control.sessions()] == [client_id]
            server.control.publish("/reload", start=6)
            assert (await anext(events)).data["seq"] == 6
        connect = next(message for message in sent.messages if message.channel == Channel.META_CONNECT)
        assert connect.client_id == client_id
        assert connect.advice is not None
        assert connect.advice.timeout == 0

    _run(scenario())
    assert server.control.sessions() == []


def test_a_session_that_has_expired_is_replaced(cometd_factory: ServerFactory, tmp_path: Path) -> None:
    server, file = cometd_factory(), tmp_path / "session.json"
    client_id = _kill_in_the_middle(server, file)
    server.control.drop(client_id)

    async def scenario() -> None:
        reload = Reload(file)
        async with (
            AsyncClient(server.url, discover=False, extensions=[Ack(), reload]) as client,
            client.subscribe("/reload") as events,
        ):
            assert client.client_id != client_id
            assert not reload.resumed
            server.control.publish("/reload", start=3)
            assert (await anext(events)).data["seq"] == 3

    _run(scenario())


@pytest.mark.parametrize("transport", ["long-polling", "websocket", "callback-polling"])
def test_one_client_after_the_other_on_one_session(
    cometd_factory: ServerFactory, tmp_path: Path, transport: str
) -> None:
    server, file = cometd_factory(), tmp_path / "session.json"

    async def scenario() -> None:
        ids = set()
        for number in range(4):
            reload = Reload(file)
            async with (
                AsyncClient(server.url, discover=False, extensions=[Ack(), reload], transports=[transport]) as client,
                client.subscribe("/reload") as events,
            ):
                ids.add(client.client_id)
                server.control.publish("/reload", start=2 * number)
                if number == 0:
                    assert (await anext(events)).data["seq"] == 0
                else:
                    assert [(await anext(events)).data["seq"] for _ in range(2)] == [2 * number - 1, 2 * number]
                await asyncio.to_thread(server.control.wait, held)
                reload.hand_over()
            server.control.publish("/reload", start=2 * number + 1)
        assert len(ids) == 1

    _run(scenario())
