"""Where aiohttp takes the place of the built-in libraries, and where it does not."""

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
from pybayeux.transports.base import TransportContext
from pybayeux.transports.callback_polling import CallbackPolling
from pybayeux.transports.long_polling import LongPolling
from pybayeux.transports.registry import TransportRegistry
from pybayeux_aiohttp import Aiohttp
from pybayeux_aiohttp.dialling import Dialler

URL = "https://host/cometd"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


async def _nothing(about: object) -> None:
    pass


def context(**arguments: Any) -> TransportContext:
    return TransportContext(URL, _nothing, _nothing, _nothing, Redactor(), **arguments)


def polls_with_aiohttp(**arguments: Any) -> bool:
    """Whether long-polling with such a context goes over aiohttp."""
    return not isinstance(make("long-polling", context(**arguments)), LongPolling)


def dials_with_aiohttp(**arguments: Any) -> bool:
    """Whether a WebSocket with such a context goes over aiohttp."""
    registry, seen = TransportRegistry(), []
    registry.register("websocket", lambda context: seen.append(context))  # type: ignore[arg-type, return-value]
    Aiohttp().register_transports(registry)
    registry.select(["websocket"])["websocket"](context(**arguments))
    return isinstance(seen[0].dial, Dialler)


@pytest.mark.parametrize("auth", [None, ("user", "pass"), ["user", "pass"], httpx.BasicAuth("user", "pass")])
def test_both_go_over_aiohttp(auth: Any) -> None:
    assert polls_with_aiohttp(auth=auth)
    assert dials_with_aiohttp(auth=auth)


def test_authentication_that_is_more_than_a_password_is_httpx_s() -> None:
    for auth in (httpx.DigestAuth("user", "pass"), httpx.Auth(), lambda request: request):
        assert not polls_with_aiohttp(auth=auth)
        assert dials_with_aiohttp(auth=auth)


def test_a_http_client_of_the_users_is_used() -> None:
    http = httpx.AsyncClient(transport=httpx.MockTransport(lambda request: httpx.Response(200)))
    assert not polls_with_aiohttp(http=http)
    assert not dials_with_aiohttp(http=http)


def test_a_proxy_is_the_built_in_libraries_business(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("all_proxy", "http://127.0.0.1:1")
    assert not polls_with_aiohttp()
    assert not dials_with_aiohttp()
    monkeypatch.setenv("no_proxy", "host")
    assert polls_with_aiohttp()
    assert dials_with_aiohttp()


def test_who_dials_already_goes_on_to() -> None:
    assert not dials_with_aiohttp(dial=_nothing)


def test_the_context_that_is_given_stays_as_it_is() -> None:
    given = context()
    make("long-polling", given)
    make("websocket", given)
    assert given == replace(given, http=None, dial=None)


def test_other_transports_stay_as_they_are() -> None:
    registry = TransportRegistry()
    Aiohttp().register_transports(registry)
    assert registry.select(["callback-polling"])["callback-polling"] is CallbackPolling


@pytest.mark.parametrize("name", ["long-polling", "websocket"])
def test_options_are_those_of_the_built_in_transports(name: str) -> None:
    with pytest.raises(UsageError, match=f"transport '{name}' has no option 'nonsense'; known are .*max_"):
        make(name, context(), nonsense=1)


@pytest.mark.parametrize(("name", "option"), [("long-polling", "form"), ("websocket", "compression")])
def test_options_are_known_to_whoever_registers_them_again(name: str, option: str) -> None:
    registry = TransportRegistry()
    Aiohttp().register_transports(registry)
    registry.register(name, registry.select([name])[name])
    registry.select([name], {name: {option: True}})[name](context())
    with pytest.raises(UsageError, match="no option 'nonsense'"):
        registry.select([name], {name: {"nonsense": 1}})
    with pytest.raises(UsageError, match=f"option '{option}' is wrong"):
        registry.select([name], {name: {option: "perhaps"}})


@in_real_time
async def test_a_client_with_it_talks() -> None:
    async with Site() as site:
        client = AsyncClient(site.url, discover=False, extensions=[Aiohttp()], transports=["long-polling"])
        wire = client._connection._wires.of("long-polling")
        await wire.close()
        assert not isinstance(wire, LongPolling)
