from __future__ import annotations

import pytest

from pybayeux.errors import UsageError
from pybayeux_salesforce.address import (
    NEWEST,
    endpoint_at,
    endpoint_of,
    is_salesforce,
    is_streaming_path,
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
def test_an_address_means_an_endpoint(address: str, endpoint: str) -> None:
    assert endpoint_of(address) == endpoint


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("salesforce://", "no host"),
        ("salesforce://my_org", "neither a My Domain nor a host"),
        ("salesforce://-my-org", "neither a My Domain nor a host"),
        ("salesforce://my-org/cometd/67.0", "not the address of an org"),
        ("salesforce://me:secret@my-org", "no place in an org's address"),
        ("salesforce://my-org:port", "cannot be read"),
        ("salesforce://my-org?versoin=58.0", "'versoin'"),
        ("salesforce://my-org?version=36.0", "no longer served: 37.0 is the oldest"),
        ("salesforce://my-org?version=0", "no longer served"),
        ("salesforce://my-org?version=", "API versions look like"),
        ("salesforce://my-org?version=latest", "API versions look like"),
        ("salesforce://my-org?version=58.5", "API versions look like"),
        ("https://acme.my.salesforce.com/cometd/30.0", "no longer served"),
        ("faye://my-org", "not the address of an org"),
    ],
)
def test_what_is_no_address_is_told(address: str, why: str) -> None:
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
def test_the_hosts_of_salesforce_are_known(url: str, is_one: bool) -> None:
    assert is_salesforce(url) is is_one


def test_the_endpoint_moves_with_its_version_to_where_the_org_is() -> None:
    moved = endpoint_at("https://eu7.salesforce.com", "https://login.salesforce.com/cometd/58.0")
    assert moved == "https://eu7.salesforce.com/cometd/58.0"


def test_the_endpoint_of_a_site_with_a_path_is_told_from_that_of_an_org() -> None:
    assert is_streaming_path("https://my-org.my.salesforce.com/cometd/67.0")
    assert is_streaming_path("https://my-org.my.salesforce.com/cometd/67.0/")
    assert not is_streaming_path("https://acme.my.site.com/partners/cometd/67.0")


def test_the_version_is_that_of_the_endpoint() -> None:
    assert version_of("https://my-org.my.salesforce.com/cometd/58.0") == "58.0"
    assert version_of("https://acme.my.site.com/partners/cometd/58.0") == NEWEST
