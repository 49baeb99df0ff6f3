"""Connections for httpcore on asyncio's own transports.

Owns the bytes between the network and httpcore. Knows nothing of HTTP.

httpcore's own connections are anyio's. With them the headers and the body of a request are two writes, and each read
and write is a task's scope and a turn of the event loop more. Here headers and body leave together; a request takes a
fourth less of processor time.
"""

from __future__ import annotations

import asyncio
import select
import ssl
from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

import httpcore

from .connecting import connect_socket

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ("AsyncioBackend",)

_MOST_UNREAD: Final = 2**18
"""Bytes that wait here, beyond which no more is read from the network."""


class AsyncioBackend(httpcore.AsyncNetworkBackend):
    """Opens connections for a pool of httpcore's."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to a host.

        Raises:
            httpcore.ConnectTimeout: There was no connection in time.
            httpcore.ConnectError: There is none.
        """
        loop = asyncio.get_running_loop()
        deadline = None if timeout is None else loop.time() + timeout
        try:
            async with asyncio.timeout_at(deadline):
                connected = await connect_socket(host, port, local_address)
                _, stream = await loop.create_connection(partial(_Stream, deadline), sock=connected)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        for option in socket_options or ():
            stream.get_extra_info("socket").setsockopt(*option)
        return stream


class _Stream(asyncio.Protocol, httpcore.AsyncNetworkStream):
    """One connection. What is written leaves with the next read, for httpcore writes headers and body apart.

    Args:
        deadline: The time of the loop until which the connection has to be made, TLS included; None for no limit.
    """

    def __init__(self, deadline: float | None) -> None:
        self._deadline: Final = deadline
        self._transport: asyncio.Transport
        self._unsent: Final[list[bytes]] = []
        self._unread: Final = bytearray()
        self._reader: asyncio.Future[None] | None = None
        self._is_over = False
        self._lost_by: Exception | None = None

    # -- what asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is open."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are of no class of asyncio's

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        self._unread.extend(data)
        if len(self._unread) > _MOST_UNREAD:
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> bool:
        """The server sends no more. It may still read, so that the connection stays open until httpcore closes it."""
        self._is_over = True
        self._wake()
        return self._transport.get_extra_info("ssl_object") is None

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._is_over, self._lost_by = True, exc
        self._wake()

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    # -- what httpcore calls

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return the next bytes, at most so many; none at the end.

        Raises:
            httpcore.ReadTimeout: None came in time.
            httpcore.ReadError: The connection broke.
            httpcore.ConnectionNotAvailable: The server closed the connection while it was idle. Nothing of the request
                has left, and the pool sends it over another one.
        """
        if self._unsent:
            if self._is_over or self._unread:
                raise httpcore.ConnectionNotAvailable("the server has closed the connection")
            self._transport.write(b"".join(self._unsent))
            self._unsent.clear()
        if not self._unread and not self._is_over:
            await self._wait(timeout)
        if not self._unread and self._lost_by is not None:
            raise httpcore.ReadError(str(self._lost_by)) from self._lost_by
        data = bytes(self._unread[:max_bytes])
        del self._unread[:max_bytes]
        if not self._unread:
            self._transport.resume_reading()
        return data

    async def _wait(self, timeout: float | None) -> None:
        self._reader = asyncio.get_running_loop().create_future()
        try:
            if timeout is None:
                await self._reader
            else:
                await asyncio.wait_for(self._reader, timeout)
        except TimeoutError as error:
            raise httpcore.ReadTimeout(str(error)) from error
        finally:
            self._reader = None

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Have these bytes leave with the next read: httpcore always reads when it has written a request."""
        self._unsent.append(buffer)

    async def aclose(self) -> None:
        """Release the connection at once."""
        self._transport.abort()
        await asyncio.sleep(0)  # the socket is closed in the next turn of the event loop

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        """Speak TLS from now on.

        Raises:
            httpcore.ConnectTimeout: The handshake took too long.
            httpcore.ConnectError: It failed.
        """
        try:
            async with asyncio.timeout_at(self._deadline), asyncio.timeout(timeout):
                transport = await asyncio.get_running_loop().start_tls(
                    self._transport, self, ssl_context, server_hostname=server_hostname
                )
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(str(error)) from error
        except (ssl.SSLError, OSError) as error:
            raise httpcore.ConnectError(str(error)) from error
        assert transport is not None
        self._transport = transport
        return self

    def get_extra_info(self, info: str) -> Any:
        """What httpcore and its users ask of a connection."""
        if info == "is_readable":
            # A request that waits here although its answer was read was not sent: the connection is of no use.
            return (
                self._is_over
                or bool(self._unread or self._unsent)
                or _has_input(self._transport.get_extra_info("socket"))
            )
        names = {"client_addr": "sockname", "server_addr": "peername"}
        return self._transport.get_extra_info(names.get(info, info))


def _has_input(connection: Any) -> bool:
    """Whether a socket has bytes or an end that the event loop has not seen yet: it may have been busy for long."""
    if (descriptor := connection.fileno()) < 0:
        return True
    if not hasattr(select, "poll"):  # on Windows
        return bool(select.select([descriptor], [], [], 0)[0])
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))
