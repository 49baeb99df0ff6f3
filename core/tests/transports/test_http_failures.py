from __future__ import annotations

import ssl

import httpx
import pytest

from pybayeux._util.redact import Redactor
from pybayeux.transports.http_failures import (
    network_failure,
    request_failure,
    response_of,
    status_failure,
)
from pybayeux.transports.redirects import Redirect


def test_a_failure_of_the_network_names_the_error() -> None:
    failure = network_failure(httpx.ReadError("reset"), Redactor())
    assert str(failure) == "ReadError: reset"
    assert (failure.status, failure.unsent, failure.fatal) == (None, False, False)


@pytest.mark.parametrize("error", [httpx.ConnectError("x"), httpx.ConnectTimeout("x"), httpx.PoolTimeout("x")])
def test_without_a_connection_nothing_was_sent(error: Exception) -> None:
    assert network_failure(error, Redactor()).unsent


def test_subclasses_count_as_what_they_are_derived_from() -> None:
    class Refused(httpx.ConnectError):
        pass

    assert network_failure(Refused("x"), Redactor()).unsent


def test_a_certificate_that_does_not_verify_is_found_in_the_causes() -> None:
    error = httpx.ConnectError("tls")
    error.__context__ = OSError("ssl")
    error.__context__.__cause__ = ssl.SSLCertVerificationError(1, "certificate verify failed")
    assert network_failure(error, Redactor()).fatal


def test_a_status_is_shown_with_the_servers_text() -> None:
    response = httpx.Response(503, headers={"Retry-After": "7"})
    failure = status_failure(response, "clientId=abcdef", None, Redactor())
    assert str(failure) == "HTTP 503 Service Unavailable; received 'clientId=***'"
    assert (failure.status, failure.retry_after) == (503, 7)


def test_a_redirect_that_is_not_followed_is_reported() -> None:
    redirect = Redirect("https://host/login", None, same_origin=True)
    failure = status_failure(httpx.Response(302), "", redirect, Redactor())
    assert str(failure) == "HTTP 302 Found: it points to https://host/login, and is not followed"


def test_an_unknown_status() -> None:
    assert str(status_failure(httpx.Response(599), "", None, Redactor())) == "HTTP 599"


def test_a_full_pool_says_so() -> None:
    failure = network_failure(httpx.PoolTimeout(""), Redactor())
    assert (failure.unsent, failure.fatal) == (True, False)
    assert "no connection of the HTTP client became free in time" in str(failure)


def test_the_way_to_the_server_is_told() -> None:
    assert str(network_failure(httpx.ConnectError("x"), Redactor(), ", through y")) == "ConnectError: x, through y"


def test_an_error_that_is_about_an_answer_has_it() -> None:
    response = httpx.Response(401, request=httpx.Request("GET", "http://h/"))
    assert response_of(httpx.HTTPStatusError("no", request=response.request, response=response)) is response
    assert response_of(httpx.ConnectError("no")) is None
    assert response_of(ValueError()) is None


@pytest.mark.parametrize("error", [TypeError("auth"), httpx.LocalProtocolError("Illegal header value b'a'")])
def test_what_the_library_refuses_is_hopeless(error: Exception) -> None:
    assert network_failure(error, Redactor()).fatal
    assert request_failure(error, Redactor()).fatal
