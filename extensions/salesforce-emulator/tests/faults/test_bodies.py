from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from starlette.responses import Response

from pybayeux_devserver.toolkit import Sockets
from pybayeux_salesforce_emulator.faults import bodies

if TYPE_CHECKING:
    from collections.abc import Callable

MESSAGES: Any = [{"channel": "/meta/connect", "successful": True}, {"channel": "/u/X", "data": {}}]


def _whole() -> Response:
    response = Response(msgspec.json.encode(MESSAGES), media_type="application/json")
    response.headers.append("set-cookie", "a=b")
    return response


def _body(change: Callable[..., Response], **parameters: Any) -> bytes:
    return bytes(change(_whole(), **parameters).body)


@pytest.mark.parametrize(
    "change",
    [
        bodies.empty,
        bodies.page,
        bodies.bad_gateway,
        bodies.truncated,
        bodies.junk,
        bodies.not_a_number,
        bodies.invalid_utf8,
    ],
)
def test_bodies_that_are_not_json(change: Callable[[Response], Response]) -> None:
    with pytest.raises((msgspec.DecodeError, UnicodeError)):
        msgspec.json.decode(_body(change))


@pytest.mark.parametrize(
    "change", [bodies.wrong_media_type, bodies.status, bodies.duplicate_keys, bodies.deep, bodies.padded]
)
def test_bodies_that_a_lenient_parser_accepts(change: Callable[[Response], Response]) -> None:
    said = json.loads(_body(change).replace(b"[" * 5_000 + b"]" * 5_000, b"0"))
    assert [message["channel"] for message in said] == ["/meta/connect", "/u/X"]


@pytest.mark.parametrize(
    "change", [bodies.empty, bodies.truncated, bodies.compressed, bodies.chunked, bodies.slow, bodies.byte_order_mark]
)
def test_cookies_are_kept(change: Callable[[Response], Response]) -> None:
    assert change(_whole()).headers["set-cookie"] == "a=b"


def test_statuses() -> None:
    assert bodies.bad_gateway(_whole()).status_code == 502
    assert bodies.status(_whole(), code=401).status_code == 401
    assert bodies.empty(_whole()).status_code == 200


def test_a_page_with_an_error() -> None:
    response = bodies.html(503)(Sockets(), retry_after=2)
    assert (response.status_code, response.headers["retry-after"]) == (503, "2")
    assert b"503 Service Unavailable" in response.body
    assert "retry-after" not in bodies.html(500)(Sockets()).headers


def test_compression() -> None:
    response = bodies.compressed(_whole())
    assert response.headers["content-encoding"] == "gzip"
    assert json.loads(gzip.decompress(bytes(response.body))) == MESSAGES


def test_a_byte_order_mark() -> None:
    assert _body(bodies.byte_order_mark).startswith(b"\xef\xbb\xbf[")


def test_a_single_object() -> None:
    single = Response(msgspec.json.encode(MESSAGES[:1]))
    assert json.loads(bytes(bodies.single_object(single).body)) == MESSAGES[0]


def test_padding() -> None:
    assert len(_body(bodies.padded, size=2_000_000)) > 2_000_000
