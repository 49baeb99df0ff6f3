from __future__ import annotations

import pytest

from pybayeux.errors import UsageError
from pybayeux_auth import Grant
from pybayeux_salesforce.address import (
    NEWEST,
    endpoint_at,
    endpoint_of,
    is_salesforce,
    is_streaming_path,
    org_id_of,
    replay_origin_of,
    version_of,
)


@pytest.mark.parametrize(
    ("address", "endpoint"),
    [
        ("salesforce://my-org", "https://my-org.my.salesforce.com/cometd/67.0"),
        ("SALESFORCE://My-Org", "https://my-org.my.salesforce.com/cometd/67.0"),
        ("salesforce://my-org/", "https://my-org.my.salesforce.com/cometd/67.0"),
        ("salesforce://my-org--dev.sandbox", "https://my-org--dev.sandbox.my.salesforce.com/cometd/67.0"),
        ("salesforce://acme-dev-ed.develop", "https://acme-dev-ed.develop.my.salesforce.com/cometd/67.0"),
        ("salesforce://acme.scratch?version=61", "https://acme.scratch.my.salesforce.com/cometd/61.0"),
        ("salesforce://host.my.salesforce.com", "https://host.my.salesforce.com/cometd/67.0"),
        ("salesforce://org.my.salesforce.mil", "https://org.my.salesforce.mil/cometd/67.0"),
        ("salesforce://streaming.example.com:8443", "https://streaming.example.com:8443/cometd/67.0"),
        ("salesforce://my-org?version=58.0", "https://my-org.my.salesforce.com/cometd/58.0"),
        ("salesforce://my-org?version=v58.0", "https://my-org.my.salesforce.com/cometd/58.0"),
        ("salesforce://my-org?version=37.0", "https://my-org.my.salesforce.com/cometd/37.0"),
        ("salesforce://login", "https://login.salesforce.com/cometd/67.0"),
        ("salesforce://test?version=60.0", "https://test.salesforce.com/cometd/60.0"),
        ("salesforce://localhost:8080", "http://localhost:8080/cometd/67.0"),
        ("salesforce://127.0.0.1:8080", "http://127.0.0.1:8080/cometd/67.0"),
        ("salesforce://[::1]:8080", "http://[::1]:8080/cometd/67.0"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/cometd/67.0"),
        ("https://acme.my.site.com?version=59.0", "https://acme.my.site.com/cometd/59.0"),
        ("https://acme.my.salesforce.com/cometd/58.0", "https://acme.my.salesforce.com/cometd/58.0"),
        ("https://acme.my.site.com/partners/cometd/58.0", "https://acme.my.site.com/partners/cometd/58.0"),
    ],
)
def test_endpoint_of_an_address(address: str, endpoint: str) -> None:
    assert endpoint_of(address) == endpoint


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("salesforce://", "no host"),
        ("salesforce://my_org", "neither a My Domain nor a host"),
        ("salesforce://-my-org", "neither a My Domain nor a host"),
        ("salesforce://my-org/cometd/67.0", "not the address of an org"),
        ("salesforce://me:secret@my-org", "must not contain a user"),
        ("salesforce://my-org:port", "cannot be parsed"),
        ("salesforce://my-org?versoin=58.0", "'versoin'"),
        ("salesforce://my-org?version=36.0", "no longer served; expected one from 37.0 on"),
        ("salesforce://my-org?version=0", "no longer served"),
        ("salesforce://my-org?version=", "expected an API version such as"),
        ("salesforce://my-org?version=latest", "expected an API version such as"),
        ("salesforce://my-org?version=58.5", "expected an API version such as"),
        ("https://acme.my.salesforce.com/cometd/30.0", "no longer served"),
        ("faye://my-org", "not the address of an org"),
    ],
)
def test_an_invalid_address_is_an_error(address: str, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        endpoint_of(address)
    assert why in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "is_one"),
    [
        ("https://my-org.my.salesforce.com/cometd/67.0", True),
        ("https://na139.salesforce.com/cometd/67.0", True),
        ("https://MY-ORG.MY.SALESFORCE.COM/", True),
        ("https://my-org.my.salesforce.mil/", True),
        ("https://my-org.lightning.force.com/", True),
        ("https://acme.my.site.com/", True),
        ("https://salesforce.com/", True),
        ("https://notsalesforce.com/cometd", False),
        ("https://salesforce.com.example.org/cometd", False),
        ("https://example.com/salesforce.com", False),
        ("http://127.0.0.1:8080/cometd/67.0", False),
    ],
)
def test_salesforce_hosts_are_recognised(url: str, is_one: bool) -> None:
    assert is_salesforce(url) is is_one


def test_endpoint_at_keeps_the_version() -> None:
    moved = endpoint_at("https://eu7.salesforce.com", "https://login.salesforce.com/cometd/58.0")
    assert moved == "https://eu7.salesforce.com/cometd/58.0"


def test_a_sites_endpoint_is_no_streaming_path() -> None:
    assert is_streaming_path("https://my-org.my.salesforce.com/cometd/67.0")
    assert is_streaming_path("https://my-org.my.salesforce.com/cometd/67.0/")
    assert not is_streaming_path("https://acme.my.site.com/partners/cometd/67.0")


def test_version_of_an_endpoint() -> None:
    assert version_of("https://my-org.my.salesforce.com/cometd/58.0") == "58.0"
    assert version_of("https://acme.my.site.com/partners/cometd/58.0") == NEWEST


@pytest.mark.parametrize(
    ("grant", "org_id"),
    [
        (Grant(access_token="00Dxx0000000001!AQ0AQ.x", org_id="00Dxx0000000001EAA"), "00Dxx0000000001"),
        (Grant(access_token="opaque", org_id="00Dxx0000000001"), "00Dxx0000000001"),
        (Grant(access_token="00Dxx0000000001!AQ0AQ.x"), "00Dxx0000000001"),
        (Grant(access_token="opaque"), None),
        (Grant(access_token="00Dxx0000000001"), None),
        (Grant(access_token="opaque!x", org_id="another"), None),
    ],
)
def test_the_org_id_is_read_from_the_grant_or_the_token(grant: Grant, org_id: str | None) -> None:
    assert org_id_of(grant) == org_id


@pytest.mark.parametrize(("instance", "end"), [("CS42", "@CS42"), (None, "@")])
def test_the_replay_origin_is_org_host_and_instance(instance: str | None, end: str) -> None:
    origin = replay_origin_of("00Dxx0000000001", "https://EU7.salesforce.com/cometd/67.0", instance)
    assert origin == f"00Dxx0000000001@eu7.salesforce.com{end}"


def test_an_unknown_org_has_no_replay_origin() -> None:
    assert replay_origin_of(None, "https://eu7.salesforce.com/cometd/67.0", "CS42") is None
