"""WebSocket: one socket for all exchanges, and for the events that come unasked.

Bayeux 1.0 does not define it, but allows more transports than its own (section 6); CometD and Faye agree on this one.
Owns when a socket is opened: at the first exchange, and at the next one after it broke. Does not know how: `upgrade`
opens a socket, `open_socket` is one that is open.
"""

from __future__ import annotations

import asyncio
from ssl import SSLContext
from typing import TYPE_CHECKING, Any, Final

from ..codec import encode
from ..errors import TransportError, UsageError
from .base import TransportContext, WebSocketOptions

if TYPE_CHECKING:
    from ..message import Message
    from .open_socket import OpenSocket

__all__ = ("WebSocket",)

_MAX_MESSAGE_SIZE: Final = 64 * 2**20
_MAX_FRAME_SIZE: Final = 2**15
_OPEN_TIMEOUT: Final = 5.0


class WebSocket:
    """The transport without polling: events come when they happen.

    Args:
        context: The client's side of the transport.
        subprotocol: To be agreed on with the server; one that does not is unusable.
        compression: Whether to offer permessage-deflate. Servers take any offer, and it costs both sides more
            processor time than the saved bytes are worth on most networks.
        max_message_size: Bytes that one message of the server may have, decompressed; None for no limit.
        max_frame_size: Bytes of a frame to send: a batch that is larger is sent as several, one behind the other.
            CometD closes the socket at more than 65536. A message that is larger by itself is left to the server.
        open_timeout: Seconds that connection and upgrade may take together; then another transport is tried. By
            default 5, or half of `max_network_delay` if that is less.
        ping_interval: Seconds between pings, for proxies that drop idle connections sooner than a connect is held. By
            default there are none, but with `heartbeat`: the deadline of the connect that is always under way detects
            a silent server.
        ssl: An `ssl.SSLContext` instead of the default one.

    Raises:
        UsageError: A size or a time is not positive, or `ssl` is none.
    """

    connection_type: Final = "websocket"

    def __init__(
        self,
        context: TransportContext,
        *,
        subprotocol: str | None = None,
        compression: bool = False,
        max_message_size: int | None = _MAX_MESSAGE_SIZE,
        max_frame_size: int = _MAX_FRAME_SIZE,
        open_timeout: float | None = None,
        ping_interval: float | None = None,
        ssl: Any = None,
    ) -> None:
        _check_positive(
            max_message_size=max_message_size,
            max_frame_size=max_frame_size,
            open_timeout=open_timeout,
            ping_interval=ping_interval,
        )
        if ssl is not None and not isinstance(ssl, SSLContext):
            got = type(ssl).__name__
            raise UsageError(f"transport 'websocket': option 'ssl': expected an ssl.SSLContext; got a {got}")
        self._max_frame_size: Final = max_frame_size
        self._context: Final = context
        self._options: Final = WebSocketOptions(
            subprotocol=subprotocol,
            compression=compression,
            max_message_size=max_message_size,
            open_timeout=open_timeout or min(_OPEN_TIMEOUT, context.max_network_delay / 2),
            ping_interval=ping_interval or context.heartbeat,
            ping_timeout=min(context.max_network_delay, context.heartbeat or context.max_network_delay),
            ssl=ssl,
        )
        self._sockets: list[OpenSocket] = []
        self._opening: Final = asyncio.Lock()
        self._failures = 0
        self._failure: TransportError | None = None
        self._closed = False

    async def exchange(self, messages: list[Message]) -> None:
        """Send these messages, as one frame if they fit, and return when each has its reply.

        An exchange that is cancelled after its messages were sent closes the socket, and fails all the other exchanges
        on it: what came late over a socket that went on could pass for the reply to a repeated request, or bring events
        that the server sends again.

        Raises:
            TransportError: No connection, an upgrade that was refused, or the socket broke.
            MessageDecodeError: A frame came that is not Bayeux; it may have been the reply.
        """
        if not messages:
            return  # CometD answers an empty array with an error
        frames = _frames(messages, self._max_frame_size)
        socket = self._usable() or await self._socket()
        await socket.exchange(messages, frames)

    def renew(self) -> None:
        """Open another socket for the next exchange; the present one is closed when its exchanges are over."""
        for socket in self._sockets:
            socket.retire()

    async def close(self) -> None:
        """Close the socket for good; exchanges under way fail."""
        self._closed = True
        sockets, self._sockets = self._sockets, []
        for socket in sockets:
            await socket.close()

    async def _socket(self) -> OpenSocket:
        """A new socket, or the one that another exchange has opened meanwhile.

        Exchanges that want one at the same time get the same, or the same failure: another attempt right behind one
        that has hung would only take their time.
        """
        failures = self._failures
        async with self._opening:
            if (socket := self._usable()) is not None:
                return socket
            if self._failure is not None and self._failures > failures:
                raise self._failure
            return await self._open()

    def _usable(self) -> OpenSocket | None:
        if self._closed:
            raise TransportError("the WebSocket transport is closed", unsent=True)
        return self._sockets[-1] if self._sockets and self._sockets[-1].is_open else None

    async def _open(self) -> OpenSocket:
        # `websockets` takes time to import, and many programs never need it.
        from .open_socket import OpenSocket
        from .upgrade import Upgrade

        try:
            connection = await Upgrade(self._context, self._options).open()
        except TransportError as error:
            self._failure, self._failures = error, self._failures + 1
            raise
        socket = OpenSocket(connection, self._context)
        self._sockets = [*(other for other in self._sockets if not other.is_over), socket]
        if self._closed:
            await self.close()
            self._usable()
        return socket


def _check_positive(**options: float | None) -> None:
    for name, value in options.items():
        if value is not None and value <= 0:
            raise UsageError(f"transport 'websocket': {name}={value} is not positive")


def _frames(messages: list[Message], limit: int) -> list[bytes]:
    """These messages as arrays of at most so many bytes each, in order; a larger message is alone in its own."""
    whole = encode(messages)
    if len(whole) <= limit or len(messages) == 1:
        return [whole]
    half = len(messages) // 2
    return [*_frames(messages[:half], limit), *_frames(messages[half:], limit)]
