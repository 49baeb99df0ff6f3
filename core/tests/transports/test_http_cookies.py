"""Cookies: a session's own, also where clients share an HTTP client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from core.tests.transports.posting import Site, with_cookie
from core.tests.transports.site_stub import HELLO, URL, refuse
from core.tests.virtual_time import in_virtual_time
from pybayeux.errors import TransportError

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize("url", [URL, "http://127.0.0.1:8080/cometd", "http://localhost:8080/cometd", "http://[::1]/"])
@in_virtual_time
async def test_cookies_come_back(url: str) -> None:
    site = Site(with_cookie, url=url)
    assert "Cookie" not in (await site.send()).headers
    assert (await site.send()).headers["Cookie"] == "BAYEUX_BROWSER=b"


@in_virtual_time
async def test_sessions_that_share_a_http_client_have_cookies_of_their_own() -> None:
    one = Site(with_cookie, headers={"X-Name": "one"})
    two = Site(http=one.http, headers={"X-Name": "two"})
    for site in (one, two, one, two):
        await site.transport.exchange(HELLO)
    assert [request.headers.get("Cookie") for request in one.requests] == [
        None,
        None,
        "BAYEUX_BROWSER=one",
        "BAYEUX_BROWSER=two",
    ]


@in_virtual_time
async def test_cookies_that_the_http_client_brought_are_sent() -> None:
    http = httpx.AsyncClient(transport=httpx.MockTransport(with_cookie), cookies={"route": "7"})
    site = Site(http=http)
    site.http = http
    seen: list[str | None] = []
    http.event_hooks["request"].append(_note_cookie(seen))
    for _ in range(2):
        await site.transport.exchange(HELLO)
    assert seen == ["route=7", "route=7; BAYEUX_BROWSER=b"]


def _note_cookie(seen: list[str | None]) -> Callable[[httpx.Request], Any]:
    async def note(request: httpx.Request) -> None:
        seen.append(request.headers.get("Cookie"))

    return note


@in_virtual_time
async def test_a_cookie_header_that_was_given_is_kept() -> None:
    site = Site(with_cookie, headers={"Cookie": "sid=1"})
    assert (await site.send()).headers["Cookie"] == "sid=1"
    assert (await site.send()).headers["Cookie"] == "sid=1; BAYEUX_BROWSER=b"


@in_virtual_time
async def test_cookies_of_failed_answers_count_too() -> None:
    site = Site(refuse(503, headers={"Set-Cookie": "route=7"}))
    with pytest.raises(TransportError):
        await site.send()
    site.answer = with_cookie
    assert (await site.send()).headers["Cookie"] == "route=7"
