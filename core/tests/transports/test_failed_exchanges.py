"""What counts as a failure of an HTTP exchange, and what its error shows."""

from __future__ import annotations

import ssl
from typing import Any

import httpx
import pytest

from core.tests.transports.posting import Site
from core.tests.transports.site_stub import REPLY, raising, refuse
from core.tests.virtual_time import in_virtual_time
from pybayeux.errors import MessageDecodeError, TransportError

# -- failures


@pytest.mark.parametrize("status", [400, 401, 403, 500, 503])
@in_virtual_time
async def test_a_refusal_counts_whatever_the_status_says(status: int) -> None:
    refusal = {"channel": "/meta/handshake", "successful": False, "error": "403::Handshake denied"}
    site = Site(refuse(status, json=[refusal]))
    await site.send()
    assert [message.error for batch in site.received for message in batch] == ["403::Handshake denied"]


@pytest.mark.parametrize("status", [204, 302, 400, 401, 403, 404, 408, 429, 500, 502, 503])
@in_virtual_time
async def test_every_status_but_200_is_a_failure(status: int) -> None:
    site = Site(refuse(status, json=REPLY))
    with pytest.raises(TransportError, match=f"HTTP {status}") as caught:
        await site.send()
    assert (caught.value.status, caught.value.fatal, site.received) == (status, False, [])


@pytest.mark.parametrize("body", [b"", b" \r\n"])
@in_virtual_time
async def test_an_empty_answer_is_a_failure(body: bytes) -> None:
    with pytest.raises(TransportError, match="empty answer") as caught:
        await Site(refuse(200, content=body)).send()
    assert caught.value.status == 200


@pytest.mark.parametrize("body", [b"<html>Maintenance</html>", b'"text"', b"[{", b"\x1f\x8b\x00"])
@in_virtual_time
async def test_an_answer_that_is_no_bayeux_is_a_failure(body: bytes) -> None:
    with pytest.raises(MessageDecodeError):
        await Site(refuse(200, content=body)).send()


@in_virtual_time
async def test_a_failure_shows_the_beginning_of_the_body() -> None:
    with pytest.raises(TransportError, match="Bad Gateway") as caught:
        await Site(refuse(502, text="<h1>Bad Gateway</h1>" + "x" * 5000)).send()
    assert caught.value.body.startswith("<h1>Bad Gateway</h1>xxx")
    assert len(caught.value.body) == 200


@pytest.mark.parametrize(("header", "seconds"), [("7", 7.0), ("soon", None), (None, None)])
@in_virtual_time
async def test_retry_after_is_read(header: str | None, seconds: float | None) -> None:
    headers = {} if header is None else {"Retry-After": header}
    with pytest.raises(TransportError) as caught:
        await Site(refuse(503, headers=headers)).send()
    assert caught.value.retry_after == seconds


def chained(error: Exception, cause: Exception) -> Exception:
    """An error as httpx chains it."""
    error.__cause__ = cause
    return error


UNVERIFIED = ssl.SSLCertVerificationError(1, "certificate verify failed")


@pytest.mark.parametrize(
    ("error", "fatal", "unsent"),
    [
        (httpx.ConnectError("refused"), False, True),
        (httpx.ConnectTimeout("late"), False, True),
        (httpx.PoolTimeout("busy"), False, True),
        (httpx.ReadError("reset"), False, False),
        (httpx.ReadTimeout("late"), False, False),
        (httpx.WriteError("reset"), False, False),
        (httpx.RemoteProtocolError("gibberish"), False, False),
        (httpx.ProxyError("proxy"), False, True),
        (httpx.DecodingError("gzip"), False, False),
        (httpx.UnsupportedProtocol("gopher"), True, False),
        (httpx.InvalidURL("no"), True, False),
        (chained(httpx.ConnectError("tls"), UNVERIFIED), True, True),
        (chained(httpx.ConnectError("tls"), chained(OSError("ssl"), UNVERIFIED)), True, True),
        (chained(httpx.ConnectError("tls"), ssl.SSLError(1, "handshake failure")), False, True),
    ],
)
@in_virtual_time
async def test_failures_of_the_network(error: Exception, fatal: bool, unsent: bool) -> None:
    with pytest.raises(TransportError, match=type(error).__name__) as caught:
        await Site(raising(error)).send()
    assert (caught.value.status, caught.value.fatal, caught.value.unsent) == (None, fatal, unsent)
    assert caught.value.__cause__ is error


@in_virtual_time
async def test_a_failure_without_words_has_some() -> None:
    with pytest.raises(TransportError, match="ReadError: no reason given"):
        await Site(raising(httpx.ReadError(""))).send()


# -- secrets


@pytest.mark.parametrize("status", [500, 200])
@pytest.mark.parametrize("before", ["", "no such thing: ", "x" * 190])
@in_virtual_time
async def test_a_token_that_the_server_repeats_shows_nowhere_not_even_cut(status: int, before: str) -> None:
    site = Site(refuse(status, text=before + "t0k3n-t0k3n-t0k3n"))
    site.on_request = lambda request: request.headers.update({"Authorization": "Bearer t0k3n-t0k3n-t0k3n"})
    with pytest.raises((TransportError, MessageDecodeError)) as caught:
        await site.send()
    assert "t0k" not in str(caught.value)


@in_virtual_time
async def test_a_token_in_the_networks_error_shows_nowhere() -> None:
    site = Site(raising(httpx.ReadError("Authorization: Bearer t0k3n-t0k3n failed")))
    with pytest.raises(TransportError) as caught:
        await site.send()
    assert "t0k3n" not in str(caught.value)


@in_virtual_time
async def test_errors_of_another_library_with_the_same_names_are_known() -> None:
    class ConnectError(Exception):
        pass

    with pytest.raises(TransportError, match="ConnectError: refused") as caught:
        await Site(raising(ConnectError("refused"))).send()
    assert caught.value.unsent


def _from_keyring(request: httpx.Request) -> httpx.Request:
    raise LookupError("no keyring")


@in_virtual_time
async def test_the_users_authentication_may_break() -> None:
    class Broken(httpx.Auth):
        def auth_flow(self, request: httpx.Request) -> Any:
            yield _from_keyring(request)

    with pytest.raises(TransportError, match="LookupError: no keyring") as caught:
        await Site(auth=Broken()).send()
    assert not caught.value.unsent


@in_virtual_time
async def test_a_body_in_an_unknown_encoding_is_shown_all_the_same() -> None:
    headers = {"Content-Type": "text/plain; charset=klingon"}
    with pytest.raises(TransportError, match="nuqneH"):
        await Site(refuse(500, content=b"nuqneH", headers=headers)).send()
