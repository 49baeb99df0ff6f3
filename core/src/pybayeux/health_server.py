"""`HealthServer`: the health of clients over HTTP, for the probes of a supervisor.

Owns its sockets. It knows of a client only that it has a `health`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

import h11
import msgspec

from ._util.loop_thread import LoopThread, has_running_loop
from .errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from .health import Health

__all__ = ("HasHealth", "HealthServer")

_LONGEST_REQUEST: Final = 16_384
"""Bytes of a request's head."""
_PATIENCE: Final = 5.0
"""Seconds that a connection may take: a probe is one short request."""
_MOST_CONNECTIONS: Final = 64
_HEALTHY: Final = {"/live": "live", "/ready": "ready"}


class HasHealth(Protocol):
    """What `HealthServer` needs of a client: `AsyncClient` and `Client` have it."""

    @property
    def health(self) -> Health:
        """The health at this moment."""


class HealthServer:
    """Answers ``GET /live`` and ``GET /ready`` with 200 or 503, and JSON that says why: `Health.as_dict`.

    Several clients are live if one of them is, since a restart would stop that one, and ready if all of them are; then
    ``clients`` has each by its name. Enter it with
    ``async with``; or, in a program without an event loop, with ``with``, and it runs in a thread of its own. Start it
    before the clients, so that it answers while they connect.

    The answers name channels and the texts of errors. Nobody has to log in: on other hosts than the default one, see
    that only the supervisor can reach the port.

    Args:
        clients: A client, or several by their names.
        port: The port; 0 chooses a free one.
        host: The address to listen on.
        redact: Removes further secrets from an answer; those that the client knows are never in it.
    """

    def __init__(
        self,
        clients: HasHealth | Mapping[str, HasHealth],
        port: int,
        host: str = "127.0.0.1",
        *,
        redact: Callable[[str], str] | None = None,
    ) -> None:
        self._clients: Final = clients
        self._port: Final = port
        self._host: Final = host
        self._redact: Final = redact
        self._server: asyncio.Server | None = None
        self._connections: Final[set[asyncio.Task[Any]]] = set()
        self._thread: Final = LoopThread()

    def __repr__(self) -> str:
        return f"<HealthServer {self.url}>"

    @property
    def port(self) -> int:
        """The port that it listens on, or will."""
        return self._port if self._server is None else int(self._server.sockets[0].getsockname()[1])

    @property
    def url(self) -> str:
        """Its address, without a path."""
        return f"http://{f'[{self._host}]' if ':' in self._host else self._host}:{self.port}"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __enter__(self) -> Self:
        if has_running_loop():
            raise UsageError("this thread runs an event loop: enter the HealthServer with `async with`")
        try:
            self._thread.run(self.start())
        except BaseException:
            self._thread.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._thread.run(self.close())
        finally:
            self._thread.stop()

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: The port is taken, or the address is not one of this machine.
        """
        if self._server is None:
            self._server = await asyncio.start_server(self._connected, self._host, self._port)

    async def close(self) -> None:
        """Listen no more, and end open connections. A second call does nothing."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        for each in self._connections:
            each.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await server.wait_closed()

    # -- one connection, which carries one request

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._connections) >= _MOST_CONNECTIONS:
            writer.close()
            return
        serving = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._connections.add(serving)
        serving.add_done_callback(self._connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = h11.Connection(h11.SERVER, max_incomplete_event_size=_LONGEST_REQUEST)
        try:
            async with asyncio.timeout(_PATIENCE):
                writer.write(await self._reply(connection, reader))
                await writer.drain()
        except (OSError, TimeoutError, h11.ProtocolError):
            pass  # the peer went away, is too slow, or speaks something else
        finally:
            writer.close()

    async def _reply(self, connection: h11.Connection, reader: asyncio.StreamReader) -> bytes:
        try:
            request = await _request(connection, reader)
        except h11.RemoteProtocolError as error:
            return _response(connection, error.error_status_hint, {"error": str(error)})
        status, answer = self._handle(request)
        return _response(connection, status, answer, is_head=request.method == b"HEAD")

    def _handle(self, request: h11.Request) -> tuple[int, Any]:
        if request.method not in (b"GET", b"HEAD"):
            return HTTPStatus.METHOD_NOT_ALLOWED, {"error": "expected GET or HEAD"}
        path = request.target.partition(b"?")[0].decode("latin-1")
        if path not in _HEALTHY:
            return HTTPStatus.NOT_FOUND, {"error": f"expected one of {', '.join(_HEALTHY)}"}
        answer = self._answer()
        return HTTPStatus.OK if answer[_HEALTHY[path]] else HTTPStatus.SERVICE_UNAVAILABLE, answer

    def _answer(self) -> dict[str, Any]:
        if not isinstance(self._clients, Mapping):
            return self._health_of(self._clients)
        clients = {name: self._health_of(each) for name, each in self._clients.items()}
        # A restart for the sake of one would stop the others.
        is_live = not clients or any(each["live"] for each in clients.values())
        return {"live": is_live, "ready": all(each["ready"] for each in clients.values()), "clients": clients}

    def _health_of(self, client: HasHealth) -> dict[str, Any]:
        return {name: self._redacted(value) for name, value in client.health.as_dict().items()}

    def _redacted(self, value: Any) -> Any:
        if self._redact is None:
            return value
        if isinstance(value, str):
            return self._redact(value)
        return {key: self._redacted(each) for key, each in value.items()} if isinstance(value, dict) else value


async def _request(connection: h11.Connection, reader: asyncio.StreamReader) -> h11.Request:
    """Return the head of a request. Its body, if there is one, is not read.

    Raises:
        h11.RemoteProtocolError: It is no HTTP.
    """
    while True:
        event = connection.next_event()
        if isinstance(event, h11.Request):
            return event
        if event is not h11.NEED_DATA:
            raise h11.RemoteProtocolError("expected a request")
        connection.receive_data(await reader.read(_LONGEST_REQUEST))


def _response(connection: h11.Connection, status: int, answer: Any, *, is_head: bool = False) -> bytes:
    content = msgspec.json.encode(answer) + b"\n"
    headers = [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(content))),
        ("Cache-Control", "no-store"),
        ("Connection", "close"),
        *([("Allow", "GET, HEAD")] if status == HTTPStatus.METHOD_NOT_ALLOWED else []),
    ]
    events = (
        h11.Response(status_code=status, reason=HTTPStatus(status).phrase, headers=headers),
        h11.Data(data=b"" if is_head else content),
        h11.EndOfMessage(),
    )
    return b"".join(connection.send(event) or b"" for event in events)
