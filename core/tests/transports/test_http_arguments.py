from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from pybayeux.errors import TransportError
from pybayeux.transports.http_arguments import check_auth, check_headers, check_http


@pytest.mark.parametrize(
    "headers", [{"X-Secret": "s3cr3t\r\nX: y"}, {"X-Secret": "s3cr3t\xe9"}, {"X-Secr\xe9t": "1"}, {"X-Secret": 7}]
)
def test_headers_that_cannot_be_sent_are_named_without_their_value(headers: Any) -> None:
    with pytest.raises(TransportError, match="headers=: 'X-Secr") as caught:
        check_headers(headers)
    assert (caught.value.fatal, "s3cr3t" in str(caught.value)) == (True, False)


@pytest.mark.parametrize("auth", ["user:pass", ("user",), ("user", 7), 7, {"user": "pass"}])
def test_authentication_that_is_none_is_named(auth: Any) -> None:
    with pytest.raises(TransportError, match="auth=: expected"):
        check_auth(auth)


@pytest.mark.parametrize(
    "auth", [None, ("user", "pass"), ["user", b"pass"], httpx.DigestAuth("a", "b"), lambda request: request]
)
def test_authentication_of_any_form(auth: Any) -> None:
    check_auth(auth)


@pytest.mark.parametrize("http", [httpx.Client(), SimpleNamespace(cookies={}), "http"])
def test_a_http_client_of_another_kind_is_named(http: Any) -> None:
    with pytest.raises(TransportError, match=r"http=: expected an httpx\.AsyncClient"):
        check_http(http)


def test_a_http_client_that_is_closed_is_named() -> None:
    with pytest.raises(TransportError, match="http=: the HTTP client is closed"):
        check_http(SimpleNamespace(build_request=1, send=1, cookies=1, is_closed=True))
