"""How large an answer may be."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from core.tests.transports.posting import Posting, Site
from core.tests.transports.site_stub import refuse
from core.tests.virtual_time import in_virtual_time
from pybayeux.errors import TransportError, UsageError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


def sized(content: bytes | AsyncIterator[bytes], limit: int, status: int = 200, **arguments: Any) -> Site:
    """A site whose answers are read up to a limit."""
    site = Site(refuse(status, content=content, **arguments))
    site.transport = Posting(site.context, max_response_size=limit)
    return site


@in_virtual_time
async def test_an_answer_of_the_largest_size_is_read() -> None:
    site = sized(b'[{"channel":"/a"}]', 18)
    await site.send()
    assert [[message.channel for message in batch] for batch in site.received] == [["/a"]]


@in_virtual_time
async def test_an_answer_that_is_too_large_fails_and_names_the_option() -> None:
    site = sized(b'[{"channel":"/a"}]', 17)
    with pytest.raises(
        TransportError, match=r"more than max_response_size=17 bytes; transport_options=.* allows more"
    ) as caught:
        await site.send()
    assert (caught.value.status, caught.value.unsent, site.received) == (200, False, [])


@in_virtual_time
async def test_what_is_beyond_the_limit_is_not_read() -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield b"x" * 1000

    for status in (200, 503):
        read = 0
        with pytest.raises(TransportError):
            await sized(endless(), 10_500, status).send()
        assert read == 11


@in_virtual_time
async def test_the_limit_is_for_what_was_compressed() -> None:
    bomb = gzip.compress(b"[" + b" " * 100_000 + b"]")
    with pytest.raises(TransportError, match="max_response_size=10000"):
        await sized(bomb, 10_000, headers={"Content-Encoding": "gzip"}).send()


@in_virtual_time
async def test_a_failed_answer_that_is_too_large_says_what_it_says() -> None:
    site = sized(b"Service Unavailable" * 1000, 100, 503, headers={"Retry-After": "7"})
    with pytest.raises(TransportError, match=r"HTTP 503.*Service Unavailable") as caught:
        await site.send()
    assert caught.value.retry_after == 7


@in_virtual_time
async def test_a_network_that_breaks_while_a_limited_answer_is_read() -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"["
        raise httpx.ReadError("reset")

    with pytest.raises(TransportError, match="ReadError: reset"):
        await sized(broken(), 100).send()


@in_virtual_time
async def test_there_is_a_limit_unless_the_user_wants_none() -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 2**20

    site = Site(lambda request: httpx.Response(200, content=endless()))
    with pytest.raises(TransportError, match="max_response_size=67108864"):
        await site.send()
    site.transport = Posting(site.context, max_response_size=None)
    with pytest.raises(TransportError, match="an empty answer"):
        await site.send()


@pytest.mark.parametrize("charset", ["utf-8", "utf-16"])
@in_virtual_time
async def test_a_large_answer_is_received_in_slices(charset: str) -> None:
    events = ",".join(['{"channel":"/a","data":"\u20ac"}'] * 50_000)
    text = f"[{events}]"

    async def pieces() -> AsyncIterator[bytes]:
        content = text.encode(charset)
        for start in range(0, len(content), 65_536):
            yield content[start : start + 65_536]

    site = Site(
        lambda request: httpx.Response(200, content=pieces(), headers={"Content-Type": f"x/y;charset={charset}"})
    )
    await site.send()
    assert len(site.received) > 2
    assert [message.data for batch in site.received for message in batch] == ["\u20ac"] * 50_000


@in_virtual_time
async def test_the_body_of_a_redirect_is_not_read() -> None:
    read = 0

    async def never() -> AsyncIterator[bytes]:
        nonlocal read
        read += 1
        yield b"x" * 1000

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/there":
            return httpx.Response(200, content=b"[]")
        return httpx.Response(307, headers={"Location": "/there"}, content=never())

    site = Site(answer)
    await site.send()
    assert (site.received, read) == ([[]], 0)


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_of_nothing_is_refused(limit: int) -> None:
    with pytest.raises(UsageError, match="max_response_size"):
        sized(b"[]", limit)
