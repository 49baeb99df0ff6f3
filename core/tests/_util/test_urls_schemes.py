"""The two schemes of one server."""

from __future__ import annotations

import pytest

from pybayeux._util.urls import as_http, as_websocket


@pytest.mark.parametrize(
    ("http", "websocket"), [("http://a:1/b?c=d://e", "ws://a:1/b?c=d://e"), ("https://a", "wss://a")]
)
def test_each_is_the_other_way_round(http: str, websocket: str) -> None:
    assert (as_websocket(http), as_http(websocket)) == (websocket, http)
    assert (as_websocket(websocket), as_http(http)) == (websocket, http)


def test_case_does_not_matter() -> None:
    assert (as_websocket("HTTPS://a"), as_http("WSS://a")) == ("wss://a", "https://a")


def test_something_else_stays() -> None:
    assert (as_websocket("ftp://a"), as_http("no address")) == ("ftp://a", "no address")
