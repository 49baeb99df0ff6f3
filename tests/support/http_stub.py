"""A bare HTTP server whose every byte a test decides: what no framework lets one send.

Owns the reading of requests and the writing of answers, one at a time per connection. Knows nothing of Bayeux.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tests.support.local_server import LocalServer

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import Awaitable, Callable

__all__ = ("Answer", "Asked", "HttpStub")


@dataclass(frozen=True)
class Answer:
    """What is sent back.

    Attributes:
        body: The whole body, as announced by its length.
        status: The HTTP status.
        content_type: What the body claims to be.
        cut: How many bytes of the body are sent before the connection closes; None for all, and it stays open.
        headers: More headers.
    """

    body: bytes
    status: int = 200
    content_type: str = "application/json"
    cut: int | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def bytes(self) -> bytes:
        """The answer as it goes over the wire."""
        headers = {"Content-Type": self.content_type, "Content-Length": str(len(self.body)), **self.headers}
        lines = [f"HTTP/1.1 {self.status} Whatever", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join([*lines, "", ""]).encode() + self.body[: self.cut]


@dataclass(frozen=True)
class Asked:
    """A request: its headers with names in lower case, and its body."""

    headers: dict[str, str]
    body: bytes


class HttpStub(LocalServer):
    """Listens on a free port of this machine while its block runs.

    Args:
        answer: Awaited with each request.
    """

    def __init__(self, answer: Callable[[Asked], Awaitable[Answer]]) -> None:
        super().__init__()
        self._answer: Final = answer

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        try:
            while await self._exchange(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client has gone
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _exchange(self, reader: StreamReader, writer: StreamWriter) -> bool:
        """Whether the connection goes on after one request and its answer."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[1:-2]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head)}
        asked = Asked(headers, await reader.readexactly(int(headers.get("content-length", "0"))))
        answer = await self._answer(asked)
        writer.write(answer.bytes())
        await writer.drain()
        return answer.cut is None
