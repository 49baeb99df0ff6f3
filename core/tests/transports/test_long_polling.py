from __future__ import annotations

import asyncio
import json
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import httpx
import pytest

from core.tests.transports import site_stub
from core.tests.transports.site_stub import REPLY, URL, refuse
from core.tests.virtual_time import in_virtual_time
from pybayeux import Message, decode
from pybayeux.errors import TransportError, UsageError
from pybayeux.transports.long_polling import LongPolling

if TYPE_CHECKING:
    from collections.abc import Callable


class Site(site_stub.Site):
    """A site, and long-polling with these options."""

    def __init__(
        self,
        answer: Callable[[httpx.Request], httpx.Response] | None = None,
        options: dict[str, Any] | None = None,
        **arguments: Any,
    ) -> None:
        super().__init__(partial(LongPolling, **(options or {})), answer, **arguments)


# -- what leaves and what comes back


@in_virtual_time
async def test_messages_leave_as_one_array_and_the_answers_come_back_as_one_batch() -> None:
    site = Site()
    request = await site.send()
    assert (request.method, str(request.url)) == ("POST", URL)
    assert json.loads(request.content) == [{"channel": "/meta/handshake", "id": "1"}]
    assert request.headers["Content-Type"] == "application/json;charset=UTF-8"
    ((reply,),) = site.received
    assert (reply.channel, reply.successful) == ("/meta/handshake", True)


@in_virtual_time
async def test_the_content_type_of_an_answer_does_not_matter() -> None:
    for kind in ("text/json", "text/plain", "application/json;charset=UTF-8"):
        site = Site(refuse(200, content=b"[]", headers={"Content-Type": kind}))
        await site.send()
        assert site.received == [[]]


@in_virtual_time
async def test_headers_of_the_user_are_sent() -> None:
    site = Site(headers={"X-Tenant": "7", "content-type": "application/json"})
    request = await site.send()
    assert request.headers["X-Tenant"] == "7"
    assert request.headers.get_list("Content-Type") == ["application/json"]


@in_virtual_time
async def test_closing_closes_the_http_client_of_its_own() -> None:
    site = Site()
    await site.transport.close()
    assert not site.http.is_closed


# -- the message's type in the address

CONNECT = Message(channel="/meta/connect", id="2")
PUBLISH = Message(channel="/orders", data=1, id="3")
APPENDED = {"append_message_type": True}


@pytest.mark.parametrize(
    ("url", "appended"),
    [
        ("https://host/cometd", "https://host/cometd/connect"),
        ("https://host/cometd/", "https://host/cometd/connect"),
        ("https://host", "https://host/connect"),
        ("https://host.example/a.b/cometd", "https://host.example/a.b/cometd/connect"),
        ("https://host/cometd?tenant=7", "https://host/cometd?tenant=7"),
        ("https://host/cometd/60.0", "https://host/cometd/60.0"),
        ("https://host/bayeux.php", "https://host/bayeux.php"),
        ("https://host/bayeux.php/", "https://host/bayeux.php/"),
    ],
)
@in_virtual_time
async def test_the_type_of_a_lone_meta_message_is_appended_where_the_url_allows(url: str, appended: str) -> None:
    request = await Site(options=APPENDED, url=url).send(CONNECT)
    assert str(request.url) == str(httpx.URL(appended))


@pytest.mark.parametrize("messages", [[PUBLISH], [CONNECT, PUBLISH], [CONNECT, CONNECT]])
@in_virtual_time
async def test_no_type_is_appended_for_anything_else(messages: list[Message]) -> None:
    assert str((await Site(options=APPENDED).send(*messages)).url) == URL


@in_virtual_time
async def test_no_type_is_appended_by_default() -> None:
    assert str((await Site().send(CONNECT)).url) == URL


# -- as a form


@in_virtual_time
async def test_messages_leave_as_the_field_of_a_form() -> None:
    message = Message(channel="/a", data="ä &=+%\u2028")
    request = await Site(options={"form": True}).send(message)
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    fields = parse_qs(request.content.decode("ascii"), strict_parsing=True)
    assert set(fields) == {"message"}
    assert [each.data for each in decode(fields["message"][0])] == [message.data]


# -- how large a request may be


def batches(site: Site) -> list[list[Any]]:
    """The data of the messages of each request."""
    return [[message.get("data") for message in json.loads(request.content)] for request in site.requests]


MESSAGES = [Message(channel="/a", data=number) for number in range(5)]  # of 25 bytes each
LARGE = Message(channel="/large", data="x" * 100)
LARGER = Message(channel="/larger", data="x" * 101)


@pytest.mark.parametrize(
    ("size", "sent"),
    [
        (131, [[0, 1, 2, 3, 4]]),
        (130, [[0, 1, 2, 3], [4]]),
        (53, [[0, 1], [2, 3], [4]]),
        (52, [[0], [1], [2], [3], [4]]),
        (27, [[0], [1], [2], [3], [4]]),
    ],
)
@in_virtual_time
async def test_a_batch_that_is_too_large_is_sent_in_parts_in_order(size: int, sent: list[list[int]]) -> None:
    site = Site(options={"max_request_size": size})
    await site.send(*MESSAGES)
    assert batches(site) == sent
    assert all(len(request.content) <= size for request in site.requests)
    assert len(site.received) == len(sent)


@in_virtual_time
async def test_one_part_follows_the_other() -> None:
    under_way = 0

    async def answer(request: httpx.Request) -> httpx.Response:
        nonlocal under_way
        under_way += 1
        assert under_way == 1
        await asyncio.sleep(1)
        under_way -= 1
        return httpx.Response(200, json=REPLY)

    site = Site(options={"max_request_size": 30}, http=httpx.AsyncClient(transport=httpx.MockTransport(answer)))
    await site.transport.exchange(MESSAGES)
    assert len(site.received) == 5


@in_virtual_time
async def test_a_message_that_is_too_large_fails_after_the_others_were_sent() -> None:
    site = Site(options={"max_request_size": 100})
    with pytest.raises(TransportError, match=r"/large takes 132 bytes, max_request_size is 100\Z") as caught:
        await site.send(*MESSAGES[:2], LARGE, *MESSAGES[2:])
    assert batches(site) == [[0, 1, 2], [3, 4]]
    assert (caught.value.unsent, caught.value.fatal) == (False, True)


@in_virtual_time
async def test_messages_that_are_too_large_alone_send_nothing() -> None:
    site = Site(options={"max_request_size": 100})
    with pytest.raises(TransportError, match=r"/larger takes 134 bytes.*\(1 more are too large\)"):
        await site.send(LARGE, LARGER)
    assert site.requests == []


@in_virtual_time
async def test_the_size_of_a_form_is_what_it_is_on_the_wire() -> None:
    message = Message(channel="/a", data="ä" * 10)
    size = len((await Site(options={"form": True}).send(message)).content)
    await Site(options={"form": True, "max_request_size": size}).send(message)
    with pytest.raises(TransportError, match=f"takes {size} bytes"):
        await Site(options={"form": True, "max_request_size": size - 1}).send(message)


@in_virtual_time
async def test_the_first_part_that_fails_is_the_last() -> None:
    site = Site(options={"max_request_size": 30})
    site.answer = lambda request: httpx.Response(503 if len(site.requests) == 2 else 200, json=REPLY)
    with pytest.raises(TransportError, match="HTTP 503"):
        await site.send(*MESSAGES)
    assert batches(site) == [[0], [1]]


@pytest.mark.parametrize(("nth", "unsent"), [(1, True), (2, False)])
@in_virtual_time
async def test_what_surely_never_left_is_so_for_all_messages(nth: int, unsent: bool) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if len(site.requests) == nth:
            raise httpx.ConnectError("refused")
        return httpx.Response(200, json=REPLY)

    site = Site(answer, options={"max_request_size": 30})
    with pytest.raises(TransportError, match="ConnectError: refused") as caught:
        await site.send(*MESSAGES)
    assert caught.value.unsent == unsent


@in_virtual_time
async def test_a_part_of_one_meta_message_may_have_its_type_appended() -> None:
    site = Site(options={"max_request_size": 60, **APPENDED})
    await site.send(CONNECT, PUBLISH)
    assert [request.url.path for request in site.requests] == ["/cometd/connect", "/cometd"]


@pytest.mark.parametrize("limit", [0, -5])
def test_a_limit_of_nothing_is_refused(limit: int) -> None:
    with pytest.raises(UsageError, match="max_request_size"):
        Site(options={"max_request_size": limit})


@in_virtual_time
async def test_the_limit_of_an_answer() -> None:
    with pytest.raises(TransportError, match="max_response_size=5"):
        await Site(refuse(200, json=REPLY), options={"max_response_size": 5}).send()
