"""The synchronous client and the low-level one, once through with each real server."""

from __future__ import annotations

import gc
import threading
from queue import Queue
from typing import TYPE_CHECKING

import pytest

from pybayeux import BayeuxClient, Client, Message
from pybayeux.errors import BayeuxError, ClientStateError, SubscribeError
from tests.support.clients import IMPATIENT
from tests.support.loops import in_loop

if TYPE_CHECKING:
    from tests.servers.fixtures import ServerFactory
    from tests.servers.server import Server


def test_synchronous_client_once_through(any_server: Server) -> None:
    before = set(threading.enumerate())
    handled: Queue[Message] = Queue()
    with Client(any_server.url) as client:
        assert client.state == "connected"
        client.subscribe("/sync/handled", handled.put)
        with client.subscribe("/sync/**") as events:
            assert client.publish("/sync/a", {"n": 0}).successful
            any_server.control.send("/sync/a", {"n": 1})
            assert [next(events).data for _ in range(2)] == [{"n": 0}, {"n": 1}]
            with client.batch() as batch:
                batch.publish("/sync/b", 1)
                batch.publish("/denied/b", 2)
            assert [isinstance(reply, BayeuxError) for reply in batch.replies] == [False, True]
            assert next(events).data == 1
        any_server.control.send("/sync/handled", "handled")
        assert handled.get(timeout=5).data == "handled"
        with pytest.raises(SubscribeError):
            client.subscribe("/denied/here")
    assert client.state == "disconnected"
    assert set(threading.enumerate()) <= before
    gc.collect()


def test_synchronous_client_over_a_restart(any_factory: ServerFactory) -> None:
    server = any_factory()
    with Client(server.url, backoff=IMPATIENT) as client, client.subscribe("/sync/again") as events:
        server.stop()
        client.wait_for("unconnected", timeout=5)
        server.start()
        client.wait_for("connected", timeout=5)
        server.control.wait(lambda sessions: any(session.subscriptions for session in sessions))
        server.control.publish("/sync/again", 1000)
        assert [next(events).data["seq"] for _ in range(1000)] == list(range(1000))
    assert server.control.sessions() == []


@in_loop
async def test_low_level_client_once_through(any_server: Server) -> None:
    async with BayeuxClient(any_server.url) as client:
        with pytest.raises(ClientStateError):
            await client.connect()
        [handshake] = await client.handshake()
        assert handshake.client_id == client.client_id
        assert handshake.client_id in [session.id for session in any_server.control.sessions()]
        replies = await client.subscribe(["/low/a", "/low/b"])
        assert [reply.subscription for reply in replies] == ["/low/a", "/low/b"]
        received = await client.publish("/low/a", {"n": 1})
        received += await client.connect()  # answered at once: an event waits
        assert [message.data for message in received if message.has_data] == [{"n": 1}]
        with pytest.raises(SubscribeError, match="/denied/x"):
            await client.subscribe(["/low/c", "/denied/x"])
        await client.unsubscribe(["/low/a"])
        [reply] = await client.disconnect()
        assert reply.successful
    assert client.client_id is None
    assert handshake.client_id not in [session.id for session in any_server.control.sessions()]
