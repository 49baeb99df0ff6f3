"""Behaviours of the transports over HTTP: what becomes of good and bad answers, and which addresses are asked."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from pybayeux import AsyncClient, Channel, Message, hookimpl
from pybayeux.errors import ExchangeTimeoutError, MessageDecodeError, PublishError, TransportError
from tests.conformance.servers import behaviour, dev_server, on
from tests.conformance.tap import Tap
from tests.servers.faults import Action, Fault
from tests.support.clients import make_client, take
from tests.support.http_stub import Answer
from tests.support.journal import Journal
from tests.support.loops import in_loop
from tests.support.scripted import ScriptedServer

if TYPE_CHECKING:
    from pybayeux.transports.base import TransportRequest
    from tests.conformance.servers import Target
    from tests.servers.proxy import Proxy

EVERYWHERE = ("cometd", "faye", "cometd-node", "devserver")
HTTP = ("long-polling", "callback-polling")


class Addresses:
    """An extension that notes where requests go."""

    def __init__(self) -> None:
        self.urls: list[str] = []

    def paths(self) -> list[str]:
        """Without host and query."""
        return [urlsplit(url).path for url in self.urls]

    @hookimpl(trylast=True)
    def request(self, request: TransportRequest) -> None:
        self.urls.append(request.url)


# -- answers


@behaviour("T01")
@pytest.mark.parametrize("status", [400, 404, 500, 503])
@on("devserver", transports=HTTP)  # the others cannot be made to answer so
@in_loop
async def test_a_status_other_than_200_fails_the_request_with_it(target: Target, status: int) -> None:
    server = dev_server(target)
    async with target.client() as client:
        session = client.client_id
        server.faults.answer_instead(status=status, body="the reason", channel="/conformance/bad")
        with pytest.raises(PublishError) as failed:
            await client.publish("/conformance/bad", 1)
        cause = failed.value.__cause__
        assert isinstance(cause, TransportError)
        assert (cause.status, cause.body) == (status, "the reason")
        server.faults.answer_instead(status=status, channel=Channel.META_CONNECT)
        assert (await client.publish("/conformance/bad", 2)).successful
        assert client.client_id == session


@behaviour("T01")
@pytest.mark.parametrize("body", ["", "<html>", "null", "[1]", '[{"channel":"/conformance/bad","succ'])
@on("devserver", transports=HTTP)  # the others cannot be made to answer so
@in_loop
async def test_a_body_that_is_no_bayeux_fails_the_request(target: Target, body: str) -> None:
    server = dev_server(target)
    async with target.client() as client:
        server.faults.answer_instead(body=body, channel="/conformance/bad")
        with pytest.raises(PublishError) as failed:
            await client.publish("/conformance/bad", 1)
        assert isinstance(failed.value.__cause__, TransportError | MessageDecodeError)
        assert (await client.publish("/conformance/bad", 2)).successful


@behaviour("T01")
@pytest.mark.parametrize("action", [Action.CUT, Action.RESET])
@on(*EVERYWHERE, transports=HTTP)
@in_loop
async def test_a_broken_answer_fails_the_request_and_the_session_goes_on(
    target: Target, proxy: Proxy, action: Action
) -> None:
    async with target.client() as client, client.subscribe("/conformance/well") as events:
        session = client.client_id
        proxy.add(Fault(action, b"/conformance/broken"))
        with pytest.raises(PublishError) as failed:
            await client.publish("/conformance/broken", 1)
        assert isinstance(failed.value.__cause__, TransportError)
        await client.publish("/conformance/well", 2)
        assert await take(events, 1) == [2]
        assert client.client_id == session


@behaviour("T01")
@on(*EVERYWHERE, transports=HTTP)
@in_loop
async def test_an_answer_that_does_not_come_is_given_up(target: Target, proxy: Proxy) -> None:
    async with target.client(max_network_delay=0.4) as client:
        session = client.client_id
        await target.held(session)
        proxy.add(Fault(Action.STALL, b"/conformance/late"))
        with pytest.raises(PublishError) as failed:
            await client.publish("/conformance/late", 1)
        assert isinstance(failed.value.__cause__, ExchangeTimeoutError)
        assert (await client.publish("/conformance/late", 2)).successful
        assert client.client_id == session


@behaviour("T01")
@on(*EVERYWHERE, transports=HTTP)
@in_loop
async def test_a_refused_connection_is_tried_again(target: Target, proxy: Proxy) -> None:
    journal = Journal()
    await asyncio.to_thread(proxy.refuse)
    client = target.client(journal)
    starting = asyncio.create_task(client.start())
    await journal.until(lambda: len(journal.failures(TransportError)) >= 2)
    assert all(isinstance(error, TransportError) and error.unsent for error in journal.errors)
    await asyncio.to_thread(proxy.accept)
    await starting
    assert client.state == "connected"
    await client.close()


def _as(content_type: str, messages: list[dict[str, Any]]) -> Answer:
    return Answer(json.dumps(messages).encode(), content_type=content_type)


@behaviour("T02", where="a scripted server")
@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "text/html; charset=ISO-8859-1", "image/png", "application/json; charset=odd"]
)
@in_loop
async def test_the_body_counts_whatever_its_type_is_said_to_be(content_type: str) -> None:
    async with ScriptedServer() as server:
        for channel in (Channel.META_HANDSHAKE, Channel.META_CONNECT, Channel.META_SUBSCRIBE, "/conformance/type"):
            server.alter(channel, partial(_as, content_type), partial(_as, content_type))
        async with make_client(server.url) as client, client.subscribe("/conformance/type") as events:
            assert (await client.publish("/conformance/type", "ü")).successful
            assert await take(events, 1) == ["ü"]


# -- addresses


@behaviour("T03")
@on(*EVERYWHERE, transports=["long-polling"])
@in_loop
async def test_the_type_of_a_message_in_the_address(target: Target) -> None:
    addresses, path = Addresses(), urlsplit(target.url).path
    appending = {"long-polling": {"append_message_type": True}}
    async with target.client(addresses, transport_options=appending) as client:
        await (await client.subscribe("/conformance/typed")).unsubscribe()
        await client.publish("/conformance/typed", 1)
        async with client.batch() as batch:
            batch.publish("/conformance/typed", 2)
    paths = [address.removeprefix(path) for address in addresses.paths()]
    assert set(paths) == {"", "/handshake", "/connect", "/subscribe", "/unsubscribe", "/disconnect"}
    assert paths[:2] == ["/handshake", "/connect"]
    assert paths.count("") == 2


@behaviour("T03")
@pytest.mark.parametrize(("ending", "appends"), [("", False), ("?version=1", True)])
@on(*EVERYWHERE, transports=["long-polling"])
@in_loop
async def test_no_type_in_the_address_unless_asked_for_nor_where_there_is_a_query(
    target: Target, ending: str, appends: bool
) -> None:
    addresses = Addresses()
    options = {"long-polling": {"append_message_type": appends}}
    client = make_client(target.url + ending, addresses, transports=["long-polling"], transport_options=options)
    async with client:
        await client.subscribe("/conformance/untyped")
    assert set(addresses.urls) == {target.url + ending}


@behaviour("T03")
@on("devserver", transports=["long-polling"], path="/bayeux.php")  # the others have a path of their own
@in_loop
async def test_no_type_in_the_address_of_a_file(target: Target) -> None:
    addresses = Addresses()
    async with target.client(addresses, transport_options={"long-polling": {"append_message_type": True}}):
        pass
    assert set(addresses.urls) == {target.url}


@behaviour("T04")
@on(*EVERYWHERE)
@in_loop
async def test_a_transport_with_an_address_of_its_own(target: Target) -> None:
    url = target.url.replace("http:", "ws:") if target.transport == "websocket" else target.url
    async with (
        AsyncClient(
            "http://127.0.0.1:9/nowhere",
            transports=[target.transport],
            transport_options={target.transport: {"url": url}},
            discover=False,
        ) as client,
        client.subscribe("/conformance/place") as events,
    ):
        await client.publish("/conformance/place", 1)
        assert await take(events, 1) == [1]


@behaviour("T04")
@on("cometd", "faye", "devserver", transports=["websocket"])
@in_loop
async def test_each_transport_goes_to_its_own_address(target: Target, proxy: Proxy) -> None:
    tap, direct = Tap(), target.endpoint.url
    async with make_client(
        direct, tap, transports=["websocket", "long-polling"], transport_options={"websocket": {"url": proxy.ws_url}}
    ) as client:
        assert client.connection_type == "websocket"
        await target.held(client.client_id)
        assert tap.carriers[:2] == ["long-polling", "websocket"]
        assert proxy.connections == 1


# -- callback-polling


@behaviour("T05")
@on("cometd", "faye", "devserver", transports=["callback-polling"])
@in_loop
async def test_a_batch_is_split_at_the_length_of_an_address_in_order(target: Target) -> None:
    addresses, channel = Addresses(), "/conformance/split"
    limits = {"callback-polling": {"max_uri_length": 600}}
    async with (
        target.client(addresses, transport_options=limits) as client,
        client.subscribe(channel) as events,
    ):
        async with client.batch() as batch:
            for number in range(12):
                batch.publish(channel, [number, "x" * 60])
        assert [isinstance(reply, Message) and reply.successful for reply in batch.replies] == [True] * 12
        assert sorted(number for number, _ in await take(events, 12)) == list(range(12))
    assert all(len(url) <= 600 for url in addresses.urls)
    queries = [parse_qs(urlsplit(url).query) for url in addresses.urls]
    assert {query["jsonp"][0] for query in queries} == {"jsonpcallback"}
    sent = [json.loads(query["message"][0]) for query in queries]
    parts = [[message["data"][0] for message in part] for part in sent if part[0]["channel"] == channel]
    assert len(parts) > 1
    assert [number for part in parts for number in part] == list(range(12))


@behaviour("T05")
@on("cometd", "faye", "devserver", transports=["callback-polling"])
@in_loop
async def test_a_message_too_long_for_an_address_fails_by_itself(target: Target) -> None:
    addresses, channel = Addresses(), "/conformance/long"
    limits = {"callback-polling": {"max_uri_length": 600}}
    async with target.client(addresses, transport_options=limits) as client:
        async with client.batch() as batch:
            for data in (1, "x" * 600, 2):
                batch.publish(channel, data)
        assert [isinstance(reply, PublishError) for reply in batch.replies] == [False, True, False]
        assert "max_uri_length is 600" in str(batch.replies[1])
        assert (await client.publish(channel, 3)).successful
    assert all(len(url) <= 600 for url in addresses.urls)
