from __future__ import annotations

from base64 import b64encode

import pytest

from pybayeux._util.credentials import in_ext, in_headers, in_url

BASIC = b64encode(b"user:pa55:word").decode()


def test_headers_that_every_request_has_are_innocent() -> None:
    assert list(in_headers({"Host": "example", "content-type": "application/json", "User-Agent": "x"})) == []


@pytest.mark.parametrize(
    ("headers", "secret"),
    [
        ({"X-Api-Key": "k3y"}, "k3y"),
        ({"Authorization": "Bearer t0ken"}, "t0ken"),
        ({"authorization": f"Basic {BASIC}"}, BASIC),
        ({"authorization": f"basic {BASIC}"}, "pa55:word"),
        ({"Authorization": "t0ken"}, "t0ken"),
        ({"Cookie": "a=1; BAYEUX_BROWSER=br0wser"}, "br0wser"),
    ],
)
def test_other_headers_may_hold_credentials(headers: dict[str, str], secret: str) -> None:
    assert secret in list(in_headers(headers))


@pytest.mark.parametrize("value", ["Basic", "Basic ", "Basic abc", "Basic //79", "Basic äöü"])
def test_a_basic_header_that_is_none_does_no_harm(value: str) -> None:
    assert value in list(in_headers({"Authorization": value}))


def test_queries_and_passwords_of_addresses() -> None:
    assert list(in_url("https://user:pa55@host:8080/cometd?a=t0ken&b=%C3%A4")) == ["t0ken", "ä", "pa55"]
    assert list(in_url("https://host/cometd")) == []


def test_every_text_in_ext() -> None:
    assert list(in_ext({"a": "1", "b": {"c": ["2", {"d": "3"}], "e": 4}, "f": None})) == ["1", "2", "3"]
    assert list(in_ext(None)) == []
