from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pybayeux import Advice, AsyncClient, Channel
from pybayeux.errors import ExtensionError, MessageDropped, TransportError, UsageError
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


# -- contract and options


def test_contract_while_inactive(bayeux_contract: Callable[..., None]) -> None:
    bayeux_contract(Salesforce)


def test_contract_while_active(bayeux_contract: Callable[..., None]) -> None:
    bayeux_contract(Salesforce, {"active": True})


@pytest.mark.parametrize(
    "options", [{"max_interval": 0}, {"busy_wait": (2, 1)}, {"quota_wait": (0, 1)}, {"quota_wait": (1,)}]
)
def test_invalid_options_are_errors(options: dict[str, Any]) -> None:
    with pytest.raises(ExtensionError):
        AsyncClient(_ENDPOINT, discover=False, extensions=[Salesforce], options={"salesforce": options})


@pytest.mark.parametrize(
    ("channel", "resource"),
    [("/event/Order__e", "sobjects/Order__e"), ("/u/News", "sobjects/StreamingChannel/ID/push")],
)
@in_virtual_time
async def test_publishes_are_stopped_with_a_hint_at_rest(channel: str, resource: str) -> None:
    async with _harness() as harness:
        with pytest.raises(MessageDropped, match=f"only by REST: POST .*{resource}"):
            await harness.client.publish(channel, {})


# -- addresses


def test_salesforce_addresses_are_resolved() -> None:
    client = AsyncClient("salesforce://my-org?version=58.0", extensions=[Salesforce()], discover=False)
    assert client.url == "https://my-org.my.salesforce.com/cometd/58.0"


def test_addresses_are_resolved_by_a_discovered_extension() -> None:
    assert AsyncClient("salesforce://my-org").url == _ENDPOINT


def test_an_invalid_address_is_an_error() -> None:
    with pytest.raises(UsageError, match=r"expected one from 37\.0 on"):
        AsyncClient("salesforce://my-org?version=30.0", extensions=[Salesforce()], discover=False)


def test_other_schemes_are_not_resolved() -> None:
    assert Salesforce().resolve_url("faye://my-org") is None
    with pytest.raises(UsageError, match="no installed extension knows"):
        AsyncClient("faye://my-org", extensions=[Salesforce()], discover=False)


def _grant(instance_url: str | None, org_id: str | None = "00Dxx0000000001EAA") -> Grant:
    return Grant(access_token="a-token", instance_url=instance_url, org_id=org_id)


@in_virtual_time
async def test_the_client_moves_to_the_instance_url_before_the_handshake() -> None:
    auth = Auth(lambda: _grant("https://eu7.salesforce.com"))
    async with _harness(auth, url="salesforce://login?version=58.0") as harness:
        assert harness.client.url == "https://eu7.salesforce.com/cometd/58.0"
        assert {request.url for request in harness.server.requests} == {"https://eu7.salesforce.com/cometd/58.0"}
        assert harness.server.requests[0].headers["Authorization"] == "Bearer a-token"
        assert harness.extension.replay_origin(harness.client) == "00Dxx0000000001@eu7.salesforce.com@"  # type: ignore[attr-defined]


@in_virtual_time
async def test_each_login_can_move_the_client() -> None:
    places = iter(["https://eu7.salesforce.com", "https://eu9.salesforce.com"])
    auth = Auth(lambda: _grant(next(places)), min_interval=0)
    async with _harness(auth, url="salesforce://login") as harness:
        harness.server.refuse_next(Channel.META_CONNECT, "401::Authentication invalid", advice=_NONE)
        await harness.clock.advance(5)
        assert harness.client.url == "https://eu9.salesforce.com/cometd/67.0"
        assert harness.server.requests[-1].headers["Authorization"] == "Bearer a-token"
        assert harness.extension.replay_origin(harness.client) == "00Dxx0000000001@eu9.salesforce.com@"  # type: ignore[attr-defined]


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
async def test_other_clients_are_not_moved(url: str, options: dict[str, Any]) -> None:
    async with _harness(Auth(lambda: _grant("https://eu7.salesforce.com")), url=url, **options) as harness:
        assert harness.client.url == url


@in_virtual_time
async def test_a_login_without_instance_url_does_not_move_the_client() -> None:
    async with _harness(Auth(lambda: _grant(None))) as harness:
        assert harness.client.url == _ENDPOINT


@in_virtual_time
async def test_a_moved_org_is_found_with_one_login() -> None:
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
async def test_a_login_that_names_no_new_address_is_not_repeated() -> None:
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
def test_an_unknown_org_has_no_replay_origin(url: str, origin: str | None) -> None:
    extension = Salesforce()
    client = AsyncClient(url, discover=False, extensions=[extension])
    assert extension.replay_origin(client) == origin


# -- messages and timeouts


@in_virtual_time
async def test_the_handshake_offers_long_polling_only() -> None:
    for url, types in ((_ENDPOINT, ["long-polling"]), ("https://example.com/cometd", None)):
        async with _harness(url=url) as harness:
            offered = harness.server.messages("/meta/handshake")[0].supported_connection_types
            assert offered is not None
            assert (offered == types) is (types is not None)


@in_virtual_time
async def test_the_connect_timeout_covers_the_unannounced_hold() -> None:
    async with _harness() as harness:
        assert harness.client.state == "connected"
    harness = _harness()
    harness.server.answer_next(Channel.META_HANDSHAKE, advice=None)
    async with harness:
        await harness.clock.advance(109)
        assert harness.failures == []


@in_virtual_time
async def test_connects_are_retried_until_max_interval() -> None:
    harness = _harness()
    harness.server.answer_next(Channel.META_HANDSHAKE, advice=None)
    async with harness:
        harness.server.fail(*[TransportError("the network is down")] * 400)
        await harness.clock.advance(145)  # the connect that is cut off may be held for 110, and 40 go by after it
        assert _handshakes(harness) == 1
        await harness.clock.advance(40)
        assert _handshakes(harness) > 1


@in_virtual_time
async def test_max_interval_is_an_option() -> None:
    harness = _harness(max_interval=3.0)
    harness.server.answer_next(Channel.META_HANDSHAKE, advice=Advice(timeout=1000))
    async with harness:
        harness.server.fail(*[TransportError("the network is down")] * 6)
        await harness.clock.advance(20)
        assert _handshakes(harness) == 2
