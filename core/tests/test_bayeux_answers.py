"""What the low-level client makes of answers of another kind, and of calls that are given up."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from core.tests.bayeux_support import connected, make_client
from core.tests.fake_server import FakeServer
from core.tests.virtual_time import in_virtual_time, settle
from pybayeux import BayeuxClient, ConnectionState, Message
from pybayeux.errors import ExchangeTimeoutError, SubscribeError, TransportError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


# -- answers of another kind


def over_http(*answers: httpx.Response) -> BayeuxClient:
    """A client over HTTP, whose server gives these answers one after the other."""
    left = list(answers)
    http = httpx.AsyncClient(transport=httpx.MockTransport(lambda request: left.pop(0)))
    return BayeuxClient("http://host/cometd", http=http, discover=False)


def granted(**fields: Any) -> dict[str, Any]:
    """The reply to a handshake."""
    types = ["long-polling"]
    reply = {"channel": "/meta/handshake", "successful": True, "clientId": "c1", "supportedConnectionTypes": types}
    return reply | fields


@pytest.mark.parametrize("status", [302, 400, 401, 404, 500, 503])
@in_virtual_time
async def test_a_failed_http_request_shows_status_and_body(status: int) -> None:
    refused = httpx.Response(status, text="<html>the reason</html>")
    client = over_http(refused, httpx.Response(200, json=[granted()]), refused)
    with pytest.raises(TransportError, match=f"HTTP {status} .*the reason") as caught:
        await client.handshake()
    assert (caught.value.status, caught.value.body) == (status, "<html>the reason</html>")
    assert client.state is ConnectionState.UNCONNECTED
    await client.handshake()
    with pytest.raises(TransportError, match="the reason"):
        await client.subscribe(["/a"])
    assert client.client_id == "c1"


@pytest.mark.parametrize(
    "body",
    [
        [{"channel": "/a", "data": 1}, granted(), {"channel": "/b", "data": 2}],
        [granted(), {"channel": "/meta/connect", "successful": True}],
        [granted(id="1"), granted(id="another", clientId="c2")],
    ],
)
@in_virtual_time
async def test_more_messages_than_the_reply_are_returned_in_order(body: list[dict[str, Any]]) -> None:
    client = over_http(httpx.Response(200, json=body))
    assert [reply.channel for reply in await client.handshake()] == [each["channel"] for each in body]
    assert (client.state, client.client_id) == ("connecting", "c1")


@pytest.mark.parametrize(
    "body", [[], [{"channel": "/meta/connect", "successful": True}], [{"channel": "/a", "data": 1}]]
)
@in_virtual_time
async def test_an_answer_on_other_channels_alone_is_none(body: list[dict[str, Any]]) -> None:
    client = over_http(httpx.Response(200, json=body), httpx.Response(200, json=[granted()]))
    with pytest.raises(TransportError, match="no reply to /meta/handshake"):
        await client.handshake()
    assert (client.state, client.client_id) == (ConnectionState.UNCONNECTED, None)
    await client.handshake()
    assert client.client_id == "c1"


@in_virtual_time
async def test_one_refusal_among_several_is_an_error_that_names_it() -> None:
    server = FakeServer()
    client = await connected(server)
    server.answer_next("/meta/subscribe", subscription="/a")
    server.refuse_next("/meta/subscribe", "403:/b:denied", subscription="/b")
    with pytest.raises(SubscribeError, match="/b failed: 403:/b:denied") as caught:
        await client.subscribe(["/a", "/b", "/c"])
    assert (caught.value.channel, caught.value.code) == ("/b", 403)
    assert server.subscriptions() == ["/a", "/b", "/c"]


# -- calls that are given up


CALLS: dict[str, Callable[[BayeuxClient], Awaitable[list[Message]]]] = {
    "/meta/handshake": lambda client: client.handshake(),
    "/meta/connect": lambda client: client.connect(),
    "/meta/subscribe": lambda client: client.subscribe(["/a"]),
    "/meta/unsubscribe": lambda client: client.unsubscribe(["/a"]),
    "/a": lambda client: client.publish("/a", 1),
    "/meta/disconnect": lambda client: client.disconnect(),
}


@pytest.mark.parametrize("timed_out", [False, True], ids=["cancelled", "timed out"])
@pytest.mark.parametrize("channel", CALLS)
@in_virtual_time
async def test_a_cancelled_call_leaves_the_client_usable_and_is_not_sent_again(channel: str, timed_out: bool) -> None:
    server = FakeServer(hold=0)
    client = make_client(server) if channel == "/meta/handshake" else await connected(server)
    sent = len(server.received)
    server.silent.add(channel)
    call = asyncio.ensure_future(CALLS[channel](client))
    if timed_out:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3):
                await call
    else:
        await settle()
        call.cancel()
        await asyncio.wait([call])
    assert call.cancelled()
    server.silent.clear()
    await asyncio.sleep(3600)
    assert [message.channel for _, message in server.received[sent:]] == [channel]

    if channel in ("/meta/handshake", "/meta/disconnect"):
        assert (client.state, client.client_id) == (ConnectionState.UNCONNECTED, None)
        await client.handshake()
    await client.connect()
    await CALLS["/meta/subscribe"](client)
    await client.publish("/b", 1)
    await client.disconnect()
    await client.close()
    assert server.opened == 0


@in_virtual_time
async def test_a_server_that_is_late_leaves_the_client_usable() -> None:
    server = FakeServer()
    client = await connected(server)
    server.silent |= {"/a", "/meta/subscribe"}
    for call in (client.publish("/a", 1), client.subscribe(["/a"])):
        with pytest.raises(ExchangeTimeoutError):
            await call
    server.silent.clear()
    assert (client.state, client.client_id) == ("connected", "session-1")
    await client.publish("/a", 2)
    assert [message.data for message in server.messages("/a")] == [1, 2]
