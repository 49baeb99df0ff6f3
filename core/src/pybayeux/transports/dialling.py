"""WebSockets of the library `websockets`: how one is opened, and how it looks to the transport.

Owns what the library's errors mean. Knows nothing of messages, cookies and authentication.
"""

from __future__ import annotations

import logging
import ssl
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidProxy,
    InvalidProxyStatus,
    InvalidStatus,
    InvalidURI,
    ProxyError,
    WebSocketException,
)
from websockets.frames import CloseCode
from websockets.protocol import State
from websockets.typing import Subprotocol

from ..errors import TransportError

if TYPE_CHECKING:
    from .._util.redact import Redactor
    from .base import UpgradeCall

__all__ = ("Answer", "Dialler", "LibrarySocket", "upgrade_failure")

_CLOSE_TIMEOUT: Final = 1.0
_QUEUED_FRAMES: Final = 256


class Dialler:
    """Opens WebSockets with the library.

    Args:
        redact: Takes secrets out of a text.
    """

    def __init__(self, redact: Redactor) -> None:
        self._redact: Final = redact

    async def __call__(self, call: UpgradeCall) -> Answer:
        """Connect and upgrade.

        Raises:
            TransportError: No connection, or no answer.
        """
        made: list[ClientConnection] = []
        try:
            connection = await _connect(call, made)
        except (OSError, ValueError, ImportError, WebSocketException) as error:
            return self._judge(error, call, made[0] if made else None)
        return _answer(connection, socket=LibrarySocket(connection, self._redact, call.max_message_size))

    def _judge(self, error: Exception, call: UpgradeCall, connection: ClientConnection | None) -> Answer:
        """What a failure is: a refusal, or something that is not right."""
        connected = connection is not None and hasattr(connection, "transport")
        failure = upgrade_failure(error, self._redact, patience=call.open_timeout if connected else None)
        failure.__cause__ = error
        if connection is None or connection.response is None:
            raise failure
        return _answer(connection, failure=None if isinstance(error, InvalidStatus) else failure)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said to an upgrade; see `UpgradeAnswer`."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    socket: LibrarySocket | None
    failure: TransportError | None


class LibrarySocket:
    """One of the library's connections.

    Args:
        connection: It. From now on it is this object's.
        redact: Takes secrets out of a text.
        max_message_size: What the connection allows, for the text of an error.
    """

    def __init__(self, connection: ClientConnection, redact: Redactor, max_message_size: int | None) -> None:
        self._connection: Final = connection
        self._redact: Final = redact
        self._max_message_size: Final = max_message_size

    @property
    def is_open(self) -> bool:
        """Whether frames can be sent."""
        return self._connection.state is State.OPEN

    @property
    def subprotocol(self) -> str | None:
        """What was agreed on."""
        return self._connection.subprotocol

    async def send(self, frame: bytes) -> None:
        """Send a text frame.

        Raises:
            TransportError: The socket is no longer open.
        """
        try:
            await self._connection.send(frame, text=True)
        except ConnectionClosed as closed:
            raise self._broken_by(closed) from closed

    async def receive(self) -> bytes:
        """The next message.

        Raises:
            TransportError: Nothing comes any more.
        """
        try:
            return await self._connection.recv(decode=False)
        except ConnectionClosed as closed:
            raise self._broken_by(closed) from closed

    async def close(self, code: int) -> None:
        """Say farewell."""
        await self._connection.close(code)

    async def abort(self) -> None:
        """Let go of the connection without a word."""
        self._connection.transport.abort()

    def _broken_by(self, closed: ConnectionClosed) -> TransportError:
        by_us = closed.sent is not None and (closed.rcvd is None or not closed.rcvd_then_sent)
        if by_us and closed.sent is not None and closed.sent.code == CloseCode.MESSAGE_TOO_BIG:
            return TransportError(f"a message came of more than max_message_size={self._max_message_size} bytes (1009)")
        frame = closed.sent if by_us else closed.rcvd
        if frame is not None:
            why = f"{frame.code} {frame.reason}".rstrip()
            whose = "the WebSocket was closed" if by_us else "the server closed the WebSocket"
            return TransportError(f"{whose}: {self._redact(why)}")
        cause = self._redact(str(closed.__cause__ or "")) or "no close frame"
        return TransportError(f"the WebSocket broke: {cause}")


def upgrade_failure(error: Exception, redact: Redactor, *, patience: float | None = None) -> TransportError:
    """The failure of an upgrade that was not answered, or not with a valid answer.

    Args:
        error: What happened.
        redact: Takes secrets out of a text.
        patience: How long the answer was waited for; None where there was not even a connection.
    """
    text = f"{type(error).__name__}: {redact(str(error)) or 'no reason given'}"
    if isinstance(error, InvalidURI | ValueError | ssl.SSLCertVerificationError):
        return TransportError(text, unsent=True, fatal=True)
    if isinstance(error, TimeoutError) and patience is not None:
        return TransportError(f"no answer to the upgrade within {patience:g} s", unsent=True, unavailable=True)
    if isinstance(error, InvalidProxy):  # whose text has the proxy's address, perhaps with a password
        return TransportError(f"the address of the proxy is wrong: {error.msg}", unsent=True)
    if isinstance(error, InvalidProxyStatus):
        return TransportError(f"the proxy refuses: {text}", unsent=True, unavailable=True)
    if isinstance(error, InvalidHandshake) and not isinstance(error, ProxyError):
        return TransportError(f"no WebSocket upgrade: {text}", unsent=True, unavailable=True)
    return TransportError(text, unsent=True, unavailable=isinstance(error, ImportError))  # of a kind of proxy


def _answer(
    connection: ClientConnection, *, socket: LibrarySocket | None = None, failure: TransportError | None = None
) -> Answer:
    response = connection.response
    assert response is not None
    headers = list(response.headers.raw_items())
    return Answer(response.status_code, headers, bytes(response.body or b""), socket, failure)


async def _connect(call: UpgradeCall, made: list[ClientConnection]) -> ClientConnection:
    secure = {"ssl": call.ssl} if call.ssl is not None and call.url.startswith("wss:") else {}
    return await _Connect(
        call.url,
        subprotocols=None if call.subprotocol is None else [Subprotocol(call.subprotocol)],
        compression="deflate" if call.compression else None,
        additional_headers=call.headers,
        proxy=None if _is_here(call.url) else True,
        open_timeout=call.open_timeout,
        ping_interval=call.ping_interval,
        ping_timeout=call.ping_timeout,
        close_timeout=_CLOSE_TIMEOUT,
        max_size=call.max_message_size,
        max_queue=_QUEUED_FRAMES,
        logger=_silent_logger(),
        create_connection=_remembering(made),
        **secure,
    )


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


def _is_here(url: str) -> bool:
    """Whether the server is on this machine, where no proxy is between."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
