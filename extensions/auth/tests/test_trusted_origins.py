from __future__ import annotations

import pytest

from pybayeux_auth.trusted_origins import TrustedOrigins, origin_of

OWN = "https://example.com/cometd"
OTHER = "https://other.example.com/cometd"


def _origins(*hosts: str) -> TrustedOrigins:
    origins = TrustedOrigins(hosts)
    origins.follow(OWN)
    return origins


def test_without_a_url_nothing_is_trusted() -> None:
    assert not TrustedOrigins(()).trusts(OWN)


def test_the_own_server_and_named_hosts_are_trusted() -> None:
    origins = _origins("backup.example.com")
    assert origins.trusts(OWN)
    assert origins.trusts("wss://example.com/cometd")
    assert origins.trusts("https://backup.example.com/")
    assert not origins.trusts(OTHER)


def test_a_move_by_code_is_trusted() -> None:
    origins = _origins()
    origins.follow(OTHER)
    assert origins.trusts(OTHER)
    assert origins.trusts(OWN)  # a request may have been on its way
    origins.follow("https://third.example.com/cometd")
    assert not origins.trusts(OWN)


@pytest.mark.parametrize(
    ("advised", "url"),
    [
        ("other.example.com", OTHER),
        ("OTHER.example.com", OTHER),
        ("https://other.example.com/cometd", OTHER),
        ("other.example.com:8443", "https://other.example.com:8443/cometd"),
        ("[::1]:8080", "https://[::1]:8080/cometd"),
    ],
)
def test_an_advised_host_is_not_trusted(advised: str, url: str) -> None:
    origins = _origins()
    origins.add_advised([advised])
    origins.follow(url)
    assert not origins.trusts(url)
    assert origins.trusts(OWN)
    origins.follow(OWN)
    assert origins.trusts(OWN)


def test_an_advised_port_does_not_affect_other_ports() -> None:
    origins = _origins()
    origins.add_advised(["other.example.com:8443"])
    origins.follow(OTHER)
    assert origins.trusts(OTHER)


def test_moved_overrides_an_advice() -> None:
    origins = _origins()
    origins.add_advised(["other.example.com"])
    origins.moved(OTHER)
    assert origins.trusts(OTHER)


def test_a_less_secure_server_is_not_trusted() -> None:
    origins = _origins()
    origins.moved("http://other.example.com/cometd")
    assert not origins.trusts("http://other.example.com/cometd")
    assert origins.trusts(OWN)


# -- origins


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
def test_origins_of_the_same_server_are_equal(own: str, other: str, expected: bool) -> None:
    assert origin_of(own).trusts(origin_of(other), frozenset()) is expected


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
def test_named_hosts_are_trusted_if_as_secure(own: str, other: str, expected: bool) -> None:
    hosts = frozenset({"b.example.com", "c.example.com:8443"})
    assert origin_of(own).trusts(origin_of(other), hosts) is expected


@pytest.mark.parametrize("url", ["ftp://example.com", "/cometd", "https://"])
def test_other_urls_have_no_origin(url: str) -> None:
    with pytest.raises(ValueError, match="expected http, https, ws or wss and a host"):
        origin_of(url)
