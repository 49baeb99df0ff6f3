"""Bodies: decompressed within a limit, and in UTF-8."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from pybayeux.errors import TransportError
from pybayeux.transports.body import Body, read_body

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

CONTENT = b'[{"channel":"/a","data":"' + b"x" * 3_000_000 + b'"}]'
ASKED = httpx.Request("POST", "http://h/", headers={"Accept-Encoding": "gzip, deflate"})


def answer(body: bytes, size: int = 5000, **headers: str) -> httpx.Response:
    """An answer that comes in pieces."""

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), size):
            yield body[start : start + size]

    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(200, headers=named, content=pieces(), request=ASKED)


def read(response: Any, limit: int | None = None) -> tuple[bytes, bool]:
    """The content, and whether it is complete."""
    body = asyncio.run(read_body(response, limit))
    assert body.size == len(body.content)
    return body.content, body.complete


def raw_deflate(content: bytes) -> bytes:
    engine = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return engine.compress(content) + engine.flush()


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("", CONTENT),
        ("identity", CONTENT),
        ("gzip", gzip.compress(CONTENT)),
        ("X-GZip", gzip.compress(CONTENT[:100]) + gzip.compress(CONTENT[100:])),
        ("deflate", zlib.compress(CONTENT)),
        ("deflate", raw_deflate(CONTENT)),
        ("identity, gzip", gzip.compress(CONTENT)),
        ("gzip", gzip.compress(CONTENT) + b"\0" * 10),
    ],
)
@pytest.mark.parametrize("size", [700, 10**7])
def test_what_is_compressed_is_read(coding: str, body: bytes, size: int) -> None:
    assert read(answer(body, size, Content_Encoding=coding), len(CONTENT)) == (CONTENT, True)


@pytest.mark.parametrize("coding", ["gzip", "deflate", ""])
def test_an_empty_body_is_empty(coding: str) -> None:
    assert read(answer(b"", Content_Encoding=coding)) == (b"", True)


def test_a_bomb_is_read_up_to_the_limit() -> None:
    taken = 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal taken
        bomb = gzip.compress(bytes(100_000_000))
        for start in range(0, len(bomb), 1000):
            taken += 1
            yield bomb[start : start + 1000]

    response = httpx.Response(200, headers={"Content-Encoding": "gzip"}, content=pieces(), request=ASKED)
    assert read(response, 2_500_000) == (bytes(2**16), False)
    assert taken < 10


@pytest.mark.parametrize("coding", ["br", "zstd", "compress", "gzip, gzip", "gzip, br", "x" * 1000])
def test_an_encoding_that_cannot_be_undone_is_named(coding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pybayeux.transports.body.find_spec", lambda name: None)
    with pytest.raises(TransportError) as caught:
        read(answer(b"\x1b\x0e", Content_Encoding=coding))
    assert f"Content-Encoding {coding[:40]!r} cannot be decoded" in str(caught.value)
    assert "gzip, deflate" in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_body_that_is_not_what_it_says(coding: str) -> None:
    with pytest.raises(TransportError, match=f"not in its Content-Encoding '{coding}'"):
        read(answer(b"<html>Bad Gateway</html>" * 100, Content_Encoding=coding))


def test_a_body_that_ends_too_early() -> None:
    with pytest.raises(TransportError, match="ends before its Content-Encoding 'gzip'"):
        read(answer(gzip.compress(CONTENT)[:-20], Content_Encoding="gzip"))


def test_a_body_that_a_hook_has_read_is_still_there() -> None:
    response = answer(gzip.compress(CONTENT), Content_Encoding="gzip")

    async def both() -> Body:
        await response.aread()
        return await read_body(response, None)

    assert asyncio.run(both()).content == CONTENT


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"\xef\xbb\xbf[]"),
        ("application/json;charset=UTF-16LE", "[]".encode("utf-16-le")),
        ("text/plain;charset=iso-8859-1", b"[]"),
    ],
)
@pytest.mark.parametrize("size", [1, 100])
def test_it_is_in_utf_8(kind: str, body: bytes, size: int) -> None:
    assert read(answer(body, size, Content_Type=kind)) == (b"[]", True)
