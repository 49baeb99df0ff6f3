"""End to end: to CometD's own half and back, with both clients, and with CometD's own client as the peer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from pybayeux import AsyncClient, BayeuxClient, BayeuxError, Message, hookimpl
from pybayeux_binary import Binary, BinaryData

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from tests.servers.fixtures import PeerFactory, ServerFactory
    from tests.servers.node import Peer
    from tests.servers.server import Server

_SIZES = [BinaryData(bytes(range(250, 250 + size % 6)) * 3) for size in range(6)]
_PAYLOADS = [*_SIZES, BinaryData(bytes(range(256)) * 4, last=False, meta={"name": "a.bin", "part": 1})]


class _Failures:
    """An extension that records the errors reported."""

    def __init__(self) -> None:
        self.errors: list[BayeuxError] = []

    @hookimpl
    def failed(self, error: BayeuxError) -> None:
        self.errors.append(error)


def _run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scenario, 30))


def _client(server: Server, *extensions: object) -> AsyncClient:
    return AsyncClient(server.url, discover=False, extensions=[Binary(), *extensions])


def test_bytes_come_back_from_the_server_unchanged(cometd_server: Server) -> None:
    async def scenario() -> None:
        async with _client(cometd_server) as client, client.subscribe("/binary/round") as events:
            for payload in _PAYLOADS:
                assert (await client.publish("/binary/round", payload)).successful
                event = await anext(events)
                assert (event.data, event.ext) == (payload, None)

    _run(scenario())


def test_a_typed_subscription_gets_bytes(cometd_server: Server) -> None:
    async def scenario() -> None:
        async with (
            _client(cometd_server) as client,
            client.subscribe("/binary/typed", type=BinaryData) as events,
        ):
            await client.publish("/binary/typed", BinaryData(b"abc"))
            assert (await anext(events)).data == BinaryData(b"abc")

    _run(scenario())


def test_a_remote_call_with_bytes_is_answered_with_bytes(cometd_server: Server) -> None:
    async def scenario() -> None:
        async with _client(cometd_server) as client:
            for payload in _PAYLOADS:
                assert (await client.call("echo", payload)).data == payload

    _run(scenario())


def test_the_low_level_client_publishes_bytes(cometd_server: Server) -> None:
    async def scenario() -> None:
        async with (
            _client(cometd_server) as receiver,
            receiver.subscribe("/binary/low") as events,
            BayeuxClient(cometd_server.url, discover=False, extensions=[Binary()]) as client,
        ):
            await client.handshake()
            await client.publish("/binary/low", BinaryData(b"abc"))
            assert (await anext(events)).data == BinaryData(b"abc")
            await client.disconnect()

    _run(scenario())


def test_a_server_without_the_extension_passes_bytes_on(cometd_factory: ServerFactory, faye_server: Server) -> None:
    async def scenario(server: Server) -> None:
        async with _client(server) as client, client.subscribe("/binary/passed/on") as events:
            for payload in _PAYLOADS:
                await client.publish("/binary/passed/on", payload)
                assert (await anext(events)).data == payload

    for server in (cometd_factory(binary=False), faye_server):
        _run(scenario(server))


def test_without_the_extension_the_form_on_the_wire_is_received(cometd_server: Server) -> None:
    async def scenario() -> None:
        plain = AsyncClient(cometd_server.url, discover=False)
        async with plain, plain.subscribe("/binary/wire") as events, _client(cometd_server) as client:
            await client.publish("/binary/wire", BinaryData(bytes.fromhex("864FD26FB559F75B")))
            event = await anext(events)
            assert event.data == {"data": "HelloWorld", "last": True}
            assert event.ext == {"binary": {}}

    _run(scenario())


class _Liar:
    """An extension that changes incoming messages before the others see them."""

    @hookimpl(tryfirst=True)
    def incoming(self, message: Message) -> None:
        if message.channel == "/binary/broken" and message.has_data:
            message.data = {"data": "~", "last": True}


def test_text_that_is_not_z85_is_reported_and_stops_nothing(cometd_server: Server) -> None:
    async def scenario() -> None:
        failures = _Failures()
        async with (
            _client(cometd_server, _Liar(), failures) as client,
            client.subscribe("/binary/broken") as broken,
            client.subscribe("/binary/whole") as whole,
        ):
            await client.publish("/binary/broken", BinaryData(b"abc"))
            event = await anext(broken)
            assert (event.data, event.ext) == ({"data": "~", "last": True}, {"binary": {}})
            await client.publish("/binary/whole", BinaryData(b"abc"))
            assert (await anext(whole)).data == BinaryData(b"abc")
        [error] = failures.errors
        assert "'binary' failed in incoming" in str(error)
        assert "Z85 has no character '~'" in str(error)

    _run(scenario())


@pytest.mark.parametrize("transport", ["long-polling", "websocket"])
def test_bytes_to_and_from_cometd_s_own_client(
    cometd_server: Server, peer_factory: PeerFactory, transport: str
) -> None:
    def exchange(peer: Peer, payload: BinaryData) -> None:
        """Check that the peer received what was published, and let it publish the same."""
        shown: dict[str, Any] = {"data": payload.data.hex(), "last": payload.last}
        if payload.meta is not None:
            shown["meta"] = payload.meta
        assert peer.expect("message")["data"] == shown
        peer.send("publishBinary", channel=channel, hex=payload.data.hex(), last=payload.last, meta=payload.meta)
        assert peer.expect("published")["successful"]
        assert peer.expect("message")["data"] == shown

    async def scenario() -> None:
        peer = await asyncio.to_thread(peer_factory, "cometd", cometd_server.url, transport)
        assert (await asyncio.to_thread(peer.subscribe, channel))["successful"]
        async with _client(cometd_server) as client, client.subscribe(channel) as events:
            for payload in _PAYLOADS:
                await client.publish(channel, payload)
                await asyncio.to_thread(exchange, peer, payload)
                assert [(await anext(events)).data for _ in range(2)] == [payload, payload]

    channel = f"/binary/peer/{transport}"
    _run(scenario())
