from __future__ import annotations

import pytest

from pybayeux_auth.origin import origin_of


@pytest.mark.parametrize(
    ("own", "other", "expected"),
    [
        ("https://example.com/cometd", "https://example.com/cometd/handshake?x=1", True),
        ("https://example.com/cometd", "https://EXAMPLE.com:443/other", True),
        ("https://example.com/cometd", "wss://example.com/cometd", True),
        ("http://example.com/cometd", "ws://example.com:80/cometd", True),
        ("https://example.com/cometd", "http://example.com/cometd", False),
        ("http://example.com/cometd", "https://example.com/cometd", False),
        ("https://example.com/cometd", "https://example.com:8443/cometd", False),
        ("https://example.com/cometd", "https://evil.example.com/cometd", False),
        ("https://example.com/cometd", "https://example.com@evil.com/cometd", False),
        ("https://[::1]:8443/cometd", "wss://[::1]:8443/cometd", True),
    ],
)
def test_one_server_is_one_origin(own: str, other: str, expected: bool) -> None:
    assert origin_of(own).admits(origin_of(other), frozenset()) is expected


@pytest.mark.parametrize(
    ("own", "other", "expected"),
    [
        ("https://a.example.com/", "https://b.example.com/", True),
        ("https://a.example.com/", "wss://b.example.com:9000/", True),
        ("https://a.example.com/", "http://b.example.com/", False),
        ("http://a.example.com/", "http://b.example.com/", True),
        ("https://a.example.com/", "https://c.example.com:8443/", True),
        ("https://a.example.com/", "https://c.example.com/", False),
    ],
)
def test_hosts_that_are_named_are_trusted_where_they_are_as_secure(own: str, other: str, expected: bool) -> None:
    hosts = frozenset({"b.example.com", "c.example.com:8443"})
    assert origin_of(own).admits(origin_of(other), hosts) is expected


@pytest.mark.parametrize("url", ["ftp://example.com", "/cometd", "https://"])
def test_other_addresses_have_no_origin(url: str) -> None:
    with pytest.raises(ValueError, match="no address of a server"):
        origin_of(url)
