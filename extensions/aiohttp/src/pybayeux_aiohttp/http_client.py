"""HTTP over aiohttp, with as much of the surface of httpx's `AsyncClient` as the client's transports use.

Owns the connections and the names of errors: httpx's, for those that say whether a request has left.
"""

from __future__ import annotations

import re
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

import aiohttp
import httpx
from yarl import URL

from .basic_auth import authorization

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Callable

__all__ = ("ConnectError", "ConnectTimeout", "HttpClient", "Request", "Response", "UnsupportedProtocol")

_CONNECTIONS: Final = 100
_KEPT_ALIVE: Final = 4.0
"""Seconds: Node's servers close a connection that has been idle for 5, and a request may be on its way by then."""

_LINE: Final = 2**16
_BUFFER: Final = 2**18
_LARGE: Final = 2**20
"""Bytes of a body beyond which aiohttp warns of one that it would have to write at once."""

_TLS: Final = re.compile(r" ssl:(?:<[^>]*>|\w+)")
"""How aiohttp shows the certificates to trust, in each error: nothing that a reader could use."""


class ConnectError(Exception):
    """There is no connection: the request has not left."""


class ConnectTimeout(ConnectError):
    """There was no connection in time."""


class UnsupportedProtocol(Exception):
    """An address that is none of http or https."""


class Request:
    """A request that is to be sent.

    Attributes:
        method: The method.
        url: Where to.
        content: The body, or None.
        headers: May be changed until it is sent.
    """

    __slots__ = ("content", "headers", "method", "url")

    def __init__(self, method: str, url: str, content: bytes | None, headers: httpx.Headers) -> None:
        self.method: Final = method
        self.url: str = url
        self.content: Final = content
        self.headers: Final = headers


class Response:
    """An answer.

    Attributes:
        request: What it answers.
        url: Where that went to.
        status_code: The status.
        reason_phrase: The status in words.
        headers: The headers.
        charset_encoding: What they say of the body.
        is_stream_consumed: Whether the body was read.
    """

    def __init__(self, response: aiohttp.ClientResponse, request: Request) -> None:
        self._response: Final = response
        self.request: Final = request
        self.url: Final = request.url
        self.status_code: Final = response.status
        self.reason_phrase: Final = response.reason or ""
        self.headers: Final = httpx.Headers(list(response.raw_headers))
        self.is_stream_consumed: Final = False

    @property
    def charset_encoding(self) -> str | None:
        """What the headers say of the body."""
        return self._response.charset

    async def aiter_raw(self) -> AsyncIterator[bytes]:
        """The body as it comes, compressed or not."""
        async for chunk in self._response.content.iter_any():
            yield chunk

    async def aclose(self) -> None:
        """Read no further."""
        self._response.release()


class HttpClient:
    """Sends requests. Follows no redirect, keeps no cookie, and knows no proxy.

    Its session is made with the first request, on the loop that is running then.

    Args:
        patience: Seconds to wait for a connection. There is no other limit of time.
        trust: Returns the certificates to trust; called with the first request that needs them.

    Attributes:
        cookies: None; the transports look.
    """

    def __init__(self, patience: float, trust: Callable[[], ssl.SSLContext]) -> None:
        self.cookies: Final = httpx.Cookies()
        self._patience: Final = patience
        self._session: aiohttp.ClientSession | None = None
        self._trust: Final = trust
        self._tls: ssl.SSLContext | None = None
        self._closed = False

    def build_request(
        self, method: str, url: str, *, content: bytes | None, headers: httpx.Headers, timeout: Any = None
    ) -> Request:
        """A request with these headers; `timeout` is that of the whole client."""
        headers.setdefault("Accept-Encoding", "gzip, deflate")  # else aiohttp offers all that it could decode
        return Request(method, url, content, headers)

    async def send(
        self, request: Request, *, stream: bool = False, follow_redirects: bool = False, auth: Any = None
    ) -> Response:
        """Send a request, and return the answer, whose body is still to be read.

        Raises:
            ConnectError: There is no connection.
            TransportError: The certificates to trust cannot be loaded.
            Exception: An error of aiohttp's, or an address that is wrong.
        """
        if (basic := authorization(auth)) is not None:
            request.headers["Authorization"] = basic
        url = _parsed(request.url)
        if self._tls is None and url.scheme == "https":
            self._tls = self._trust()
        content = request.content
        try:
            response = await self._opened().request(
                request.method,
                url,
                data=BytesIO(content) if content is not None and len(content) > _LARGE else content,
                headers=_texts(request.headers),
                allow_redirects=False,
                ssl=self._tls or True,
            )
            return Response(response, request)
        except aiohttp.ConnectionTimeoutError as error:
            raise ConnectTimeout(str(error)) from error
        except aiohttp.ClientConnectorError as error:
            raise ConnectError(_TLS.sub("", str(error))) from error

    async def aclose(self) -> None:
        """Close every connection, for good."""
        self._closed = True
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        if self._closed:
            raise ConnectError("the HTTP client is closed")
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=_CONNECTIONS, keepalive_timeout=_KEPT_ALIVE),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,  # the transport does it, within its limit
                timeout=aiohttp.ClientTimeout(connect=self._patience),
                read_bufsize=_BUFFER,
                max_line_size=_LINE,
                max_field_size=_LINE,
            )
        return self._session


def _texts(headers: httpx.Headers) -> list[tuple[str, str]]:
    """Headers for aiohttp, which sends texts in UTF-8: cookies of other octets cannot be sent, and are left out."""
    try:
        return [(name.decode("ascii"), value.decode()) for name, value in headers.raw]
    except UnicodeDecodeError:
        return [(name.decode("ascii"), _sendable(value)) for name, value in headers.raw]


def _sendable(value: bytes) -> str:
    return "; ".join(part.decode() for part in value.split(b"; ") if _is_utf8(part))


def _is_utf8(octets: bytes) -> bool:
    try:
        octets.decode()
    except UnicodeDecodeError:
        return False
    return True


@lru_cache(maxsize=64)
def _parsed(url: str) -> URL:
    """The address as httpx would send it: what is encoded already stays as it is, signatures may depend on it.

    Raises:
        httpx.InvalidURL: It is none.
        UnsupportedProtocol: It is one of something else.
    """
    parsed = httpx.URL(url)
    if parsed.scheme not in ("http", "https"):
        raise UnsupportedProtocol(f"{parsed.scheme or 'no scheme'!r} is none of http and https")
    address = URL(str(parsed.copy_with(fragment=None)), encoded=True)
    try:
        if not address.host or address.port is None:
            raise httpx.InvalidURL("an address without a host")
    except ValueError as error:  # a port that is none
        raise httpx.InvalidURL(str(error)) from error
    return address
