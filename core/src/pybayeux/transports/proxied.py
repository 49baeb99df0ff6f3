"""Connections through a proxy: httpcore's, which are closed where they could not be made.

httpcore leaves a tunnel in its pool if the TLS handshake through it fails, or is given up (httpcore issue 1023). A
hundred of them fill the pool, and no request would leave any more.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

import httpcore

if TYPE_CHECKING:
    import ssl

    import httpx

__all__ = ("make_proxied_pool",)


def make_proxied_pool(proxy: httpx.Proxy, trust: ssl.SSLContext, **limits: Any) -> httpcore.AsyncConnectionPool:
    """Make a pool of connections through a proxy.

    Args:
        proxy: The proxy.
        trust: The certificates to trust.
        limits: How many connections there may be, and for how long.

    Raises:
        ImportError: A package for this kind of proxy is missing.
        ValueError: It is of no kind that can be used.
    """
    url = proxy.url
    address = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
    common = {"proxy_url": address, "proxy_auth": proxy.raw_auth, "ssl_context": trust, **limits}
    if url.scheme in ("http", "https"):
        return _HTTPProxy(proxy_headers=proxy.headers.raw, proxy_ssl_context=proxy.ssl_context, **common)
    if url.scheme not in ("socks5", "socks5h"):
        raise ValueError(f"expected a proxy of http, https, socks5 or socks5h; got {url.scheme}")
    if find_spec("socksio") is None:
        raise ImportError("SOCKS needs the package socksio: pip install 'httpx[socks]'")
    return _SOCKSProxy(**common)


class _HTTPProxy(httpcore.AsyncHTTPProxy):
    def create_connection(self, origin: httpcore.Origin) -> httpcore.AsyncConnectionInterface:
        return _Connection(super().create_connection(origin))


class _SOCKSProxy(httpcore.AsyncSOCKSProxy):
    def create_connection(self, origin: httpcore.Origin) -> httpcore.AsyncConnectionInterface:
        return _Connection(super().create_connection(origin))


class _Connection(httpcore.AsyncConnectionInterface):
    """A connection of httpcore's, which is closed if its first request fails: it may not have been made at all.

    Args:
        connection: The connection.
    """

    def __init__(self, connection: httpcore.AsyncConnectionInterface) -> None:
        self._connection: Final = connection
        self._is_made = False

    async def handle_async_request(self, request: httpcore.Request) -> httpcore.Response:
        """Send a request."""
        try:
            response = await self._connection.handle_async_request(request)
        except BaseException:
            if not self._is_made:
                await self._connection.aclose()
            raise
        self._is_made = True
        return response

    async def aclose(self) -> None:
        """Close the connection."""
        await self._connection.aclose()

    def info(self) -> str:
        """What the connection does, for logs."""
        return self._connection.info()

    def can_handle_request(self, origin: httpcore.Origin) -> bool:
        """Whether it leads to this server."""
        return self._connection.can_handle_request(origin)

    def is_available(self) -> bool:
        """Whether it can take a request."""
        return self._connection.is_available()

    def has_expired(self) -> bool:
        """Whether it was idle for too long, or was closed by the server."""
        return self._connection.has_expired()

    def is_idle(self) -> bool:
        """Whether it has no request."""
        return self._connection.is_idle()

    def is_closed(self) -> bool:
        """Whether it is closed."""
        return self._connection.is_closed()
