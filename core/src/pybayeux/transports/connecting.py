"""Connecting: a socket to one of a host's addresses. Knows nothing of what is sent over it."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from aiohappyeyeballs import start_connection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiohappyeyeballs import AddrInfoType

__all__ = ("connect_socket",)

_NEXT_ADDRESS: Final = 0.25
"""Seconds after which the next address of a host is tried as well (RFC 8305)."""


async def connect_socket(host: str, port: int, local_address: str | None = None) -> socket.socket:
    """Connect to a host: an address that does not answer delays the connection by a quarter of a second.

    asyncio's own way to try several addresses loses a socket where it is cancelled as it connects.

    Args:
        host: Its name or address.
        port: The port.
        local_address: The address of this machine to connect from; None for any.

    Raises:
        OSError: There is no connection.
    """
    return await start_connection(
        await _resolve(host, port),
        local_addr_infos=None if local_address is None else await _resolve(local_address, 0),
        happy_eyeballs_delay=_NEXT_ADDRESS,
    )


async def _resolve(host: str, port: int) -> Sequence[AddrInfoType]:
    with suppress(socket.gaierror):  # an address needs no thread
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    return await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
