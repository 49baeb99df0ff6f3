"""From an address to an open WebSocket: the upgrade, and what the server says to it (RFC 6455, section 4).

Owns headers, cookies and authentication of the upgrade. Knows nothing of messages.
"""

from __future__ import annotations

import logging
from contextlib import aclosing
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlsplit

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.typing import Subprotocol

from ..credentials import in_headers, in_url
from ..errors import TransportError
from .base import TransportRequest, TransportResponse
from .upgrade_failures import other_subprotocol, refused_upgrade, upgrade_failure

if TYPE_CHECKING:
    from collections.abc import Generator

    from websockets.http11 import Response

    from .base import TransportContext
    from .websocket import WebSocketOptions

__all__ = ("Upgrade",)

_TYPE: Final = "websocket"
_WEBSOCKET: Final = {"http": "ws", "https": "wss"}
_HTTP: Final = {"ws": "http", "wss": "https"}
_OWN: Final = frozenset({"host", "connection", "upgrade", "content-length", "transfer-encoding", "cookie"})
"""Headers that are set here or by the library, like all whose names begin as those of the WebSocket itself."""
_OWN_PREFIX: Final = "sec-websocket-"
_CLOSE_TIMEOUT: Final = 1.0
_QUEUED_FRAMES: Final = 256


class _Refusal(NamedTuple):
    """An answer that is no upgrade, and the error that it is unless the authentication has an answer to it."""

    response: httpx.Response
    error: TransportError


class Upgrade:
    """Opens one socket.

    The user's authentication works as with httpx, answers to challenges included. One that makes requests to other
    addresses, to fetch a token, say, cannot do so here; the hook `request` is for that.

    Args:
        context: What the client gave to the transport.
        options: What the user wants of the socket.
    """

    def __init__(self, context: TransportContext, options: WebSocketOptions) -> None:
        self._context: Final = context
        self._options: Final = options

    async def open(self) -> ClientConnection:
        """Connect and upgrade.

        Raises:
            TransportError: No connection, or no upgrade.
        """
        url, first = await self._first_request()
        async with aclosing(_as_auth(self._context.auth).async_auth_flow(first)) as flow:
            request = await anext(flow)
            while True:
                _check_target(request, first)
                answer = await self._ask(url, request.headers)
                if not isinstance(answer, _Refusal):
                    return answer
                answer.response.request = request
                try:
                    request = await flow.asend(answer.response)
                except StopAsyncIteration:
                    raise answer.error from answer.error.__cause__

    # -- out

    async def _first_request(self) -> tuple[str, httpx.Request]:
        """The address, and the upgrade as extensions let it go and httpx's authentication wants to see it."""
        asked = _with_scheme(self._context.url, _WEBSOCKET)
        request = TransportRequest(asked, httpx.Headers(self._context.headers), _TYPE)
        await self._context.on_request(request)
        url = _with_scheme(request.url, _WEBSOCKET)
        self._context.redact.remember(*in_url(url))
        try:
            return url, httpx.Request("GET", _with_scheme(url, _HTTP), headers=request.headers)
        except httpx.InvalidURL as error:
            raise upgrade_failure(error, self._context.redact) from error

    async def _ask(self, url: str, headers: httpx.Headers) -> ClientConnection | _Refusal:
        made: list[ClientConnection] = []
        try:
            connection = await self._connect(url, self._headers(url, headers), made)
        except (OSError, ValueError, ImportError, WebSocketException) as error:
            return await self._judge(error, url, made[0] if made else None)
        try:
            assert connection.response is not None
            await self._answered(url, connection.response)
            if connection.subprotocol != self._options.subprotocol:
                raise other_subprotocol(self._options.subprotocol)
        except BaseException:
            connection.transport.abort()
            raise
        return connection

    def _headers(self, url: str, headers: httpx.Headers) -> list[tuple[str, str]]:
        cookies = self._context.cookies.header(url, headers.get("Cookie"), anonymous=self._context.anonymous)
        sent = [(name, value) for name, value in headers.multi_items() if not _is_own(name)]
        sent += [] if cookies is None else [("Cookie", cookies)]
        self._context.redact.remember(*in_headers(httpx.Headers(sent)))
        return sent

    def _connect(self, url: str, headers: list[tuple[str, str]], made: list[ClientConnection]) -> _Connect:
        options = self._options
        secure = {"ssl": options.ssl} if options.ssl is not None and url.startswith("wss:") else {}
        return _Connect(
            url,
            subprotocols=None if options.subprotocol is None else [Subprotocol(options.subprotocol)],
            compression="deflate" if options.compression else None,
            additional_headers=headers,
            proxy=None if _is_here(url) else True,
            open_timeout=options.open_timeout,
            ping_interval=options.ping_interval,
            ping_timeout=options.ping_timeout,
            close_timeout=_CLOSE_TIMEOUT,
            max_size=options.max_message_size,
            max_queue=_QUEUED_FRAMES,
            logger=_silent_logger(),
            create_connection=_remembering(made),
            **secure,
        )

    # -- in

    async def _answered(self, url: str, response: Response) -> httpx.Response:
        """Take the cookies of an answer and show it to the extensions."""
        headers = list(response.headers.raw_items())
        self._context.cookies.take(url, headers)
        await self._context.on_response(TransportResponse(url, response.status_code, httpx.Headers(headers), _TYPE))
        # Without Content-Encoding: the library has asked for none, and the text is only for an error.
        plain = [(name, value) for name, value in headers if name.lower() not in ("content-encoding", "content-length")]
        return httpx.Response(response.status_code, headers=plain, content=bytes(response.body or b""))

    async def _judge(self, error: Exception, url: str, connection: ClientConnection | None) -> _Refusal:
        """What a failure is: a refusal that authentication may turn, or the error that is raised here."""
        answer = None if connection is None else connection.response
        response = None if answer is None else await self._answered(url, answer)
        redact = self._context.redact
        if response is not None and isinstance(error, InvalidStatus):
            refused = refused_upgrade(response, redact)
            refused.__cause__ = error
            return _Refusal(response, refused)
        connected = connection is not None and hasattr(connection, "transport")
        patience = self._options.open_timeout if connected else None
        raise upgrade_failure(error, redact, patience=patience) from error


class _Connect(connect):
    """The library's `connect`, without its redirects: it would carry messages and cookies to another server."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        """A redirect is a refusal."""
        return exc


def _remembering(made: list[ClientConnection]) -> Any:
    """What makes the connection, and keeps it also where the upgrade fails: it has the server's answer."""

    def make(*args: Any, **kwargs: Any) -> ClientConnection:
        made.append(ClientConnection(*args, **kwargs))
        return made[-1]

    return make


def _silent_logger() -> logging.Logger:
    """A logger of nobody's: the library logs headers and messages, and with them tokens and client ids."""
    logger = logging.Logger("pybayeux.websocket")
    logger.disabled = True
    return logger


class _CallableAuth(httpx.Auth):
    def __init__(self, change: Any) -> None:
        self._change = change

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        yield self._change(request)


def _as_auth(auth: Any) -> httpx.Auth:
    """Authentication in any form that httpx takes."""
    if auth is None:
        return httpx.Auth()
    if isinstance(auth, tuple | list):
        return httpx.BasicAuth(*auth)
    return auth if hasattr(auth, "async_auth_flow") else _CallableAuth(auth)


def _check_target(request: httpx.Request, first: httpx.Request) -> None:
    if request.url != first.url:
        raise TransportError(
            f"the authentication wants to ask {request.url.host} first, which a WebSocket cannot",
            unsent=True,
            unavailable=True,
        )


def _is_own(name: str) -> bool:
    return name.lower() in _OWN or name.lower().startswith(_OWN_PREFIX)


def _with_scheme(url: str, schemes: dict[str, str]) -> str:
    scheme, separator, rest = url.partition("://")
    return f"{schemes.get(scheme.lower(), scheme)}{separator}{rest}"


def _is_here(url: str) -> bool:
    """Whether the server is on this machine, where no proxy is between."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
