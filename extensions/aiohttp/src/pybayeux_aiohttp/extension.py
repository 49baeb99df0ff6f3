"""The library below the transport `long-polling`: aiohttp instead of httpx.

The transport itself stays the core's, with its options, cookies, headers, redirects and failures.

WebSockets stay with the core. aiohttp offers their messages to a task that awaits them, and no callback: at an ordinary
rate the turn of the event loop and the task switch that this costs outweigh its faster parser. In the core whole text
frames pass no library's parser, and another library whose parser is compiled was dearer in bulk.
"""

from __future__ import annotations

from copy import copy
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, Protocol

from pybayeux import hookimpl
from pybayeux.errors import TransportError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pybayeux import Message

    from .http_client import HttpClient

__all__ = ("Aiohttp",)

_LONG_POLLING: Final = "long-polling"


class Aiohttp:
    """Has the transport `long-polling` go over aiohttp.

    It goes over httpx as before where the user gave an HTTP client or an authentication that is more than user and
    password, or where the environment names a proxy for the server.
    """

    @hookimpl
    def register_transports(self, registry: Any) -> None:
        """Wrap the transport, whatever registered it."""
        registry.wrap(_post_with_aiohttp, _LONG_POLLING)


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
    @wraps(factory, updated=())  # its parameters are the options
    def make(context: Any, **options: Any) -> _Transport:
        from .basic_auth import is_basic  # with these aiohttp: slow to import, and not needed to show a help text
        from .http_client import HttpClient

        if context.http is not None or not is_basic(context.auth) or _is_proxied(context):
            return factory(context, **options)
        ours = copy(context)
        ours.http = HttpClient(context.max_network_delay / 2, context.trust)  # what has not left can be sent later
        return _Posting(factory(ours, **options), ours.http)

    return make


def _is_proxied(context: Any) -> bool:
    """Whether there is a proxy on the way, or is meant to be: httpx knows more kinds of them, and tells a bad one."""
    try:
        return context.proxy_for(context.url) is not None
    except TransportError:
        return True
