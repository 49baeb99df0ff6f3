"""Connections of httpcore on asyncio's transports, with servers on this machine."""

from __future__ import annotations

import asyncio
import gc
import socket
import ssl
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, cast

import httpcore
import pytest

from core.tests.transports.raw_server import served
from pybayeux.transports.network import AsyncioBackend
from tests.servers.certificate import Certificate

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from core.tests.transports.raw_server import Serve

LARGE = 2**20


@asynccontextmanager
async def connected(serve: Serve, tls: ssl.SSLContext | None = None) -> AsyncIterator[httpcore.AsyncNetworkStream]:
    """A connection to a server, and the server."""
    async with served(serve, tls) as port:
        stream = await AsyncioBackend().connect_tcp("127.0.0.1", port, timeout=10)
        try:
            yield stream
        finally:
            await stream.aclose()


def answering(answer: bytes, asked: list[bytes]) -> Serve:
    """A server that reads once, answers, and ends."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.read(LARGE))
        writer.write(answer)
        await writer.drain()
        writer.close()

    return serve


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A server that never says anything."""
    await reader.read()
    writer.close()


async def all_of(stream: httpcore.AsyncNetworkStream, size: int = 2**16) -> list[bytes]:
    pieces = []
    while piece := await stream.read(size):
        pieces.append(piece)
    return pieces


def test_what_is_written_leaves_together_with_the_next_read() -> None:
    asked: list[bytes] = []

    async def run() -> None:
        async with connected(answering(b"yes", asked)) as stream:
            await stream.write(b"head")
            await stream.write(b"")
            await stream.write(b"body")
            assert await all_of(stream) == [b"yes"]

    asyncio.run(run())
    assert asked == [b"headbody"]


def test_a_large_answer_comes_in_pieces_of_the_size_that_was_asked_for() -> None:
    async def run() -> None:
        async with connected(answering(b"x" * LARGE, [])) as stream:
            await stream.write(b"?")
            pieces = await all_of(stream, 1000)
            assert sum(map(len, pieces)) == LARGE
            assert max(map(len, pieces)) == 1000

    asyncio.run(run())


def test_no_more_is_read_from_the_network_than_waits_here() -> None:
    sent = 0

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.transport.set_write_buffer_limits(0)
        try:
            while True:
                writer.write(b"x" * LARGE)
                await writer.drain()
                sent += LARGE
        except ConnectionError:
            writer.close()

    async def run() -> None:
        async with connected(flood) as stream:
            before = -1
            while before != sent:  # until the sockets' own buffers are full
                before = sent
                for _ in range(1000):
                    await asyncio.sleep(0)
            for _ in range(3 * sent // 2**16 + 64):
                assert await stream.read(2**16)
            while before == sent:
                await stream.read(2**16)

    asyncio.run(run())


def test_a_read_can_be_limited_in_time_and_repeated() -> None:
    async def run() -> None:
        async with connected(silent) as stream:
            with pytest.raises(httpcore.ReadTimeout):
                await stream.read(10, timeout=0)
            waiting = asyncio.ensure_future(stream.read(10))
            await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            assert not stream.get_extra_info("is_readable")

    asyncio.run(run())


def test_a_connection_that_breaks_is_an_error_after_what_came_before() -> None:
    async def breaking(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(LARGE)
        linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"  # a reset instead of an end
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.close()

    async def run() -> None:
        async with connected(breaking) as stream:
            await stream.write(b"?")
            with pytest.raises(httpcore.ReadError):
                await all_of(stream)
            with pytest.raises(httpcore.ReadError):
                await stream.read(10)
            assert stream.get_extra_info("is_readable")

    asyncio.run(run())


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 408 Request Timeout\r\n\r\n"])
def test_a_connection_that_is_idle_is_readable_once_the_server_ends_it_or_speaks_unasked(said: bytes) -> None:
    """So that httpcore does not use it again; also where the event loop has not looked at it yet."""

    async def run() -> None:
        server = socket.create_server(("127.0.0.1", 0))
        stream = await AsyncioBackend().connect_tcp("127.0.0.1", server.getsockname()[1])
        other, _ = server.accept()
        assert not stream.get_extra_info("is_readable")
        other.send(said) if said else other.close()
        assert stream.get_extra_info("is_readable")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert stream.get_extra_info("is_readable")
        await stream.aclose()
        assert stream.get_extra_info("is_readable")
        other.close()
        server.close()

    asyncio.run(run())


def test_a_request_is_sent_over_a_new_connection_where_the_server_has_closed_the_idle_one() -> None:
    accepted = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        writer.close()

    async def run() -> None:
        async with served(serve) as port, httpcore.AsyncConnectionPool(network_backend=AsyncioBackend()) as pool:
            for _ in range(3):
                assert (await pool.request("GET", f"http://127.0.0.1:{port}/")).content == b"ok"

    asyncio.run(run())
    assert len(accepted) == 3


class Unseeing(AsyncioBackend):
    """Connections of which the pool does not see that the server has closed them: the end comes a moment later."""

    async def connect_tcp(self, *args: Any, **kwargs: Any) -> httpcore.AsyncNetworkStream:
        stream: Any = await super().connect_tcp(*args, **kwargs)
        info = stream.get_extra_info
        stream.get_extra_info = lambda name: name != "is_readable" and info(name)
        return cast("httpcore.AsyncNetworkStream", stream)


def test_a_request_that_meets_the_end_of_its_connection_leaves_over_another() -> None:
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):
            asked.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        writer.close()

    async def run() -> None:
        async with served(serve) as port, httpcore.AsyncConnectionPool(network_backend=Unseeing()) as pool:
            for number in range(3):
                response = await pool.request("POST", f"http://127.0.0.1:{port}/{number}", content=b"body")
                assert response.content == b"ok"
                await asyncio.sleep(0.01)  # the end of the connection comes

    asyncio.run(run())
    assert [request.split()[1] for request in asked] == [b"/0", b"/1", b"/2"]


def test_a_connection_on_which_a_request_was_left_is_not_used_again() -> None:
    """Its answer came before it was sent: with the answer to the one before."""

    async def run() -> None:
        async with connected(silent) as stream:
            await stream.write(b"never sent")
            assert stream.get_extra_info("is_readable")

    asyncio.run(run())


def test_where_nothing_listens_there_is_no_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(httpcore.ConnectError):
        asyncio.run(AsyncioBackend().connect_tcp("127.0.0.1", port, local_address="127.0.0.1"))


def test_a_connection_can_take_too_long() -> None:
    with pytest.raises(httpcore.ConnectTimeout):
        asyncio.run(AsyncioBackend().connect_tcp("127.0.0.1", 9, timeout=0))


@pytest.mark.parametrize("turns", range(12))
def test_a_connect_that_is_cancelled_at_any_moment_leaves_no_socket(turns: int) -> None:
    """One that is left is a ResourceWarning, and so an error."""

    async def run(port: int) -> None:
        connecting = asyncio.ensure_future(AsyncioBackend().connect_tcp("localhost", port))
        for _ in range(turns):
            await asyncio.sleep(0)
        connecting.cancel()
        try:
            stream = await connecting
        except asyncio.CancelledError:
            return
        await stream.aclose()

    with socket.create_server(("127.0.0.1", 0)) as server:
        asyncio.run(run(server.getsockname()[1]))
    gc.collect()


def test_options_of_the_socket_are_set() -> None:
    async def run() -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            address = server.getsockname()
            options = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
            stream = await AsyncioBackend().connect_tcp(address[0], address[1], socket_options=options)
            connection = stream.get_extra_info("socket")
            assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            assert stream.get_extra_info("server_addr") == address
            assert stream.get_extra_info("client_addr") == connection.getsockname()
            assert stream.get_extra_info("ssl_object") is None
            await stream.aclose()

    asyncio.run(run())


# -- TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return Certificate(tmp_path_factory.mktemp("tls"))


def test_the_same_over_tls(certificate: Certificate) -> None:
    asked: list[bytes] = []

    async def run() -> None:
        async with connected(answering(b"x" * LARGE, asked), certificate.server()) as plain:
            stream = await plain.start_tls(certificate.client(), "127.0.0.1", timeout=10)
            assert stream.get_extra_info("ssl_object").version().startswith("TLS")
            await stream.write(b"head")
            await stream.write(b"body")
            assert sum(map(len, await all_of(stream))) == LARGE
            assert stream.get_extra_info("is_readable")

    asyncio.run(run())
    assert asked == [b"headbody"]


def test_a_certificate_that_is_not_trusted_is_the_cause_of_an_error(certificate: Certificate) -> None:
    async def run() -> None:
        async with connected(silent, certificate.server()) as plain:
            await plain.start_tls(ssl.create_default_context(), "127.0.0.1", timeout=10)

    with pytest.raises(httpcore.ConnectError) as caught:
        asyncio.run(run())
    assert isinstance(caught.value.__cause__, ssl.SSLCertVerificationError)


@pytest.mark.parametrize(("serve", "error"), [(silent, httpcore.ConnectTimeout), (None, httpcore.ConnectError)])
def test_a_server_that_does_not_speak_tls(serve: Serve | None, error: type[Exception]) -> None:
    async def run() -> None:
        async with connected(serve or answering(b"no", [])) as plain:
            await plain.start_tls(ssl.create_default_context(), "127.0.0.1", timeout=0 if serve else 10)

    with pytest.raises(error):
        asyncio.run(run())


def test_connection_and_tls_together_have_the_time_that_was_given_for_connecting(certificate: Certificate) -> None:
    async def run() -> None:
        async with served(silent) as port:
            stream = await AsyncioBackend().connect_tcp("127.0.0.1", port, timeout=0.1)
            try:
                await stream.start_tls(certificate.client(), "127.0.0.1", timeout=None)
            finally:
                await stream.aclose()

    with pytest.raises(httpcore.ConnectTimeout):
        asyncio.run(run())
