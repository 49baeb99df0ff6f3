"""Replies whose bytes are not what they should be.

Owns the changes of a body, its headers and its pace. Each takes the whole response and gives another; cookies stay.
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
    """Makes a page with an error, as proxies send them."""

    def make(sockets: Sockets, *, retry_after: float | None = None) -> Response:
        headers = {} if retry_after is None else {"Retry-After": f"{retry_after:g}"}
        return HTMLResponse(_PAGE.format(f"{code} {_REASONS[code]}"), code, headers)

    return make


def empty(whole: Response) -> Response:
    """Nothing, with status 200."""
    return _with(whole, b"")


def page(whole: Response) -> Response:
    """A page that is no JSON, with status 200."""
    return _with(whole, _PAGE.format("Down for maintenance").encode(), media_type="text/html")


def bad_gateway(whole: Response) -> Response:
    """A proxy's page in place of the reply that was already sent to it."""
    return _with(whole, _PAGE.format("502 Bad Gateway").encode(), media_type="text/html", status_code=502)


def status(whole: Response, *, code: int = 503) -> Response:
    """The same body under another status."""
    return _with(whole, bytes(whole.body), status_code=code)


def truncated(whole: Response) -> Response:
    """Half of the text, as a response in good order."""
    return _with(whole, bytes(whole.body[: len(whole.body) // 2]))


def junk(whole: Response) -> Response:
    """Bytes that are no text."""
    return _with(whole, _JUNK)


def wrong_media_type(whole: Response) -> Response:
    """The reply itself, called a page."""
    return _with(whole, bytes(whole.body), media_type="text/html")


def byte_order_mark(whole: Response) -> Response:
    """The reply behind a byte order mark."""
    return _with(whole, b"\xef\xbb\xbf" + bytes(whole.body))


def not_a_number(whole: Response) -> Response:
    """A member that JavaScript can say and JSON cannot."""
    return _with_member(whole, b'"strange":NaN')


def invalid_utf8(whole: Response) -> Response:
    """A text that is no UTF-8."""
    return _with_member(whole, b'"strange":"\xff\xfe"')


def deep(whole: Response, *, depth: int = 5_000) -> Response:
    """A member that is nested deeper than parsers like."""
    return _with_member(whole, b'"strange":' + b"[" * depth + b"]" * depth)


def padded(whole: Response, *, size: int = 1_100_000) -> Response:
    """So many bytes more: events have up to a megabyte, replies many of them."""
    return _with_member(whole, b'"strange":"' + b"x" * size + b'"')


def duplicate_keys(whole: Response) -> Response:
    """A member that is there twice; the second counts, as parsers have it."""
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
    """The reply in chunks of so many bytes."""
    return _pieces(whole, size, 0)


def slow(whole: Response, *, seconds: float = 1.0, pieces: int = 10) -> Response:
    """The reply in pieces that take so long together."""
    return _pieces(whole, max(1, len(whole.body) // pieces), seconds / pieces)


def late(whole: Response, *, seconds: float = 1.0) -> Response:
    """The reply, so much later."""
    return DelayedResponse(whole, asyncio.sleep(seconds))


def _with_member(whole: Response, member: bytes) -> Response:
    """Another member at the beginning of the first message."""
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
