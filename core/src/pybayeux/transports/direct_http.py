"""The HTTP client that is used where the user gave none: httpx's, with our rule for proxies and certificates."""

from __future__ import annotations

import ssl
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import httpcore
import httpx

from .._util.environment import Proxy, proxy_for
from .._util.tls import trusted_certificates
from ..errors import TransportError
from .network import AsyncioBackend
from .proxied import make_proxied_pool

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ("make_http_client",)

_NO_CERTIFICATES: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""What httpx is given where nothing is encrypted: it would load certificates by itself."""
_CONNECTIONS: Final = 100
_KEPT: Final = 20
_USUAL: Final = {"content", "headers", "timeout"}
_KEPT_ALIVE: Final = 4.0
"""Seconds: Node's servers close a connection that has been idle for 5, and a request may be on its way by then."""


def make_http_client() -> httpx.AsyncClient:
    """A client that asks the environment, for each address, how to get there. It opens nothing by itself."""
    return _Client()


class _Client(httpx.AsyncClient):
    """httpx's client, which makes and sends a request without authentication by the shortest way.

    Addresses are read once. Cookies, redirects, and the log of requests are not httpx's to care for here. So a request
    takes a fourth less of processor time.
    """

    def __init__(self) -> None:
        self._routed: Final = _Routed()
        super().__init__(transport=self._routed)
        self._defaults: Final = self.headers.raw

    def build_request(self, method: str, url: Any, **options: Any) -> httpx.Request:
        """A request, which is sent as it is."""
        parsed = _read_url(url) if isinstance(url, str) else url
        if not options.keys() <= _USUAL or parsed.is_relative_url:
            return super().build_request(method, url, **options)
        headers = httpx.Headers(options.get("headers")).raw
        given = {name.lower() for name, _ in headers}
        return httpx.Request(
            method,
            parsed,
            headers=[*(each for each in self._defaults if each[0].lower() not in given), *headers],
            content=options.get("content"),
            extensions={"timeout": httpx.Timeout(options.get("timeout", self.timeout)).as_dict()},
        )

    async def send(
        self, request: httpx.Request, *, stream: bool = False, auth: Any = None, **options: Any
    ) -> httpx.Response:
        """Send a request."""
        if not stream or auth is not None or request.url.userinfo or self.is_closed:
            return await super().send(request, stream=stream, auth=auth, **options)
        response = await self._routed.handle_async_request(request)
        response.request = request
        return response


@lru_cache(maxsize=16)
def _read_url(url: str) -> httpx.URL:
    return httpx.URL(url)


class _Routed(httpx.AsyncBaseTransport):
    """A transport for each proxy, and one without."""

    def __init__(self) -> None:
        self._by_origin: Final[dict[tuple[bytes, bytes, int | None], httpx.AsyncBaseTransport]] = {}
        self._by_way: Final[dict[tuple[Proxy | None, bool], httpx.AsyncBaseTransport]] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request on its way.

        Raises:
            TransportError: What the environment says cannot be used.
        """
        url = request.url
        origin = (url.raw_scheme, url.raw_host, url.port)
        transport = self._by_origin.get(origin)
        if transport is None:
            proxy = proxy_for(str(url))
            secure = url.scheme == "https" or (proxy is not None and proxy.url.startswith("https:"))
            transport = self._by_origin[origin] = self._by_way_of(proxy, secure=secure)
        return await transport.handle_async_request(request)

    async def aclose(self) -> None:
        """Close the connections."""
        for transport in self._by_way.values():
            await transport.aclose()

    def _by_way_of(self, proxy: Proxy | None, *, secure: bool) -> httpx.AsyncBaseTransport:
        way = (proxy, secure)
        if way not in self._by_way:
            # To load certificates takes longer than all the rest, and may fail: not where nothing is verified.
            trust = trusted_certificates() if secure else _NO_CERTIFICATES
            self._by_way[way] = _make_transport(proxy, trust)
        return self._by_way[way]


def _make_transport(proxy: Proxy | None, trust: ssl.SSLContext) -> httpx.AsyncBaseTransport:
    limits: dict[str, Any] = {
        "max_connections": _CONNECTIONS,
        "max_keepalive_connections": _KEPT,
        "keepalive_expiry": _KEPT_ALIVE,
    }
    if proxy is None:
        return _Pooled(httpcore.AsyncConnectionPool(ssl_context=trust, network_backend=AsyncioBackend(), **limits))
    try:
        return _Pooled(make_proxied_pool(httpx.Proxy(proxy.url), trust, **limits))
    except (ImportError, ValueError, httpx.InvalidURL) as error:  # no package for SOCKS, say
        raise TransportError(f"{proxy}: {error}", fatal=True, unsent=True) from error


class _Pooled(httpx.AsyncBaseTransport):
    """One of httpcore's pools of connections, which httpx's own transport has too.

    Args:
        pool: The pool.
    """

    def __init__(self, pool: httpcore.AsyncConnectionPool) -> None:
        self._pool: Final = pool

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request.

        Raises:
            httpx.TransportError: There is no answer.
        """
        url = request.url
        sent = httpcore.Request(
            request.method,
            httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        try:
            answer = await self._pool.handle_async_request(sent)
        except _ERRORS as error:
            raise _httpx_error(error) from error
        return httpx.Response(
            answer.status, headers=answer.headers, stream=_Stream(answer), extensions=answer.extensions
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._pool.aclose()


class _Stream(httpx.AsyncByteStream):
    """The body of an answer, which is still to be read.

    Args:
        answer: The answer.
    """

    def __init__(self, answer: httpcore.Response) -> None:
        self._answer: Final = answer
        stream: Any = answer.stream
        self._pieces: Final = aiter(stream)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        try:
            piece: bytes = await anext(self._pieces)
        except _ERRORS as error:
            raise _httpx_error(error) from error
        return piece

    async def aclose(self) -> None:
        # Otherwise a generator that was not read to its end would be closed by a task of its own, some time later.
        await self._pieces.aclose()
        await self._answer.aclose()


_ERRORS: Final = (
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.TimeoutException,
    httpcore.UnsupportedProtocol,
)


def _httpx_error(error: Exception) -> Exception:
    """The error of httpx, which has one of the same name for each of these."""
    made: Exception = getattr(httpx, type(error).__name__)(str(error))
    return made
