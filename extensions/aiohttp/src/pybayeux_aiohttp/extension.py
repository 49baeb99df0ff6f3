"""What is put into the place of what: the library below the transports, and nothing above it.

The transports of the core stay, with their options, and everything that makes them what they are: cookies, headers,
redirects, judgement of answers, order of frames. Only who speaks HTTP and WebSocket for them changes.
"""

from __future__ import annotations

from copy import copy
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from pybayeux import hookimpl

from .basic_auth import is_basic
from .dialling import Dialler
from .http_client import HttpClient

if TYPE_CHECKING:
    from collections.abc import Callable

    from pybayeux import Message

__all__ = ("Aiohttp",)

_WEBSOCKET: Final = "websocket"
_LONG_POLLING: Final = "long-polling"
_PROXIES: Final = ("http", "https", "all", "socks", "ws", "wss")


class Aiohttp:
    """Has the transports `long-polling` and `websocket` go over aiohttp.

    They go over their own libraries as before where the user gave an HTTP client, or the environment names a proxy for
    the server; long-polling also with an authentication that is more than user and password.
    """

    @hookimpl
    def register_transports(self, registry: Any) -> None:
        """Stand before the two transports, whoever registered them."""
        registry.wrap(_post_with_aiohttp, _LONG_POLLING)
        registry.wrap(_dial_with_aiohttp, _WEBSOCKET)


class _Transport(Protocol):
    async def exchange(self, messages: list[Message]) -> None: ...

    async def close(self) -> None: ...


class _Posting:
    """A transport and the HTTP client that was made for it.

    Args:
        transport: The transport.
        http: The HTTP client; it is closed with the transport.
    """

    connection_type: Final = _LONG_POLLING

    def __init__(self, transport: _Transport, http: HttpClient) -> None:
        self._transport: Final = transport
        self._http: Final = http
        self.exchange: Final = transport.exchange

    async def close(self) -> None:
        """Close both."""
        await self._transport.close()
        await self._http.aclose()


def _post_with_aiohttp(factory: Callable[..., _Transport]) -> Callable[..., _Transport]:
    @wraps(factory)  # whoever registers it again finds its options
    def make(context: Any, **options: Any) -> _Transport:
        if context.http is not None or not is_basic(context.auth) or _is_proxied(context.url):
            return factory(context, **options)
        ours = copy(context)
        ours.http = HttpClient(context.max_network_delay)
        return _Posting(factory(ours, **options), ours.http)

    return make


def _dial_with_aiohttp(factory: Callable[..., _Transport]) -> Callable[..., _Transport]:
    @wraps(factory)
    def make(context: Any, **options: Any) -> _Transport:
        if context.http is not None or context.dial is not None or _is_proxied(context.url):
            return factory(context, **options)
        ours = copy(context)
        ours.dial = Dialler(context.redact)
        return factory(ours, **options)

    return make


def _is_proxied(url: str) -> bool:
    """Whether the environment names a proxy for this server; the built-in libraries know more kinds of them."""
    proxies = getproxies()
    return any(proxies.get(kind) for kind in _PROXIES) and not proxy_bypass(urlsplit(url).netloc.rpartition("@")[2])
