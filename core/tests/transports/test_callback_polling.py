from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.tests.strategies import messages
from core.tests.transports import site_stub
from core.tests.transports.site_stub import REPLY, refuse, replying
from core.tests.virtual_time import in_virtual_time
from pybayeux import Message, decode, encode
from pybayeux.errors import MessageDecodeError, TransportError, UsageError
from pybayeux.transports.callback_polling import CallbackPolling

if TYPE_CHECKING:
    from collections.abc import Callable

URL = "https://host/cometd"
ANSWER = 'jsonpcallback([{"channel":"/meta/handshake","id":"1","successful":true}]);'


class Site(site_stub.Site):
    """A site, and callback-polling with these options."""

    def __init__(
        self,
        answer: Callable[[httpx.Request], httpx.Response] | None = None,
        options: dict[str, Any] | None = None,
        **arguments: Any,
    ) -> None:
        super().__init__(partial(CallbackPolling, **(options or {})), answer or replying(ANSWER), **arguments)

    def sent(self) -> list[list[Message]]:
        """The messages of each request."""
        return [decode(request.url.params["message"]) for request in self.requests]


# -- what leaves


@in_virtual_time
async def test_messages_leave_in_the_address_of_a_get() -> None:
    request = await Site().send(Message(channel="/meta/handshake", id="1"), Message(channel="/a", data="ä&=+ #%\u2028"))
    assert (request.method, request.content) == ("GET", b"")
    assert str(request.url).startswith(f"{URL}?jsonp=jsonpcallback&message=")
    assert set(request.url.params) == {"jsonp", "message"}
    first, second = decode(request.url.params["message"])
    assert (first.channel, first.id, second.data) == ("/meta/handshake", "1", "ä&=+ #%\u2028")


@given(st.lists(messages(), min_size=1, max_size=3))
def test_every_message_comes_out_of_the_address_as_it_went_in(batch: list[Message]) -> None:
    @in_virtual_time
    async def send() -> None:
        site = Site(options={"max_uri_length": 100_000})
        request = await site.send(*batch)
        assert request.url.params["message"].encode() == encode(batch)

    send()


@in_virtual_time
async def test_a_query_of_the_users_stays() -> None:
    request = await Site(url=f"{URL}?tenant=7").send()
    assert str(request.url).startswith(f"{URL}?tenant=7&jsonp=jsonpcallback&message=")


@in_virtual_time
async def test_no_cache_may_answer() -> None:
    request = await Site().send()
    assert request.headers["Cache-Control"] == "no-cache"
    assert "Content-Type" not in request.headers


@in_virtual_time
async def test_headers_of_the_user_are_sent() -> None:
    request = await Site(headers={"X-Tenant": "7", "cache-control": "max-age=0"}).send()
    assert request.headers["X-Tenant"] == "7"
    assert request.headers.get_list("Cache-Control") == ["max-age=0"]


@in_virtual_time
async def test_hooks_know_the_connection_type() -> None:
    site = Site()
    seen: list[str] = []
    site.on_request = lambda request: seen.append(request.connection_type)
    await site.send()
    assert seen == ["callback-polling"]
    assert [(response.connection_type, response.status) for response in site.responses] == [("callback-polling", 200)]


@in_virtual_time
async def test_a_redirect_is_followed() -> None:
    site = Site()
    site.answer = lambda request: (
        replying(ANSWER)(request)
        if request.url.path == "/new"
        else httpx.Response(307, headers={"Location": str(request.url).replace("/cometd", "/new")})
    )
    request = await site.send()
    assert (request.method, request.url.path) == ("GET", "/new")
    assert len({str(message) for message in map(repr, site.sent())}) == 1


# -- what comes back


@pytest.mark.parametrize(
    "body",
    [
        ANSWER,
        ANSWER.rstrip(";"),
        f"/**/{ANSWER}",
        f" \r\n{ANSWER}\r\n ",
        ANSWER.replace("jsonpcallback", "org.cometd.callbacks._1"),
        ANSWER.removeprefix("jsonpcallback(").removesuffix(");"),
    ],
)
@in_virtual_time
async def test_the_answer_is_read_in_every_wrapper(body: str) -> None:
    site = Site(replying(body))
    await site.send()
    ((reply,),) = site.received
    assert (reply.channel, reply.successful) == ("/meta/handshake", True)


@in_virtual_time
async def test_line_separators_come_escaped() -> None:
    site = Site(replying(r'/**/cb([{"channel":"/a","data":"x\u2028\u2029y"}]);'))
    await site.send()
    assert site.received[0][0].data == "x\u2028\u2029y"


@pytest.mark.parametrize("kind", ["text/javascript", "application/javascript; charset=utf-8", "text/html", None])
@in_virtual_time
async def test_the_content_type_of_an_answer_does_not_matter(kind: str | None) -> None:
    site = Site(refuse(200, content=ANSWER.encode(), headers={} if kind is None else {"Content-Type": kind}))
    await site.send()
    assert len(site.received) == 1


@pytest.mark.parametrize("body", ["<html>(Maintenance)</html>", "cb([{)", 'cb("text")', "cb([1)", "nothing"])
@in_virtual_time
async def test_an_answer_that_is_no_bayeux_is_a_failure(body: str) -> None:
    site = Site(replying(body))
    with pytest.raises(MessageDecodeError):
        await site.send()
    assert site.received == []


@in_virtual_time
async def test_an_empty_answer_is_a_failure() -> None:
    with pytest.raises(TransportError, match="empty answer"):
        await Site(replying(" ")).send()


@in_virtual_time
async def test_another_status_than_200_is_a_failure() -> None:
    with pytest.raises(TransportError, match="HTTP 503") as caught:
        await Site(refuse(503, json=REPLY, headers={"Retry-After": "7"})).send()
    assert caught.value.retry_after == 7


@in_virtual_time
async def test_the_limit_of_an_answer() -> None:
    with pytest.raises(TransportError, match="max_response_size=5"):
        await Site(options={"max_response_size": 5}).send()


# -- how long an address may be


def publishes(count: int) -> list[Message]:
    """So many messages."""
    return [Message(channel=f"/channel/{number}", data=number) for number in range(count)]


@in_virtual_time
async def test_a_batch_that_makes_too_long_an_address_is_sent_in_parts_in_order() -> None:
    site = Site()
    await site.send(*publishes(100))
    assert len(site.requests) > 2
    assert all(1500 < len(str(request.url)) <= 2000 for request in site.requests[:-1])
    assert [message.data for batch in site.sent() for message in batch] == list(range(100))
    assert len(site.received) == len(site.requests)


@in_virtual_time
async def test_the_length_is_what_it_is_on_the_wire() -> None:
    message = Message(channel="/a", data="ä ☃ &+")
    length = len(str((await Site().send(message)).url))
    await Site(options={"max_uri_length": length}).send(message)
    with pytest.raises(TransportError, match=f"takes {length} characters of an address, max_uri_length is"):
        await Site(options={"max_uri_length": length - 1}).send(message)


@pytest.mark.behaviour("T05")
@in_virtual_time
async def test_a_message_that_is_too_long_fails_alone() -> None:
    site = Site()
    batch = publishes(3)
    batch.insert(1, Message(channel="/large", data="x" * 2000))
    with pytest.raises(TransportError, match=r"/large .*max_uri_length is 2000\Z") as caught:
        await site.send(*batch)
    assert not caught.value.unsent
    assert [message.data for sent in site.sent() for message in sent] == [0, 1, 2]
    assert len(site.received) == 1


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_of_nothing_is_refused(limit: int) -> None:
    with pytest.raises(UsageError, match="max_uri_length"):
        Site(options={"max_uri_length": limit})


# -- life, secrets


@in_virtual_time
async def test_closing_leaves_the_users_http_client_open() -> None:
    site = Site()
    await site.transport.close()
    assert not site.http.is_closed


@in_virtual_time
async def test_what_every_request_has_is_no_secret_and_what_the_user_adds_is() -> None:
    site = Site(refuse(500, text="jsonpcallback: t0k3n-t0k3n"), url=f"{URL}?access=t0k3n-t0k3n")
    with pytest.raises(TransportError, match=r"jsonpcallback: \*\*\*"):
        await site.send()


@in_virtual_time
async def test_messages_push_no_secret_out_of_memory() -> None:
    site = Site()
    site.redact.remember("t0k3n-t0k3n")
    for number in range(200):
        await site.send(Message(channel="/a", data=number))
    assert site.redact("t0k3n-t0k3n") == "***"
