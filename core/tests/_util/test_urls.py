from __future__ import annotations

import pytest

from pybayeux._util.urls import Endpoint, at_host, host_of, parse_endpoint, transport_url
from pybayeux.errors import UsageError


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://host/cometd", Endpoint("https://host/cometd", None)),
        ("http://host:8080", Endpoint("http://host:8080", None)),
        ("https://host/cometd?a=1#part", Endpoint("https://host/cometd?a=1", None)),
        ("https://user:pass@host/", Endpoint("https://host/", ("user", "pass"))),
        ("https://us%40er:p%3Ass@host/", Endpoint("https://host/", ("us@er", "p:ss"))),
        ("https://user@host/", Endpoint("https://host/", ("user", ""))),
        ("https://a@b:c@[::1]:81/x", Endpoint("https://[::1]:81/x", ("a@b", "c"))),
        ("HTTPS://Host/Path", Endpoint("https://Host/Path", None)),
    ],
)
def test_an_address_is_taken_apart(url: str, expected: Endpoint) -> None:
    assert parse_endpoint(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "",
        "host/cometd",
        "ws://host/",
        "ftp://host/",
        "https://",
        "https:///x",
        "http://host:port/",
        "http://[x/",
        "http://192.168.0.%31/",
    ],
)
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(UsageError, match="url: "):
        parse_endpoint(url)


def test_a_refusal_shows_no_password() -> None:
    with pytest.raises(UsageError) as caught:
        parse_endpoint("ftp://user:s3cr3t@host/")
    assert "s3cr3t" not in str(caught.value)


def test_a_password_with_a_slash_is_not_shown_in_an_error() -> None:
    with pytest.raises(UsageError) as caught:
        parse_endpoint("https://user:s3cr/3t@host/")
    assert "s3cr" not in str(caught.value)


@pytest.mark.parametrize("url", ["ws://host/x", "wss://host:81/x", "https://host/x"])
def test_a_transport_may_have_an_address_for_websockets(url: str) -> None:
    assert transport_url(url) == url


@pytest.mark.parametrize("url", ["ftp://host/x", "ws://user:pw@host/x", "host/x"])
def test_other_addresses_of_transports_are_refused(url: str) -> None:
    with pytest.raises(UsageError, match="url: "):
        transport_url(url)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("other", "https://other/cometd?a=1"),
        ("other:81", "https://other:81/cometd?a=1"),
        ("[::1]:81", "https://[::1]:81/cometd?a=1"),
        ("http://other", "http://other/cometd?a=1"),
        ("http://other/", "http://other/cometd?a=1"),
        ("https://other/bayeux", "https://other/bayeux?a=1"),
        ("https://user:pw@other/bayeux", "https://other/bayeux?a=1"),
        ("javascript://other/x", "https://other/x?a=1"),
    ],
)
def test_the_same_address_at_another_host(host: str, expected: str) -> None:
    assert at_host("https://host:80/cometd?a=1", host) == expected


def test_the_host_of_an_address() -> None:
    assert [host_of(url) for url in ("https://host/x", "http://u:p@host:81/")] == ["host", "host:81"]
