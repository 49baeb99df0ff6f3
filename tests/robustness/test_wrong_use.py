"""Wrong use is a clear error at once: nothing is sent, and nothing waits."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from pybayeux import AsyncClient, BayeuxClient, BayeuxError, Client
from pybayeux.errors import ClientStateError, ExtensionError, InvalidChannelError, UsageError
from tests.support.clients import make_client
from tests.support.loops import in_loop
from tests.support.scripted import ScriptedServer

if TYPE_CHECKING:
    from collections.abc import Callable

NOWHERE = "http://127.0.0.1:9/bayeux"

NO_CHANNEL = ["", "no-slash", "/", "//", "/a//b", "/a/*/b", "/a/***", "/ä\x07", "/a\nb", "/a/**b"]
NO_ADDRESS = ["", "host/cometd", "ws://host/cometd", "ftp://host/cometd", "http://", "http:///cometd", "http://host:x/"]

clients = pytest.mark.parametrize("kind", [AsyncClient, Client, BayeuxClient])


@pytest.mark.parametrize("channel", NO_CHANNEL)
def test_channel_that_is_none(channel: str) -> None:
    client = make_client(NOWHERE)
    with pytest.raises(InvalidChannelError) as error:
        client.subscribe(channel)
    assert repr(channel) in str(error.value)
    with pytest.raises(InvalidChannelError):
        client.batch().publish(channel, 1)


@pytest.mark.parametrize("channel", ["/meta/connect", "/meta/x", "/a/*", "/a/**"])
@in_loop
async def test_publish_to_what_nobody_publishes_to(channel: str) -> None:
    async with ScriptedServer() as server, make_client(server.url) as client:
        with pytest.raises(InvalidChannelError, match="/"):
            await client.publish(channel, 1)
        with pytest.raises(InvalidChannelError):
            client.batch().publish(channel, 1)
        with pytest.raises(InvalidChannelError):
            await client.call("/service/*", 1)


def test_meta_channels_are_listened_to_and_others_subscribed_to() -> None:
    client = make_client(NOWHERE)
    with pytest.raises(InvalidChannelError, match="listen"):
        client.subscribe("/meta/connect")
    with pytest.raises(InvalidChannelError, match="subscribe"):
        client.listen("/a", print)


@pytest.mark.parametrize("url", NO_ADDRESS)
@clients
def test_address_that_is_none(kind: Callable[..., Any], url: str) -> None:
    with pytest.raises(UsageError, match="url"):
        kind(url, discover=False)


@clients
def test_unknown_arguments(kind: Callable[..., Any]) -> None:
    with pytest.raises(TypeError, match="nonsense"):
        kind(NOWHERE, discover=False, nonsense=1)
    with pytest.raises(UsageError, match=r"long-polling.*smoke-signals"):
        kind(NOWHERE, discover=False, transports=["smoke-signals"])
    with pytest.raises(UsageError, match="transports"):
        kind(NOWHERE, discover=False, transports=[])


@clients
def test_unknown_options(kind: Callable[..., Any]) -> None:
    with pytest.raises(ExtensionError, match=r"auth.*nonsense"):
        kind(NOWHERE, options={"auth": {"token": "t", "nonsense": 1}})
    with pytest.raises(BayeuxError, match="no-such-extension"):
        kind(NOWHERE, options={"no-such-extension": {"a": 1}})


@pytest.mark.parametrize("arguments", [{"queue_size": 0}, {"max_network_delay": 0}, {"max_network_delay": -1}], ids=str)
def test_figures_that_make_no_sense(arguments: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="greater than zero"):
        AsyncClient(NOWHERE, discover=False, **arguments)


@pytest.mark.parametrize("arguments", [{"ack": "sometimes"}, {"on_error": "ignore"}, {"type": 5}], ids=str)
@in_loop
async def test_unknown_policies_of_a_subscription(arguments: dict[str, Any]) -> None:
    async with ScriptedServer() as server, make_client(server.url) as client:
        with pytest.raises((UsageError, TypeError)):
            await client.subscribe("/a", print, **arguments)
        assert server.subscriptions == []


@pytest.mark.parametrize(
    "data", [object(), {1: object()}, float, {"a": {b"\xff": 1j}}], ids=["object", "key", "class", "bytes"]
)
@in_loop
async def test_data_that_is_no_json(data: object) -> None:
    async with ScriptedServer() as server, make_client(server.url) as client:
        with pytest.raises(UsageError, match=r"/a.*JSON"):
            await client.publish("/a", data)
        assert server.messages("/a") == []


@in_loop
async def test_client_that_is_not_started() -> None:
    client = make_client(NOWHERE)
    with pytest.raises(ClientStateError, match="start"):
        await client.publish("/a", 1)
    with pytest.raises(ClientStateError, match="start"):
        await client.call("echo", 1)
    with pytest.raises(ClientStateError):
        client.rehandshake("for no reason")
    with pytest.raises(UsageError, match="/a"):
        client.resubscribe("/a")


@in_loop
async def test_client_that_is_closed() -> None:
    async with ScriptedServer() as server:
        async with make_client(server.url) as client:
            subscription = await client.subscribe("/a")
        asked = len(server.asked)
        with pytest.raises(ClientStateError, match="closed"):
            await client.publish("/a", 1)
        with pytest.raises(ClientStateError, match="closed"):
            client.subscribe("/a")
        with pytest.raises(ClientStateError, match="closed"):
            await client.call("echo", 1)
        with pytest.raises(StopAsyncIteration):
            await anext(subscription)
        await subscription.unsubscribe()
        await client.close()
        assert len(server.asked) == asked


@in_loop
async def test_client_that_is_started_twice() -> None:
    async with ScriptedServer() as server, make_client(server.url) as client:
        with pytest.raises(ClientStateError, match="started"):
            await client.start()
        assert client.state == "connected"
        assert len(server.sessions) == 1


@in_loop
async def test_two_tasks_that_iterate_one_subscription() -> None:
    async with ScriptedServer() as server, make_client(server.url) as client, client.subscribe("/a") as events:
        first = asyncio.create_task(events.__anext__())
        await asyncio.sleep(0)
        with pytest.raises(ClientStateError, match="subscribe twice"):
            await anext(events)
        server.publish("/a", 1)
        assert (await first).data == 1


@in_loop
async def test_synchronous_client_within_a_running_loop() -> None:
    with pytest.raises(UsageError, match="AsyncClient"):
        Client(NOWHERE, discover=False)


def test_synchronous_client_that_is_closed() -> None:
    client = Client(NOWHERE, discover=False)
    client.close()
    with pytest.raises(ClientStateError):
        client.publish("/a", 1)
    with pytest.raises(ClientStateError, match="closed"):
        client.subscribe("/a")


@in_loop
async def test_event_of_an_automatic_subscription_is_not_acknowledged_by_hand() -> None:
    async with ScriptedServer() as server, make_client(server.url) as client, client.subscribe("/a") as events:
        server.publish("/a", 1)
        with pytest.raises(UsageError, match="manual"):
            await (await anext(events)).ack()


@in_loop
async def test_low_level_client_out_of_turn() -> None:
    async with ScriptedServer() as server, BayeuxClient(server.url, discover=False) as client:
        for out_of_turn in (client.connect, lambda: client.subscribe(["/a"]), client.disconnect):
            with pytest.raises(ClientStateError, match="handshake"):
                await out_of_turn()
        await client.handshake()
        with pytest.raises(ClientStateError):
            await client.handshake()
        with pytest.raises(InvalidChannelError):
            await client.subscribe(["/a", "no-slash"])
        with pytest.raises(UsageError):
            await client.subscribe([])
        with pytest.raises(InvalidChannelError):
            await client.publish("/meta/connect", 1)
        connecting = asyncio.create_task(client.connect())
        await server.received("/meta/connect")
        with pytest.raises(ClientStateError, match="one at a time"):
            await client.connect()
        await client.disconnect()
        await connecting
        assert server.messages("/meta/subscribe") == []
