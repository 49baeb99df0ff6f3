"""Where aiohttp takes the place of httpx, and where it does not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
import pytest

from core.tests.transports.websocket_site import in_real_time
from extensions.aiohttp.tests.web_site import Site, make
from pybayeux import AsyncClient
from pybayeux._util.redact import Redactor
from pybayeux.errors import UsageError
from pybayeux.transports.base import DONE, TransportContext
from pybayeux.transports.callback_polling import CallbackPolling
from pybayeux.transports.long_polling import LongPolling
from pybayeux.transports.registry import TransportRegistry
from pybayeux.transports.websocket import WebSocket
from pybayeux_aiohttp import Aiohttp

URL = "https://host/cometd"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


async def _nothing(about: object) -> None:
    pass


def context(**arguments: Any) -> TransportContext:
    return TransportContext(URL, lambda messages: DONE, _nothing, _nothing, Redactor(), **arguments)


def polls_with_aiohttp(**arguments: Any) -> bool:
    """Whether long-polling with such a context goes over aiohttp."""
    return not isinstance(make("long-polling", context(**arguments)), LongPolling)


@pytest.mark.parametrize("auth", [None, ("user", "pass"), ["user", "pass"], httpx.BasicAuth("user", "pass")])
def test_long_polling_goes_over_aiohttp(auth: Any) -> None:
    assert polls_with_aiohttp(auth=auth)


def test_authentication_that_is_more_than_a_password_is_httpx_s() -> None:
    for auth in (httpx.DigestAuth("user", "pass"), httpx.Auth(), lambda request: request):
        assert not polls_with_aiohttp(auth=auth)


def test_a_http_client_of_the_users_is_used() -> None:
    http = httpx.AsyncClient(transport=httpx.MockTransport(lambda request: httpx.Response(200)))
    assert not polls_with_aiohttp(http=http)


def test_a_proxy_is_left_to_httpx(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("all_proxy", "http://127.0.0.1:1")
    assert not polls_with_aiohttp()
    monkeypatch.setenv("no_proxy", "host")
    assert polls_with_aiohttp()


def test_the_context_that_is_given_stays_as_it_is() -> None:
    given = context()
    make("long-polling", given)
    assert given == replace(given, http=None)


def test_other_transports_stay_as_they_are() -> None:
    registry = TransportRegistry()
    Aiohttp().register_transports(registry)
    others = {"callback-polling": CallbackPolling, "websocket": WebSocket}
    assert registry.select(list(others)) == others


def test_options_are_those_of_the_built_in_transport() -> None:
    with pytest.raises(UsageError, match=r"transport 'long-polling' has no option 'nonsense'; expected one of .*max_"):
        make("long-polling", context(), nonsense=1)


def test_options_are_known_where_the_transport_is_registered_again() -> None:
    name = "long-polling"
    registry = TransportRegistry()
    Aiohttp().register_transports(registry)
    registry.register(name, registry.select([name])[name])
    registry.select([name], {name: {"form": True}})[name](context())
    with pytest.raises(UsageError, match="no option 'nonsense'"):
        registry.select([name], {name: {"nonsense": 1}})
    with pytest.raises(UsageError, match="option 'form' is wrong"):
        registry.select([name], {name: {"form": "perhaps"}})


@in_real_time
async def test_a_client_with_it_talks() -> None:
    async with Site() as site:
        client = AsyncClient(site.url, discover=False, extensions=[Aiohttp()], transports=["long-polling"])
        transport = client._connection._pool.get("long-polling")
        await transport.close()
        assert not isinstance(transport, LongPolling)


@pytest.mark.parametrize(
    ("proxy", "url", "with_aiohttp"),
    [
        ("http://proxy:1", "http://server.example/cometd", False),
        ("nonsense://", "http://server.example/cometd", False),
        ("http://proxy:1", "http://127.0.0.1/cometd", True),
        ("nonsense://", "http://app.localhost/cometd", True),
    ],
)
def test_the_rule_for_proxies_is_that_of_all_transports(
    proxy: str, url: str, with_aiohttp: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    assert isinstance(make("long-polling", replace(context(), url=url)), LongPolling) is not with_aiohttp
