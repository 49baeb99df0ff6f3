"""A host with several addresses."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any

import pytest

from core.tests.transports.raw_server import served
from pybayeux.transports import connecting
from pybayeux.transports.connecting import connect_socket

if TYPE_CHECKING:
    from collections.abc import Sequence

SILENT = "127.0.0.77"


async def leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()


def have_a_silent_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the running event loop know a host whose first address never answers."""
    loop: Any = asyncio.get_running_loop()
    connect = loop.sock_connect

    async def resolve(host: str, port: int) -> Sequence[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in (SILENT, "127.0.0.1")]

    async def sock_connect(connection: socket.socket, address: tuple[str, int]) -> None:
        if address[0] == SILENT:
            await asyncio.Event().wait()
        await connect(connection, address)

    monkeypatch.setattr(connecting, "_resolve", resolve)
    monkeypatch.setattr(loop, "sock_connect", sock_connect)
    monkeypatch.setattr(connecting, "_NEXT_ADDRESS", 0.01)


def test_an_address_that_does_not_answer_keeps_no_one_from_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        have_a_silent_address(monkeypatch)
        async with served(leave) as port:
            with await connect_socket("two.example", port) as connection:
                assert connection.getpeername() == ("127.0.0.1", port)

    asyncio.run(run())


def test_an_address_is_found_without_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", None)
        async with served(leave) as port:
            (await connect_socket("127.0.0.1", port)).close()

    asyncio.run(run())


def test_a_host_that_refuses_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(OSError, match=str(port)):
        asyncio.run(connect_socket("127.0.0.1", port, "127.0.0.1"))
