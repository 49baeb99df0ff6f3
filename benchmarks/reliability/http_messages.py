"""HTTP/1.1 messages as the proxy reads and writes them: whole, with their bodies in memory.

h11 parses what peers send. What is written is made by hand, since a fault has to be able to break every rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import h11

if TYPE_CHECKING:
    from asyncio import StreamReader

__all__ = ("HttpMessage", "read_request", "read_response")

_CHUNK: Final = 1 << 16
_FRAMING: Final = (b"content-length", b"transfer-encoding", b"connection", b"keep-alive")


@dataclass(frozen=True)
class HttpMessage:
    """A request or a response.

    Attributes:
        start: The first line.
        headers: The headers, with lower-case names; those of the framing are written anew.
        body: The content.
    """

    start: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes = b""

    def header(self, name: bytes) -> bytes | None:
        """The value of a header, or None."""
        return next((value for key, value in self.headers if key == name), None)

    def encode(self, length: int | None = None) -> bytes:
        """The bytes of the message; `length` is told in place of the body's true one."""
        framing = (b"content-length", b"%d" % (len(self.body) if length is None else length))
        return self._head(framing) + self.body

    def encode_upgrade(self) -> bytes:
        """The bytes of a message without a body that asks for, or grants, another protocol on the connection."""
        return self._head((b"connection", b"Upgrade"))

    def _head(self, framing: tuple[bytes, bytes]) -> bytes:
        headers = (*(header for header in self.headers if header[0] not in _FRAMING), framing)
        return b"\r\n".join([self.start, *(b"%s: %s" % header for header in headers)]) + b"\r\n\r\n"


async def read_request(reader: StreamReader, parser: h11.Connection) -> HttpMessage | None:
    """The next request of a connection, or None at its end."""
    head = await _next(reader, parser)
    if not isinstance(head, h11.Request):
        return None
    start = b"%s %s HTTP/1.1" % (head.method, head.target)
    return HttpMessage(start, tuple(head.headers), await _body(reader, parser))


async def read_response(reader: StreamReader, request: HttpMessage) -> HttpMessage:
    """The response to a request that was just sent.

    Raises:
        EOFError: The connection ended before it.
    """
    parser = h11.Connection(h11.CLIENT)
    method, target, _ = request.start.split(b" ", 2)
    parser.send(h11.Request(method=method, target=target, headers=list(request.headers)))
    head = await _next(reader, parser)
    if not isinstance(head, h11.Response | h11.InformationalResponse):
        raise EOFError
    start = b"HTTP/1.1 %d %s" % (head.status_code, head.reason)
    body = await _body(reader, parser) if isinstance(head, h11.Response) else b""
    return HttpMessage(start, tuple(head.headers), body)


async def _body(reader: StreamReader, parser: h11.Connection) -> bytes:
    parts = bytearray()
    while isinstance(event := await _next(reader, parser), h11.Data):
        parts += event.data
    if not isinstance(event, h11.EndOfMessage):
        raise EOFError
    return bytes(parts)


async def _next(reader: StreamReader, parser: h11.Connection) -> object:
    while (event := parser.next_event()) is h11.NEED_DATA:
        parser.receive_data(await reader.read(_CHUNK))
    return event
