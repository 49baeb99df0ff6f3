from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pybayeux import Advice, AsyncClient, Channel
from pybayeux.errors import ExtensionError, TransportError, UsageError
from pybayeux.testing import Harness, in_virtual_time
from pybayeux_auth import Auth, Grant
from pybayeux_salesforce import Salesforce

if TYPE_CHECKING:
    from collections.abc import Callable

_NONE = Advice(reconnect="none", interval=0)
_ENDPOINT = "https://my-org.my.salesforce.com/cometd/67.0"


def _harness(*neighbours: object, url: str = _ENDPOINT, **options: Any) -> Harness:
    return Harness(Salesforce, options, others=neighbours, url=url)


def _handshakes(harness: Harness) -> int:
    return len(harness.server.messages("/meta/handshake"))


# -- what it is


def test_the_contract_is_kept_where_it_does_nothing(bayeux_contract: Callable[..., None]) -> None:
    bayeux_contract(Salesforce)


def test_the_contract_is_kept_where_it_is_active(bayeux_contract: Callable[..., None]) -> None:
    bayeux_contract(Salesforce, {"active": True})


@pytest.mark.parametrize(
    "options", [{"max_interval": 0}, {"busy_wait": (2, 1)}, {"quota_wait": (0, 1)}, {"quota_wait": (1,)}]
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ExtensionError):
        AsyncClient(_ENDPOINT, discover=False, extensions=[Salesforce], options={"salesforce": options})


# -- where the org is


def test_its_addresses_are_resolved() -> None:
    client = AsyncClient("salesforce://my-org?version=58.0", extensions=[Salesforce()], discover=False)
    assert client.url == "https://my-org.my.salesforce.com/cometd/58.0"


def test_by_discovery_alone_too() -> None:
    assert AsyncClient("salesforce://my-org").url == _ENDPOINT


def test_what_is_wrong_with_one_is_told() -> None:
    with pytest.raises(UsageError, match=r"37\.0 is the oldest"):
        AsyncClient("salesforce://my-org?version=30.0", extensions=[Salesforce()], discover=False)


def test_other_schemes_are_others_business() -> None:
    assert Salesforce().resolve_url("faye://my-org") is None
    with pytest.raises(UsageError, match="no extension knows this scheme"):
        AsyncClient("faye://my-org", extensions=[Salesforce()], discover=False)


def _grant(instance_url: str | None, org_id: str | None = "00Dxx0000000001EAA") -> Grant:
    return Grant(access_token="a-token", instance_url=instance_url, org_id=org_id)


@in_virtual_time
async def test_it_goes_where_the_login_says_before_it_shakes_hands() -> None:
    auth = Auth(lambda: _grant("https://eu7.salesforce.com"))
    async with _harness(auth, url="salesforce://login?version=58.0") as harness:
        assert harness.client.url == "https://eu7.salesforce.com/cometd/58.0"
        assert {request.url for request in harness.server.requests} == {"https://eu7.salesforce.com/cometd/58.0"}
        assert harness.server.requests[0].headers["Authorization"] == "Bearer a-token"
        assert harness.extension.replay_origin(harness.client) == "00Dxx0000000001@eu7.salesforce.com"  # type: ignore[attr-defined]


@in_virtual_time
async def test_each_login_may_say_another_place() -> None:
    places = iter(["https://eu7.salesforce.com", "https://eu9.salesforce.com"])
    auth = Auth(lambda: _grant(next(places)), min_interval=0)
    async with _harness(auth, url="salesforce://login") as harness:
        harness.server.refuse_next(Channel.META_CONNECT, "401::Authentication invalid", advice=_NONE)
        await harness.clock.advance(5)
        assert harness.client.url == "https://eu9.salesforce.com/cometd/67.0"
        assert harness.server.requests[-1].headers["Authorization"] == "Bearer a-token"
        assert harness.extension.replay_origin(harness.client) == "00Dxx0000000001@eu9.salesforce.com"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("https://example.com/cometd/67.0", {}),
        ("https://acme.my.site.com/partners/cometd/67.0", {}),
        ("https://acme.my.salesforce.com/cometd/67.0", {"follow": False}),
        ("https://acme.my.salesforce.com/cometd/67.0", {"active": False}),
    ],
)
@in_virtual_time
async def test_others_stay_where_they_are(url: str, options: dict[str, Any]) -> None:
    async with _harness(Auth(lambda: _grant("https://eu7.salesforce.com")), url=url, **options) as harness:
        assert harness.client.url == url


@in_virtual_time
async def test_a_login_that_says_no_place_leaves_it_where_it_is() -> None:
    async with _harness(Auth(lambda: _grant(None))) as harness:
        assert harness.client.url == _ENDPOINT


@in_virtual_time
async def test_where_an_org_has_left_a_login_says_where_it_is_once() -> None:
    logins = []

    def log_in() -> Grant:
        logins.append(1)
        return _grant("https://eu9.salesforce.com" if len(logins) > 1 else "https://eu7.salesforce.com")

    async with _harness(Auth(log_in, min_interval=0)) as harness:
        gone = TransportError("HTTP 404", status=404, body="URL No Longer Exists")
        harness.server.fail(gone)
        await harness.clock.advance(5)
        assert len(logins) == 2
        assert harness.client.url == "https://eu9.salesforce.com/cometd/67.0"
        assert harness.client.state == "connected"


@in_virtual_time
async def test_where_that_does_not_help_it_is_not_tried_again() -> None:
    logins = []

    def log_in() -> Grant:
        logins.append(1)
        return _grant(None)

    async with _harness(Auth(log_in, min_interval=0)) as harness:
        harness.server.fail(*[TransportError("HTTP 404", status=404)] * 5)
        await harness.clock.advance(120)
        assert len(logins) == 2
        assert harness.client.state == "connected"


@pytest.mark.parametrize(("url", "origin"), [(_ENDPOINT, None), ("https://example.com/cometd", None)])
def test_an_org_that_nobody_has_named_is_no_origin(url: str, origin: str | None) -> None:
    extension = Salesforce()
    client = AsyncClient(url, discover=False, extensions=[extension])
    assert extension.replay_origin(client) == origin


# -- how it is spoken with


@in_virtual_time
async def test_the_handshake_offers_what_the_server_has() -> None:
    for url, types in ((_ENDPOINT, ["long-polling"]), ("https://example.com/cometd", None)):
        async with _harness(url=url) as harness:
            offered = harness.server.messages("/meta/handshake")[0].supported_connection_types
            assert offered is not None
            assert (offered == types) is (types is not None)


@in_virtual_time
async def test_a_connect_is_waited_for_as_long_as_it_is_held_whatever_the_server_leaves_untold() -> None:
    async with _harness() as harness:
        assert harness.client.state == "connected"
    harness = _harness()
    harness.server.answer_next(Channel.META_HANDSHAKE, advice=None)
    async with harness:
        await harness.clock.advance(109)
        assert harness.failures == []


@in_virtual_time
async def test_connects_are_tried_again_until_the_session_must_be_gone() -> None:
    harness = _harness()
    harness.server.answer_next(Channel.META_HANDSHAKE, advice=None)
    async with harness:
        harness.server.fail(*[TransportError("the network is down")] * 40)
        await harness.clock.advance(145)  # the connect that is cut off may be held for 110, and 40 go by after it
        assert _handshakes(harness) == 1
        await harness.clock.advance(40)
        assert _handshakes(harness) > 1


@in_virtual_time
async def test_max_interval_is_an_option() -> None:
    harness = _harness(max_interval=3.0)
    harness.server.answer_next(Channel.META_HANDSHAKE, advice=Advice(timeout=1000))
    async with harness:
        harness.server.fail(*[TransportError("the network is down")] * 4)
        await harness.clock.advance(20)
        assert _handshakes(harness) == 2
