from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pybayeux.transports.redirects import Redirect, anonymous_headers, read_redirect, without_secrets

HOST = "https://host/cometd"


@pytest.mark.parametrize("status", [200, 300, 304, 305, 400])
def test_other_statuses_make_no_redirect(status: int) -> None:
    assert read_redirect(status, HOST, "/new") is None


def test_without_an_address_there_is_none() -> None:
    assert read_redirect(307, HOST, None) is None


@pytest.mark.parametrize(
    ("asked", "location", "same"),
    [
        (HOST, "/new", True),
        (HOST, "https://HOST:443/new", True),
        (HOST, "https://host:444/new", False),
        (HOST, "https://other/new", False),
        ("http://host/", "http://host:80/new", True),
        ("http://host/", "https://host/new", False),
        ("http://[::1]:8080/", "http://[::1]:8080/new", True),
        ("http://[::1]:8080/", "http://[::2]:8080/new", False),
    ],
)
def test_the_same_origin_is_the_same_scheme_host_and_port(asked: str, location: str, same: bool) -> None:
    redirect = read_redirect(308, asked, location)
    assert redirect is not None
    assert redirect.url is not None
    assert redirect.same_origin == same


@pytest.mark.parametrize("status", [301, 302, 303])
def test_what_would_change_the_method_is_shown_and_not_followed(status: int) -> None:
    assert read_redirect(status, HOST, "/new") == Redirect("https://host/new", None, same_origin=True)


@pytest.mark.parametrize(
    "location", ["http://host/cometd", "ftp://host/", "about:blank", "https://:7/", "https://h:x/"]
)
def test_what_is_never_followed(location: str) -> None:
    redirect = read_redirect(307, HOST, location)
    assert redirect is not None
    assert redirect.url is None


def test_a_shown_address_has_neither_password_nor_query() -> None:
    assert without_secrets("https://user:s3cr3t@host:8443/a/b?token=s3cr3t#s3cr3t") == "https://host:8443/a/b"


def test_anonymous_headers_are_known_in_any_case() -> None:
    headers = {"ACCEPT": "*/*", "user-agent": "x", "X-Anything": "1", "Authorization": "1", "Cookie": "1"}
    assert anonymous_headers(headers) == {"ACCEPT": "*/*", "user-agent": "x"}


@given(st.text(max_size=30) | st.text("htps:/[]@?#.x1 ", max_size=20))
def test_no_address_breaks_anything(location: str) -> None:
    redirect = read_redirect(307, HOST, location)
    assert redirect is not None
    assert redirect.url is None or redirect.url.startswith("https://")
