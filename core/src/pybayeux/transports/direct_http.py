"""The HTTP client that is used where the user gave none: httpx's, with our rule for proxies and certificates."""

from __future__ import annotations

import ssl
from typing import Final

import httpx

from .._util.environment import Proxy, check_tls_files, proxy_for
from ..errors import TransportError

__all__ = ("make_http_client",)


def make_http_client() -> httpx.AsyncClient:
    """A client that asks the environment, for each address, how to get there. It opens nothing by itself."""
    return httpx.AsyncClient(transport=_Routed())


class _Routed(httpx.AsyncBaseTransport):
    """httpx's own transport, one for each proxy and one without."""

    def __init__(self) -> None:
        self._by_origin: Final[dict[tuple[bytes, bytes, int | None], httpx.AsyncHTTPTransport]] = {}
        self._by_way: Final[dict[tuple[Proxy | None, bool], httpx.AsyncHTTPTransport]] = {}
        self._trust: ssl.SSLContext | None = None

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

    def _by_way_of(self, proxy: Proxy | None, *, secure: bool) -> httpx.AsyncHTTPTransport:
        way = (proxy, secure)
        if way not in self._by_way:
            # To load certificates takes longer than all the rest, and may fail: not where nothing is verified.
            trust = self._trusted() if secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            try:
                self._by_way[way] = httpx.AsyncHTTPTransport(
                    verify=trust, proxy=None if proxy is None else httpx.Proxy(proxy.url)
                )
            except (ImportError, ValueError, httpx.InvalidURL) as error:  # no package for SOCKS, say
                raise TransportError(f"{proxy}: {error}", fatal=True, unsent=True) from error
        return self._by_way[way]

    def _trusted(self) -> ssl.SSLContext:
        if self._trust is None:
            check_tls_files()
            try:
                self._trust = httpx.create_ssl_context()
            except OSError as error:
                why = "the certificates of SSL_CERT_FILE or SSL_CERT_DIR cannot be loaded"
                raise TransportError(f"{why}: {error}", fatal=True, unsent=True) from error
        return self._trust
