from __future__ import annotations

import pytest

from pybayeux_auth.home import Home

OWN = "https://example.com/cometd"
OTHER = "https://other.example.com/cometd"


def home(*hosts: str) -> Home:
    made = Home(hosts)
    made.follow(OWN)
    return made


def test_before_it_is_known_nothing_is_admitted() -> None:
    assert not Home(()).admits(OWN)


def test_its_own_address_and_hosts_that_are_named() -> None:
    made = home("backup.example.com")
    assert made.admits(OWN)
    assert made.admits("wss://example.com/cometd")
    assert made.admits("https://backup.example.com/")
    assert not made.admits(OTHER)


def test_where_code_moves_it_is_its_own_server() -> None:
    made = home()
    made.follow(OTHER)
    assert made.admits(OTHER)
    assert made.admits(OWN)  # a request may have been on its way
    made.follow("https://third.example.com/cometd")
    assert not made.admits(OWN)


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
def test_where_a_server_sends_it_is_a_stranger(advised: str, url: str) -> None:
    made = home()
    made.advised([advised])
    made.follow(url)
    assert not made.admits(url)
    assert made.admits(OWN)
    made.follow(OWN)
    assert made.admits(OWN)


def test_a_port_that_was_advised_says_nothing_of_others() -> None:
    made = home()
    made.advised(["other.example.com:8443"])
    made.follow(OTHER)
    assert made.admits(OTHER)


def test_what_code_certainly_did_counts_in_spite_of_an_advice() -> None:
    made = home()
    made.advised(["other.example.com"])
    made.moved(OTHER)
    assert made.admits(OTHER)


def test_a_server_that_is_less_secure_does_not_become_its_own() -> None:
    made = home()
    made.moved("http://other.example.com/cometd")
    assert not made.admits("http://other.example.com/cometd")
    assert made.admits(OWN)
