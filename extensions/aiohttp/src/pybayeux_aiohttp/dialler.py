"""WebSockets of the library `picows`: which it opens, how, and what its failures mean.

Knows nothing of Bayeux messages, cookies and authentication. What the library cannot do is left to the built-in one.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from aiohappyeyeballs import start_connection
from picows import WSHandshakeError, ws_connect
from picows.version import __version__ as picows_version

from pybayeux import UpgradeAnswer
from pybayeux.errors import TransportError

from .web_socket import WebSocket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from aiohappyeyeballs import AddrInfoType
    from multidict import MultiMapping
    from picows import WSParsedURL, WSUpgradeRequest, WSUpgradeResponse

    from pybayeux import TransportContext, UpgradeCall

__all__ = ("Dialler",)

_NEXT_ADDRESS: Final = 0.25
"""Seconds after which the next address of a host is tried beside the one before (RFC 8305)."""
_AGENT: Final = "User-Agent"


class Dialler:
    """Opens WebSockets with the library, for one transport.

    Args:
        context: What the client gave to the transport.
        left: Called with the reason where a call is left to the built-in library.
    """

    def __init__(self, context: TransportContext, left: Callable[[str], None]) -> None:
        self._context: Final = context
        self._left: Final = left

    async def __call__(self, call: UpgradeCall) -> UpgradeAnswer | None:
        """Connect and upgrade; None where the built-in library has to do it.

        Raises:
            OSError: There is no connection.
            ValueError: The host's name cannot be one.
            TransportError: There is no answer.
        """
        if (reason := self._beyond(call)) is not None:
            self._left(reason)
            return None
        attempt = _Attempt(call, self._context.redact)
        try:
            return await attempt.run()
        except WSHandshakeError as error:
            if (answer := _whole_refusal(error)) is None:
                self._left("the server's answer to the upgrade")
            return answer

    def _beyond(self, call: UpgradeCall) -> str | None:
        """What the library cannot do of a call, or None."""
        if call.compression:
            return "compression"
        if not _is_plain(call.url):
            return "the kind of address"
        if _octets(call.headers) is None:
            return "headers that are not UTF-8"
        if self._context.proxy_for(call.url) is not None:
            return "a proxy"
        return None


class _Attempt:
    """One connection that is being made; whatever ends the attempt, it leaves no socket.

    Args:
        call: What is asked for.
        redact: Takes secrets out of a text.
    """

    def __init__(self, call: UpgradeCall, redact: Callable[[str], str]) -> None:
        self._call: Final = call
        self._redact: Final = redact
        self._socket: socket.socket | None = None

    async def run(self) -> UpgradeAnswer:
        """Connect and upgrade.

        Raises:
            WSHandshakeError: The answer is no upgrade.
            OSError: There is no connection.
            TransportError: There is no answer.
        """
        call = self._call
        try:
            async with asyncio.timeout(call.open_timeout):
                transport, made = await ws_connect(
                    self._make,
                    call.url,
                    ssl_context=call.ssl,
                    websocket_handshake_timeout=None,
                    logger_name=_silent_logger(),
                    enable_auto_pong=False,
                    max_frame_size=call.max_message_size or sys.maxsize,
                    extra_headers=_headers(call),
                    max_redirects=0,
                    socket_factory=self._connect,
                )
        except BaseException as error:
            self._release()
            if isinstance(error, OSError) and not isinstance(error, TimeoutError):
                await self._close_broken()
            if isinstance(error, TimeoutError) and error.errno is None and self._socket is not None:
                text = f"no answer to the upgrade within {call.open_timeout:g} s"
                raise TransportError(text, unsent=True, unavailable=True) from error
            raise
        if not isinstance(made, WebSocket):  # the library has no error for it
            raise _no_upgrade("the connection was closed before an answer came")
        headers = _pairs(transport.response.headers)
        if "Sec-WebSocket-Extensions" in transport.response.headers:
            await made.abort()
            return UpgradeAnswer(
                101, headers, failure=_no_upgrade("the server uses an extension that it was not asked for")
            )
        return UpgradeAnswer(101, headers, socket=made)

    async def _connect(self, address: WSParsedURL) -> socket.socket:
        """A connection, which stays in reach for the case that the upgrade is given up."""
        addresses = await _resolve(address.host, int(address.port))
        self._socket = await start_connection(addresses, happy_eyeballs_delay=_NEXT_ADDRESS)
        return self._socket

    def _make(self, request: WSUpgradeRequest, response: WSUpgradeResponse) -> WebSocket:
        call = self._call
        return WebSocket(self._redact, call.max_message_size, call.ping_interval, call.ping_timeout)

    def _release(self) -> None:
        """End the connection, of which the library's transport then releases the socket."""
        if self._socket is not None:
            with suppress(OSError):  # it may have ended by itself
                self._socket.shutdown(socket.SHUT_RDWR)

    async def _close_broken(self) -> None:
        """Close a connection that broke, if it broke before the library had a transport, which would close it."""
        if self._socket is not None:
            await asyncio.sleep(0)
            await asyncio.sleep(0)  # by then a transport has done it
            self._socket.close()


async def _resolve(host: str, port: int) -> Sequence[AddrInfoType]:
    """The addresses of a host; without a thread, which the loop would use, where it is an address itself."""
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except socket.gaierror:
        return await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)


def _is_plain(url: str) -> bool:
    """Whether an address is one that the library reads as it is meant; the built-in one tells what is wrong."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    # The library drops what follows a semicolon (parameters of the path), and sends user and password as the host.
    special = not url.isascii() or ";" in parts.path or "@" in parts.netloc or "#" in url
    return parts.scheme in ("ws", "wss") and bool(parts.hostname) and port != 0 and not special


def _headers(call: UpgradeCall) -> list[tuple[str, str]]:
    headers = _octets(call.headers) or []
    if not any(name.lower() == _AGENT.lower() for name, _ in headers):
        headers.append((_AGENT, f"picows/{picows_version}"))
    if call.subprotocol is not None:
        headers.append(("Sec-WebSocket-Protocol", call.subprotocol))
    return headers


def _octets(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]] | None:
    """Headers for the library, which sends texts in UTF-8 and unchecked; None where it cannot send them."""
    try:
        texts = [(name, value.encode("latin-1").decode()) for name, value in headers]
    except UnicodeError:
        return None
    return texts if all(name.isascii() and _is_one_line(name + value) for name, value in texts) else None


def _is_one_line(text: str) -> bool:
    return not any(each in text for each in "\r\n\0")


def _pairs(headers: MultiMapping[str]) -> list[tuple[str, str]]:
    """Headers as they came, an octet a character; the library has those beyond ASCII as surrogates."""
    return [(name, value.encode("ascii", "surrogateescape").decode("latin-1")) for name, value in headers.items()]


def _whole_refusal(error: WSHandshakeError) -> UpgradeAnswer | None:
    """The refusal in an error, or None where it is another error, or where the body was still to come.

    The library reads no further than the packet that has the headers. So the built-in library asks again, which reads
    bodies to their ends, and takes more kinds of answers for an upgrade.
    """
    response: WSUpgradeResponse | None = error.response
    if response is None or response.status == 101:
        return None
    body = error.raw_body or b""
    if response.headers.get("Content-Length") != str(len(body)):
        return None
    return UpgradeAnswer(int(response.status), _pairs(response.headers), body)


def _no_upgrade(why: str) -> TransportError:
    return TransportError(f"no WebSocket upgrade: {why}", unsent=True, unavailable=True)


def _silent_logger() -> logging.LoggerAdapter[logging.Logger]:
    """A logger without handlers: the library logs addresses and frames.

    An adapter, because the library would give a logger a child, which is not disabled.
    """
    logger = logging.Logger("pybayeux.picows")
    logger.disabled = True
    return logging.LoggerAdapter(logger)
