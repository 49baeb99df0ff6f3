"""A WebSocket of the library `picows` that is open: what comes in, what goes out, and how it ends.

Opens nothing, and knows nothing of Bayeux messages. The library parses frames and calls its listener for each; the
messages that came with one read of the network are gathered here and handed over together.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSProtocolError, WSTransport

from pybayeux.errors import TransportError

from .keep_alive import KeepAlive

if TYPE_CHECKING:
    from collections.abc import Callable

    from picows.picows import WSCloseHandshake, WSCloseInfo

    from pybayeux import SocketReceiver

__all__ = ("WebSocket",)

_TEXT: Final = WSMsgType.TEXT
_BINARY: Final = WSMsgType.BINARY
_CONTINUATION: Final = WSMsgType.CONTINUATION
_PING: Final = WSMsgType.PING
_PONG: Final = WSMsgType.PONG
_CLOSE: Final = WSMsgType.CLOSE
_UNANSWERED: Final = 1011
"""The code with which `websockets` closes after a ping without an answer, too."""
_NO_CODE: Final = 1005
"""A close frame without a code (RFC 6455, section 7.4.1)."""
_CLOSE_TIMEOUT: Final = 1.0


class WebSocket(WSListener):
    """One connection: the library's listener, and a `Socket` of the client's.

    Messages that come before `start` wait here. No more is read meanwhile, so they are those of one read.

    Args:
        redact: Takes secrets out of a text.
        max_message_size: Bytes that one message may have, or None. The library applies it to each frame by itself.
        ping_interval: Seconds between pings, or None for no pings.
        ping_timeout: Seconds that the answer to a ping may take.
    """

    def __init__(
        self,
        redact: Callable[[str], str],
        max_message_size: int | None,
        ping_interval: float | None,
        ping_timeout: float,
    ) -> None:
        self._redact: Final = redact
        self._max_message_size: Final = max_message_size
        self._keep_alive: Final = (
            None if ping_interval is None else KeepAlive(ping_interval, ping_timeout, self._ping, self._unanswered)
        )
        self._messages: list[bytes] = []
        self._fragments: bytearray | None = None
        self._receiver: SocketReceiver | None = None
        self._transport: WSTransport
        self._writable: asyncio.Event | None = None  # while the network takes no more
        self._violated = False
        self._ending = False
        self._over = False

    # -- called by the library

    def on_ws_connected(self, transport: WSTransport) -> None:
        """The upgrade is over."""
        self._transport = transport
        if self._keep_alive is not None:
            self._keep_alive.start()

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """One frame. Pings and pongs come here too: the last of a read may be one."""
        kind = frame.msg_type
        if self._ending or (transport.is_close_frame_sent and kind is not _CLOSE and self._is_behind_end(frame)):
            return
        try:
            if frame.rsv1 or frame.rsv2 or frame.rsv3:
                raise WSProtocolError(WSCloseCode.PROTOCOL_ERROR, "reserved bits must be 0")
            if (kind is _TEXT or kind is _BINARY) and frame.fin and self._fragments is None:
                self._messages.append(frame.get_payload_as_bytes())
            elif kind is _TEXT or kind is _BINARY or kind is _CONTINUATION:
                self._add_fragment(kind, frame)
            else:
                self._control(kind, frame)
        except WSProtocolError:
            self._ending = True
            raise  # the library closes the connection with its code and text
        finally:
            if self._messages and (frame.last_in_buffer or self._ending):
                self._hand_over()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """The end, for whatever reason."""
        self._ending = self._over = True
        self.resume_writing()
        if self._keep_alive is not None:
            self._keep_alive.stop()
        if self._receiver is not None:
            self._tell_end(self._receiver)

    def pause_writing(self) -> None:
        """The server, or the network, takes no more for now."""
        self._writable = self._writable or asyncio.Event()

    def resume_writing(self) -> None:
        """It takes more again."""
        if self._writable is not None:
            self._writable.set()
            self._writable = None

    # -- the client's side

    @property
    def is_open(self) -> bool:
        """Whether frames can be sent."""
        return not self._ending and not self._transport.is_close_frame_sent

    @property
    def subprotocol(self) -> str | None:
        """The subprotocol that was agreed on."""
        return self._transport.response.headers.get("Sec-WebSocket-Protocol")

    def start(self, receiver: SocketReceiver) -> None:
        """Call this receiver from now on."""
        self._receiver = receiver
        if self._over:
            self._tell_end(receiver)
        elif self._messages:
            self._hand_over()
            self.resume_reading()

    async def send(self, frame: bytes) -> None:
        """Send a text frame, and wait while more is under way than the system takes.

        Raises:
            TransportError: The socket is no longer open.
        """
        if not self.is_open:
            raise self._error()
        self._transport.send(_TEXT, frame)
        if self._writable is not None:
            await self._writable.wait()
            if self._over:
                raise self._error()

    def pause_reading(self) -> None:
        """Read no more from the network."""
        self._transport.underlying_transport.pause_reading()

    def resume_reading(self) -> None:
        """Read again."""
        self._transport.underlying_transport.resume_reading()

    async def close(self, code: int) -> None:
        """Send a close frame and wait for the server's, for a second at most."""
        try:
            if not self._over:
                self._transport.send_close(WSCloseCode(code))
                async with asyncio.timeout(_CLOSE_TIMEOUT):
                    await self._disconnected()
        except TimeoutError:
            pass
        finally:
            await self.abort()

    async def abort(self) -> None:
        """Release the connection without a close frame."""
        self._transport.disconnect(graceful=False)
        await self._disconnected()

    async def _disconnected(self) -> None:
        with suppress(WSProtocolError):  # `_error` tells of it
            await self._transport.wait_disconnected()

    # -- in

    def _is_behind_end(self, frame: WSFrame) -> bool:
        """Whether a frame is not to be received any more, though the library has parsed it.

        It looks at the next frame before it calls with one. So where it finds a violation of the protocol, and sends a
        close frame, the frame before is still to come. Then it parses on, and calls even with one that is too large.
        """
        limit = self._max_message_size
        behind = self._violated or (limit is not None and frame.payload_size > limit)
        self._violated = True
        return behind

    def _add_fragment(self, kind: WSMsgType, frame: WSFrame) -> None:
        if (kind is _CONTINUATION) is (self._fragments is None):
            raise WSProtocolError(WSCloseCode.PROTOCOL_ERROR, f"unexpected frame of kind {kind.name}")
        fragments = self._fragments = bytearray() if self._fragments is None else self._fragments
        limit = self._max_message_size
        if limit is not None and len(fragments) + frame.payload_size > limit:
            raise WSProtocolError(WSCloseCode.MESSAGE_TOO_BIG, "too many fragments")
        fragments += frame.get_payload_as_memoryview()
        if frame.fin:
            self._messages.append(bytes(fragments))
            self._fragments = None

    def _control(self, kind: WSMsgType, frame: WSFrame) -> None:
        if kind is _PING:
            self._transport.send_pong(frame.get_payload_as_bytes())
        elif kind is _PONG:
            if self._keep_alive is not None:
                self._keep_alive.answered()
        else:
            self._ending = True
            code = frame.get_close_code()
            # Ignored where ours is under way. The library would send the lack of a code as one.
            self._transport.send_close(WSCloseCode.OK if code is WSCloseCode.NO_INFO else code)
            self._transport.disconnect()

    def _hand_over(self) -> None:
        if self._receiver is None:
            self.pause_reading()
        else:
            messages, self._messages = self._messages, []
            self._receiver.frames_received(messages)

    # -- pings

    def _ping(self) -> None:
        self._transport.send_ping()

    def _unanswered(self) -> None:
        self._transport.send_close(WSCloseCode(_UNANSWERED), b"keepalive ping timeout")
        self._transport.disconnect(graceful=False)

    # -- the end

    def _tell_end(self, receiver: SocketReceiver) -> None:
        if self._messages:
            self._hand_over()
        receiver.closed(self._error())

    def _error(self) -> TransportError:
        """What has ended the socket, or is about to."""
        ends: WSCloseHandshake | None = self._transport.close_handshake
        if ends is None:
            return TransportError("the WebSocket broke: no close frame")
        if ends.recv is not None and (ends.recv_then_sent or ends.sent is None):
            return TransportError(f"the server closed the WebSocket: {self._text(ends.recv)}")
        assert ends.sent is not None
        if ends.sent.code is WSCloseCode.MESSAGE_TOO_BIG:
            return TransportError(f"a message came of more than max_message_size={self._max_message_size} bytes (1009)")
        return TransportError(f"the WebSocket was closed: {self._text(ends.sent)}")

    def _text(self, end: WSCloseInfo) -> str:
        return self._redact(f"{end.code.value or _NO_CODE} {end.reason}".rstrip())
