"""Replies with an unusual body, media type or pace.

Each function takes the whole response and returns another one. Cookies are kept.
"""

from __future__ import annotations

import asyncio
import gzip
from typing import TYPE_CHECKING, Final

from starlette.responses import HTMLResponse, Response, StreamingResponse

from pybayeux_devserver.toolkit import DelayedResponse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from pybayeux_devserver.toolkit import Sockets

__all__ = (
    "bad_gateway",
    "byte_order_mark",
    "chunked",
    "compressed",
    "deep",
    "duplicate_keys",
    "empty",
    "html",
    "invalid_utf8",
    "junk",
    "late",
    "not_a_number",
    "padded",
    "page",
    "single_object",
    "slow",
    "status",
    "truncated",
    "wrong_media_type",
)

_PAGE: Final = "<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"
_REASONS: Final = {500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout"}
_JUNK: Final = bytes(range(256))


def html(code: int) -> Callable[..., Response]:
    """Makes an HTML page with an error, as proxies send them."""

    def make(sockets: Sockets, *, retry_after: float | None = None) -> Response:
        headers = {} if retry_after is None else {"Retry-After": f"{retry_after:g}"}
        return HTMLResponse(_PAGE.format(f"{code} {_REASONS[code]}"), code, headers)

    return make


def empty(whole: Response) -> Response:
    """No body, with status 200."""
    return _with(whole, b"")


def page(whole: Response) -> Response:
    """An HTML page, with status 200."""
    return _with(whole, _PAGE.format("Down for maintenance").encode(), media_type="text/html")


def bad_gateway(whole: Response) -> Response:
    """A proxy's error page instead of the reply."""
    return _with(whole, _PAGE.format("502 Bad Gateway").encode(), media_type="text/html", status_code=502)


def status(whole: Response, *, code: int = 503) -> Response:
    """The same body with another status."""
    return _with(whole, bytes(whole.body), status_code=code)


def truncated(whole: Response) -> Response:
    """Half of the text, in a complete HTTP response."""
    return _with(whole, bytes(whole.body[: len(whole.body) // 2]))


def junk(whole: Response) -> Response:
    """Bytes that are not text."""
    return _with(whole, _JUNK)


def wrong_media_type(whole: Response) -> Response:
    """The reply itself, declared as HTML."""
    return _with(whole, bytes(whole.body), media_type="text/html")


def byte_order_mark(whole: Response) -> Response:
    """The reply after a byte order mark."""
    return _with(whole, b"\xef\xbb\xbf" + bytes(whole.body))


def not_a_number(whole: Response) -> Response:
    """A member ``NaN``, which is valid in JavaScript and invalid in JSON."""
    return _with_member(whole, b'"strange":NaN')


def invalid_utf8(whole: Response) -> Response:
    """A string that is not valid UTF-8."""
    return _with_member(whole, b'"strange":"\xff\xfe"')


def deep(whole: Response, *, depth: int = 5_000) -> Response:
    """A member that is nested deeper than most parsers allow."""
    return _with_member(whole, b'"strange":' + b"[" * depth + b"]" * depth)


def padded(whole: Response, *, size: int = 1_100_000) -> Response:
    """A member that adds this many bytes. Events have up to a megabyte, and replies may have many events."""
    return _with_member(whole, b'"strange":"' + b"x" * size + b'"')


def duplicate_keys(whole: Response) -> Response:
    """A duplicate member. Most parsers use the second one."""
    return _with_member(whole, b'"channel":"/meta/unknown"')


def single_object(whole: Response) -> Response:
    """The only message without the array around it."""
    return _with(whole, bytes(whole.body).strip()[1:-1])


def compressed(whole: Response) -> Response:
    """The reply as gzip."""
    response = _with(whole, gzip.compress(bytes(whole.body), mtime=0))
    response.headers["content-encoding"] = "gzip"
    return response


def chunked(whole: Response, *, size: int = 7) -> Response:
    """The reply in chunks of this many bytes."""
    return _pieces(whole, size, 0)


def slow(whole: Response, *, seconds: float = 1.0, pieces: int = 10) -> Response:
    """The reply in pieces that take this many seconds together."""
    return _pieces(whole, max(1, len(whole.body) // pieces), seconds / pieces)


def late(whole: Response, *, seconds: float = 1.0) -> Response:
    """The reply, this many seconds later."""
    return DelayedResponse(whole, asyncio.sleep(seconds))


def _with_member(whole: Response, member: bytes) -> Response:
    """The reply with another member at the beginning of the first message."""
    return _with(whole, bytes(whole.body).replace(b"{", b"{" + member + b",", 1))


def _with(
    whole: Response, body: bytes, *, status_code: int | None = None, media_type: str = "application/json;charset=UTF-8"
) -> Response:
    response = Response(body, whole.status_code if status_code is None else status_code, media_type=media_type)
    _keep_cookies(whole, response)
    return response


def _pieces(whole: Response, size: int, pause: float) -> Response:
    body = bytes(whole.body)

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), size):
            yield body[start : start + size]
            await asyncio.sleep(pause)

    response = StreamingResponse(pieces(), whole.status_code, media_type="application/json;charset=UTF-8")
    _keep_cookies(whole, response)
    return response


def _keep_cookies(whole: Response, response: Response) -> None:
    for value in whole.headers.getlist("set-cookie"):
        response.headers.append("set-cookie", value)
