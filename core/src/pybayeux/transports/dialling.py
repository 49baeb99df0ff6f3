"""WebSockets of the library `websockets`: how one is opened, what its errors mean, and how it calls its receiver.

Knows nothing of Bayeux messages, cookies and authentication.

The library queues messages for a task that awaits them, which costs a turn of the event loop and two task switches for
each message. Here its connection hands over what one read of the network brought, from the callback of that read, and
whole text messages do not pass the library's parser. The two methods that do it, `data_received` of asyncio's protocol
and `process_event` of the library's connection, call what they override for everything else, so that the handshake,
fragments, compression, pings, pongs and the close handshake stay the library's.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Final, cast

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
from websockets.frames import DATA_OPCODES, CloseCode, Frame
from websockets.protocol import State
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from .._util.environment import Proxy, proxy_for
from ..errors import TransportError
from .base import UpgradeAnswer
from .connecting import connect_socket
from .frames import FrameSplitter
from .unreachable import describe, unreachable

if TYPE_CHECKING:
    from collections.abc import Callable

    from websockets.protocol import Event

    from .._util.redact import Redactor
    from .base import SocketReceiver, UpgradeCall

__all__ = ("Dialler", "LibrarySocket", "upgrade_failure")

_CLOSE_TIMEOUT: Final = 1.0
_READ: Final = 2**16
"""Bytes that are read at a time, where the transport has asyncio's own attribute for it, which is not documented.
asyncio reads four times as many: their events leave the processor's cache before they are handled, and cost a fifth
more."""


class Dialler:
    """Opens WebSockets with the library.

    Args:
        redact: Takes secrets out of a text.
    """

    def __init__(self, redact: Redactor) -> None:
        self._redact: Final = redact

    async def __call__(self, call: UpgradeCall) -> UpgradeAnswer:
        """Connect and upgrade.

        Raises:
            TransportError: No connection, or no answer.
        """
        made: list[_Connection] = []
        proxy = proxy_for(call.url)
        try:
            await _connect(call, proxy, made)
        except (OSError, ValueError, TypeError, ImportError, WebSocketException) as error:
            return self._failed(error, call, proxy, made[0] if made else None)
        return _answer(made[0], socket=LibrarySocket(made[0], self._redact, call.max_message_size))

    def _failed(
        self, error: Exception, call: UpgradeCall, proxy: Proxy | None, connection: _Connection | None
    ) -> UpgradeAnswer:
        """The answer that came in spite of an error, if one did: a refusal, or one that is wrong."""
        connected = connection is not None and hasattr(connection, "transport")
        failure = upgrade_failure(error, self._redact, waited=call.open_timeout if connected else None, proxy=proxy)
        failure.__cause__ = error
        if connection is None or connection.response is None:
            raise failure
        return _answer(connection, failure=None if isinstance(error, InvalidStatus) else failure)


class _Connection(ClientConnection):
    """The library's connection, which hands over messages instead of queueing them.

    Messages that come before `start` wait here. No more is read meanwhile, so they are those of one read, the one that
    brought the answer to the upgrade.
    """

    def __init__(self, max_message_size: int | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._max_message_size: Final = max_message_size
        self._messages: list[bytes] = []
        self._fragments: bytearray | None = None
        self._frames: FrameSplitter | None = None
        self._lost_by: Exception | None = None
        self._hand_over: Callable[[list[bytes]], None] | None = None
        self._tell_closed: Callable[[ConnectionClosed], None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is open."""
        super().connection_made(transport)
        if hasattr(transport, "max_size"):  # not over TLS, nor with uvloop
            transport.max_size = _READ

    def start(self, hand_over: Callable[[list[bytes]], None], tell_closed: Callable[[ConnectionClosed], None]) -> None:
        """Call these from now on."""
        self._hand_over, self._tell_closed = hand_over, tell_closed
        if self._messages:
            messages, self._messages = self._messages, []
            hand_over(messages)
            self.transport.resume_reading()
        if self.state is State.CLOSED:
            tell_closed(self._end())

    def data_received(self, data: bytes) -> None:
        """One read of the network: its messages are handed over together."""
        if self._frames is None:
            super().data_received(data)
            # What came behind the answer to the upgrade may end within a frame, whose beginning the library has then.
            if self.state is State.OPEN and not self.protocol.reader.buffer:
                self._frames = FrameSplitter(self._max_message_size)
        else:
            self._frames.feed(data)
            self._read(self._frames)
        if not self._messages:
            return
        if self._hand_over is None:
            self.transport.pause_reading()
        else:
            messages, self._messages = self._messages, []
            self._hand_over(messages)

    def _read(self, frames: FrameSplitter) -> None:
        """Take the whole text messages, and have the library read each frame between them.

        What comes behind a close frame or a violation of the protocol is not received.
        """
        while self.state is State.OPEN:
            if self._fragments is None and not frames.take_texts(self._messages):
                return
            if not (frame := frames.take_frame()):
                return
            super().data_received(frame)
        super().data_received(frames.take_all())  # the library knows what a closing connection may still read

    async def send_text(self, frame: bytes) -> None:
        """Send a text frame.

        The library's own `send` is left what is seldom; half of what it does for each frame is for that.

        Raises:
            ConnectionClosed: The connection is not open.
        """
        if self.state is not State.OPEN or self.transport.is_closing():
            await self.send(frame, text=True)
            return
        self.protocol.send_text(frame)
        self.send_data()
        if self.transport.get_write_buffer_size():
            await self.drain()

    def process_event(self, event: Event) -> None:
        """One frame, or the answer to the upgrade."""
        if not isinstance(event, Frame) or event.opcode not in DATA_OPCODES:
            super().process_event(event)
        elif event.fin and self._fragments is None:
            self._messages.append(bytes(event.data))
        else:
            self._add_fragment(event)

    def _add_fragment(self, frame: Frame) -> None:
        # The library limits the sum of the fragments to `max_size` before they come here.
        if self._fragments is None:
            self._fragments = bytearray()
        self._fragments += frame.data
        if frame.fin:
            self._messages.append(bytes(self._fragments))
            self._fragments = None

    def connection_lost(self, exc: Exception | None) -> None:
        """The end, for whatever reason."""
        super().connection_lost(exc)
        self._lost_by = exc
        if self._tell_closed is not None:
            self._tell_closed(self._end())

    def _end(self) -> ConnectionClosed:
        end = self.protocol.close_exc
        end.__cause__ = self._lost_by
        return end


class LibrarySocket:
    """One of the library's connections, as `Socket` has it.

    Args:
        connection: The connection. From now on it is this object's.
        redact: Takes secrets out of a text.
        max_message_size: The limit of the connection, for the text of an error.
    """

    def __init__(self, connection: _Connection, redact: Redactor, max_message_size: int | None) -> None:
        self._connection: Final = connection
        self._redact: Final = redact
        self._max_message_size: Final = max_message_size

    @property
    def is_open(self) -> bool:
        """Whether frames can be sent."""
        return self._connection.state is State.OPEN

    @property
    def subprotocol(self) -> str | None:
        """The subprotocol that was agreed on."""
        return self._connection.subprotocol

    def start(self, receiver: SocketReceiver) -> None:
        """Call this receiver from now on."""
        self._connection.start(receiver.frames_received, lambda closed: receiver.closed(self._error_of(closed)))

    async def send(self, frame: bytes) -> None:
        """Send a text frame.

        Raises:
            TransportError: The socket is no longer open.
        """
        try:
            await self._connection.send_text(frame)
        except ConnectionClosed as closed:
            raise self._error_of(closed) from closed
        except OSError as error:  # it was reset while the frame waited to leave
            raise TransportError(f"the WebSocket broke: {describe(error, self._redact)}") from error

    def pause_reading(self) -> None:
        """Read no more from the network."""
        self._connection.transport.pause_reading()

    def resume_reading(self) -> None:
        """Read again."""
        self._connection.transport.resume_reading()

    async def close(self, code: int) -> None:
        """Send a close frame and wait for the server's, for a second at most; then release the connection."""
        try:
            # The library's limit does not hold while what was sent before does not leave.
            async with asyncio.timeout(2 * _CLOSE_TIMEOUT):
                await self._connection.close(code)
        except TimeoutError:
            await self.abort()

    async def abort(self) -> None:
        """Release the connection without a close frame."""
        self._connection.transport.abort()

    def _error_of(self, closed: ConnectionClosed) -> TransportError:
        by_us = closed.sent is not None and (closed.rcvd is None or not closed.rcvd_then_sent)
        if by_us and closed.sent is not None and closed.sent.code == CloseCode.MESSAGE_TOO_BIG:
            return TransportError(f"a message came of more than max_message_size={self._max_message_size} bytes (1009)")
        frame = closed.sent if by_us else closed.rcvd
        if frame is not None:
            why = f"{frame.code} {frame.reason}".rstrip()
            closer = "the WebSocket was closed" if by_us else "the server closed the WebSocket"
            return TransportError(f"{closer}: {self._redact(why)}")
        cause = self._redact(str(closed.__cause__ or "")) or "no close frame"
        return TransportError(f"the WebSocket broke: {cause}")


def upgrade_failure(
    error: Exception, redact: Redactor, *, waited: float | None = None, proxy: Proxy | None = None
) -> TransportError:
    """The failure of an upgrade that was not answered, or not with a valid answer.

    Args:
        error: What happened.
        redact: Takes secrets out of a text.
        waited: Seconds that the answer was waited for; None where there was not even a connection.
        proxy: What is between here and the server.
    """
    way = "" if proxy is None else f", through {proxy}"
    text = describe(error, redact, way)
    if isinstance(error, InvalidURI):
        return TransportError(text, unsent=True, fatal=True)
    if isinstance(error, TimeoutError) and waited is not None:
        return TransportError(f"no answer to the upgrade within {waited:g} s{way}", unsent=True, unavailable=True)
    if isinstance(error, InvalidProxy):  # whose text has the proxy's address, perhaps with a password
        return TransportError(f"the address of the proxy is wrong: {error.msg}{way}", unsent=True)
    if isinstance(error, InvalidProxyStatus):
        return TransportError(f"the proxy refuses: {text}", unsent=True, unavailable=True)
    if isinstance(error, InvalidHandshake) and not isinstance(error, ProxyError):
        return TransportError(f"no WebSocket upgrade: {text}", unsent=True, unavailable=True)
    if isinstance(error, ImportError):  # for a kind of proxy
        return TransportError(text, unsent=True, unavailable=True, fatal=True)
    return unreachable(error, redact, way)


def _answer(
    connection: _Connection, *, socket: LibrarySocket | None = None, failure: TransportError | None = None
) -> UpgradeAnswer:
    response = connection.response
    assert response is not None
    headers = list(response.headers.raw_items())
    return UpgradeAnswer(response.status_code, headers, bytes(response.body or b""), socket, failure)


async def _connect(call: UpgradeCall, proxy: Proxy | None, made: list[_Connection]) -> None:
    """Open a connection, and append it to `made` at once: it has the server's answer where the upgrade fails."""

    def create_connection(*args: Any, **kwargs: Any) -> _Connection:
        made.append(_Connection(call.max_message_size, *args, **kwargs))
        return made[-1]

    loop = asyncio.get_running_loop()
    deadline = loop.time() + call.open_timeout
    options: dict[str, Any] = {}
    if call.ssl is not None and call.url.startswith("wss:"):
        options["ssl"] = call.ssl
    if proxy is None:
        # The library would try one address after the other, and spend all of its time on one that does not answer.
        async with asyncio.timeout_at(deadline):
            address = parse_uri(call.url)
            options["sock"] = await connect_socket(address.host, address.port)
    try:
        await _upgrade(call, proxy, create_connection, deadline - loop.time(), options)
    except BaseException:
        if not made and "sock" in options:
            options["sock"].close()
        raise


async def _upgrade(
    call: UpgradeCall,
    proxy: Proxy | None,
    create_connection: Callable[..., _Connection],
    seconds: float,
    options: dict[str, Any],
) -> None:
    await _Connect(
        call.url,
        subprotocols=None if call.subprotocol is None else [Subprotocol(call.subprotocol)],
        compression="deflate" if call.compression else None,
        additional_headers=call.headers,
        proxy=None if proxy is None else proxy.url,
        open_timeout=seconds,
        ping_interval=call.ping_interval,
        ping_timeout=call.ping_timeout,
        close_timeout=_CLOSE_TIMEOUT,
        max_size=call.max_message_size,
        logger=_silent_logger(),
        create_connection=cast("Any", create_connection),  # a function will do, as the library's documentation says
        **options,
    )


class _Connect(connect):
    """The library's `connect`, without its redirects: it would carry messages and cookies to another server."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        """A redirect is a refusal."""
        return exc


def _silent_logger() -> logging.Logger:
    """A logger without handlers: the library logs headers and messages, and with them tokens and client ids."""
    logger = logging.Logger("pybayeux.websocket")
    logger.disabled = True
    return logger
