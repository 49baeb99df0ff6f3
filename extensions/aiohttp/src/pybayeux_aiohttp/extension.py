"""The libraries below the transports: aiohttp instead of httpx for `long-polling`, picows instead of websockets.

The transports themselves stay the core's, with their options, cookies, headers, redirects and failures.

aiohttp has WebSockets, too, but offers their messages to a task that awaits them, and no callback. At an ordinary rate
the turn of the event loop and the task switch that this costs outweigh its faster parser. picows calls back.
"""

from __future__ import annotations

import logging
from copy import copy
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, Final, Protocol

from pybayeux import hookimpl
from pybayeux.errors import TransportError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pybayeux import DiagnosisFindings, Message

    from .http_client import HttpClient

__all__ = ("Aiohttp",)

_LONG_POLLING: Final = "long-polling"
_WEBSOCKET: Final = "websocket"

_logger: Final = logging.getLogger("pybayeux.aiohttp")


class Aiohttp:
    """Has the transport `long-polling` go over aiohttp, and the transport `websocket` over picows.

    Long-polling goes over httpx as before where the user gave an HTTP client or an authentication that is more than
    user and password, or where the environment names a proxy for the server. A WebSocket goes over websockets as before
    where the user asked for compression, where there is a proxy, and where picows cannot read an answer to its end.
    """

    def __init__(self) -> None:
        self._left: Final[dict[str, None]] = {}

    @hookimpl
    def register_transports(self, registry: Any) -> None:
        """Wrap the transports, whatever registered them."""
        registry.wrap(_post_with_aiohttp, _LONG_POLLING)
        registry.wrap(partial(_dial_with_picows, self._leave), _WEBSOCKET)

    @hookimpl
    def diagnose(self, findings: DiagnosisFindings) -> None:
        """Say why a WebSocket was not one of picows."""
        for reason in self._left:
            findings.add_note(f"a WebSocket went over the library websockets instead of picows: {reason}")

    def _leave(self, reason: str) -> None:
        """Note why a WebSocket is left to the built-in library."""
        self._left[reason] = None
        _logger.debug("a WebSocket is left to the library websockets: %s", reason)


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


def _dial_with_picows(leave: Callable[[str], None], factory: Callable[..., _Transport]) -> Callable[..., _Transport]:
    @wraps(factory, updated=())
    def make(context: Any, **options: Any) -> _Transport:
        try:
            from .dialler import Dialler  # with it picows
        except ImportError as error:
            leave(f"it cannot be imported: {error}")
            return factory(context, **options)
        if context.dial is not None:
            return factory(context, **options)
        ours = copy(context)
        ours.dial = Dialler(ours, leave)
        return factory(ours, **options)

    return make


def _is_proxied(context: Any) -> bool:
    """Whether there is a proxy on the way, or is meant to be: httpx knows more kinds of them, and tells a bad one."""
    try:
        return context.proxy_for(context.url) is not None
    except TransportError:
        return True
