"""Redirects, and whom the credentials are for on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from core.tests.transports.posting import Site, with_cookie
from core.tests.transports.site_stub import REPLY, URL
from core.tests.virtual_time import in_virtual_time
from pybayeux.errors import TransportError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pybayeux.transports.base import TransportRequest


# -- redirects


def moved(location: str, status: int = 307, *, at: str = URL, **arguments: Any) -> Callable[..., httpx.Response]:
    """A server that redirects requests to `at` to another address, and replies at any other."""

    def answer(request: httpx.Request) -> httpx.Response:
        if str(request.url) != at:
            return httpx.Response(200, json=REPLY)
        return httpx.Response(status, headers={"Location": location}, **arguments)

    return answer


@pytest.mark.parametrize("status", [307, 308])
@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("https://host/new?route=7", "https://host/new?route=7"),
        ("/new", "https://host/new"),
        ("new#part", "https://host/new"),
        (" https://HOST:443/new ", "https://host/new"),
        ("//other/new", "https://other/new"),
    ],
)
@in_virtual_time
async def test_a_redirect_is_followed_with_the_same_method_and_body(status: int, location: str, url: str) -> None:
    site = Site(moved(location, status))
    await site.send()
    first, second = site.requests
    assert str(second.url) == url
    assert (second.method, second.content) == (first.method, first.content)
    assert second.headers["Content-Type"] == "application/json"
    assert len(site.received) == 1


@in_virtual_time
async def test_extensions_see_each_request_and_each_response_on_the_way() -> None:
    site = Site(moved("/new"))
    seen: list[str] = []
    site.on_request = lambda request: seen.append(request.url)
    await site.send()
    assert seen == [URL, "https://host/new"]
    assert [(response.status, response.url) for response in site.responses] == [(307, URL), (200, "https://host/new")]


@in_virtual_time
async def test_the_new_address_is_used_for_one_request_alone() -> None:
    site = Site(moved("/new"))
    for _ in range(2):
        await site.send()
    assert [request.url.path for request in site.requests] == ["/cometd", "/new", "/cometd", "/new"]


@pytest.mark.parametrize("follow", [True, False])
@in_virtual_time
async def test_what_the_users_http_client_does_about_redirects_does_not_matter(follow: bool) -> None:
    site = Site(moved("/new"))
    site.http.follow_redirects = follow
    await site.send()
    assert [response.status for response in site.responses] == [307, 200]


@in_virtual_time
async def test_five_redirects_are_followed_and_no_more() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        count = int(request.url.params.get("n", 0)) + 1
        if count > hops:
            return httpx.Response(200, json=REPLY)
        return httpx.Response(307, headers={"Location": f"?n={count}"})

    hops = 5
    await Site(answer).send()
    hops = 6
    site = Site(answer)
    with pytest.raises(TransportError, match="more than 5 redirects, the last one to https://host/cometd") as caught:
        await site.send()
    assert (len(site.requests), caught.value.status, site.received) == (6, 307, [])


@pytest.mark.parametrize("status", [301, 302, 303])
@in_virtual_time
async def test_other_redirects_are_failures_that_say_where_they_point(status: int) -> None:
    site = Site(moved("/login?token=t0k3n-t0k3n", status, text="Log in first"))
    with pytest.raises(TransportError, match=rf"HTTP {status} .*: it points to https://host/login, and") as caught:
        await site.send()
    assert (caught.value.status, caught.value.body, len(site.requests)) == (status, "Log in first", 1)
    assert "t0k3n" not in str(caught.value)


@pytest.mark.parametrize("location", ["ftp://host/x", "http://host/cometd", "https://[broken/"])
@in_virtual_time
async def test_a_redirect_to_nowhere_or_out_of_tls_is_not_followed(location: str) -> None:
    site = Site(moved(location))
    with pytest.raises(TransportError, match=r"HTTP 307 .* is not followed"):
        await site.send()
    assert len(site.requests) == 1


@in_virtual_time
async def test_cookies_on_the_way_count() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/new":
            return httpx.Response(200, json=REPLY)
        return httpx.Response(307, headers={"Location": "/new", "Set-Cookie": "route=7; Path=/"})

    assert (await Site(answer).send()).headers["Cookie"] == "route=7"


@in_virtual_time
async def test_a_connection_that_fails_after_a_redirect_has_left_nothing_anywhere() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "host":
            return httpx.Response(307, headers={"Location": "https://other/"})
        raise httpx.ConnectError("refused")

    with pytest.raises(TransportError) as caught:
        await Site(answer).send()
    assert caught.value.unsent


# -- whom the credentials are for


CREDENTIALS = {"Authorization", "Cookie", "Proxy-Authorization", "X-Api-Key", "X-Tenant"}


def with_credentials(answer: Callable[[httpx.Request], httpx.Response], **arguments: Any) -> Site:
    """A site whose user, and whose user's HTTP client, bring every kind of credential."""
    site = Site(answer, headers={"X-Tenant": "7", "Accept-Language": "de"}, auth=("user", "s3cr3t"), **arguments)
    http = httpx.AsyncClient(
        transport=site.network,
        headers={"X-Api-Key": "k3y", "Proxy-Authorization": "Basic x", "Authorization": "Bearer t0k3n"},
        params={"key": "k3y"},
        cookies={"sid": "1"},
        auth=("other", "s3cr3t"),
    )
    fresh = Site(answer, headers=site.context.headers, auth=site.context.auth, http=http, **arguments)
    fresh.requests = site.requests
    return fresh


def credentials(request: httpx.Request) -> set[str]:
    """Which kinds of credentials a request has."""
    return {name for name in CREDENTIALS if name in request.headers} | ({"key"} & set(request.url.params))


@in_virtual_time
async def test_credentials_go_along_to_the_same_origin() -> None:
    site = with_credentials(lambda request: moved("/new", at=f"{URL}?key=k3y")(request))
    request = await site.send()
    assert request.url.path == "/new"
    assert credentials(request) == {*CREDENTIALS, "key"}


@pytest.mark.parametrize("location", ["https://other/new", "https://host:8443/new", "https://sub.host/new"])
@in_virtual_time
async def test_no_credentials_go_along_to_another_origin(location: str) -> None:
    site = with_credentials(lambda request: moved(location, at=f"{URL}?key=k3y")(request))
    request = await site.send()
    assert str(request.url) == location
    assert credentials(request) == set()
    assert request.headers["Accept-Language"] == "de"
    assert request.headers["Host"] == request.url.netloc.decode()
    assert request.content == site.requests[0].content


@in_virtual_time
async def test_a_way_back_from_another_origin_brings_no_credentials_back() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/again":
            return httpx.Response(200, json=REPLY)
        there = request.url.host == "other"
        return httpx.Response(307, headers={"Location": f"{URL[:12]}/again" if there else "https://other/"})

    request = await with_credentials(answer).send()
    assert str(request.url) == "https://host/again"
    assert credentials(request) == set()


@in_virtual_time
async def test_an_extension_may_give_another_origin_credentials_of_its_own() -> None:
    def give(request: TransportRequest) -> None:
        if request.url.startswith("https://other/"):
            request.headers["Authorization"] = "Bearer other-t0k3n"

    site = with_credentials(lambda request: moved("https://other/new", at=f"{URL}?key=k3y")(request))
    site.on_request = give
    request = await site.send()
    assert request.headers["Authorization"] == "Bearer other-t0k3n"
    assert credentials(request) == {"Authorization"}


@in_virtual_time
async def test_another_origin_gets_its_own_cookies_back() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "other":
            return httpx.Response(200, json=REPLY, headers={"Set-Cookie": "theirs=1; Path=/"})
        return httpx.Response(307, headers={"Location": "https://other/", "Set-Cookie": "ours=1; Path=/"})

    site = Site(answer)
    for _ in range(2):
        await site.send()
    assert [request.headers.get("Cookie") for request in site.requests] == [None, None, "ours=1", "theirs=1"]


@in_virtual_time
async def test_an_anonymous_transport_sends_nothing_that_the_http_client_would_add() -> None:
    site = with_credentials(lambda request: httpx.Response(200, json=REPLY))
    http = site.http
    anonymous = Site(http=http, anonymous=True)
    anonymous.requests = site.requests
    request = await anonymous.send()
    assert str(request.url) == URL
    assert credentials(request) == set()
    assert {"accept", "host", "content-length", "content-type", "user-agent"} <= set(request.headers)


@in_virtual_time
async def test_an_anonymous_transport_keeps_its_cookies() -> None:
    site = Site(with_cookie, anonymous=True)
    await site.send()
    assert (await site.send()).headers["Cookie"] == "BAYEUX_BROWSER=b"
