"""`DevServer`: a Bayeux server inside this process, for a test or a demo.

Owns starting, stopping and restarting. In an event loop it is entered with ``async with``. With a plain ``with`` it
runs in its own thread with its own event loop, and returns a `BlockingServer`.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from starlette.applications import Starlette
from starlette.routing import Mount, Route, Router, WebSocketRoute

from .blocking import BlockingServer
from .control import control_routes
from .faults.faults import Faults
from .listener import Listener, Sockets
from .options import Options
from .origins import open_to_all_origins
from .page import page_route
from .protocol.engine import Engine
from .recorder import Recorder
from .server_thread import ServerThread
from .transports.callback_polling import CallbackPolling
from .transports.long_polling import LongPolling
from .transports.polling import Polling
from .transports.websocket import WebSockets

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from starlette.routing import BaseRoute

    from .options import Json
    from .protocol.authentication import Tokens

__all__ = ("DevServer",)


class DevServer:
    """A Bayeux server for tests and demos.

    ::

        async with DevServer() as server:
            await server.publish("/orders", {"number": 1})

        with DevServer(timeout=2, tokens=("secret",)) as server:
            server.publish("/orders", {"number": 1})

    Args:
        host: The address or name to listen on.
        port: The port; 0 takes a free one.
        control: Offer the control interface under ``/control``, and a page for it at ``/``.
        options: The members of `Options`, by name.

    Attributes:
        engine: The protocol engine.
        faults: Faults on demand.
        recorder: The requests and their replies.

    Raises:
        TypeError: An option is unknown.
        ValueError: The value of an option is invalid.
    """

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0, control: bool = True, **options: Any) -> None:
        sockets = Sockets()
        self.engine: Final = Engine(Options(**options))
        self.faults: Final = Faults(self.engine, sockets)
        self.recorder: Final = Recorder()
        routes = _routes(self.engine, self.faults, self.recorder, sockets)
        bayeux = Mount("", open_to_all_origins(Router(routes)))
        self._has_page: Final = control and bool(self.engine.options.path.strip("/"))
        inspecting = [control_routes(self, host)] if control else []
        app = Starlette(routes=[*inspecting, *([page_route()] if self._has_page else []), bayeux])
        self._listener: Final = Listener(app, sockets, host=host, port=port, deflate=self.engine.options.deflate)
        self._restarts: Final[set[asyncio.Task[None]]] = set()
        self._thread: Final = ServerThread()

    @property
    def url(self) -> str:
        """The URL of the Bayeux endpoint."""
        return self._listener.origin + self.engine.options.path

    @property
    def control_url(self) -> str:
        """The URL of the control interface."""
        return self._listener.origin + "/control"

    @property
    def page_url(self) -> str | None:
        """The URL of the page. None without the control interface, and where the Bayeux endpoint is at ``/`` itself."""
        return self._listener.origin + "/" if self._has_page else None

    @property
    def tokens(self) -> Tokens:
        """The accepted tokens."""
        return self.engine.tokens

    @property
    def sessions(self) -> list[str]:
        """The client ids of the sessions that are alive."""
        return [session.client_id for session in self.engine.sessions]

    async def publish(
        self, channel: str, data: Any, *, replay_id: int | None = None, ext: Json | None = None
    ) -> int | None:
        """Publish an event to every subscriber; the arguments are those of `Engine.publish`.

        Returns:
            The event's replay id, or None if its channel is not in the replay log.

        Raises:
            TypeError: The data cannot be encoded as JSON.
            ValueError: The name is not one of a broadcast channel, or the replay id is not greater than earlier ones.
        """
        return self.engine.publish(channel, data, replay_id=replay_id, ext=ext)

    async def push(self, message: Json, client_id: str | None = None) -> None:
        """Queue any message for one session, or for all of them, without a subscription."""
        self.engine.push(message, client_id)

    async def restart(self, pause: float = 0.2) -> None:
        """Stop, forget all sessions, and start again on the same port.

        Connections are cut and refused meanwhile. The replay log and the tokens survive.

        Args:
            pause: Seconds without a server.
        """
        await self._listener.stop()
        self.engine.drop(at_once=False)
        await asyncio.sleep(pause)
        await self._listener.start()

    def restart_soon(self, pause: float = 0.2) -> None:
        """Restart in the background. A request to the server cannot wait for a restart, which cuts its connection."""
        task = asyncio.get_running_loop().create_task(self.restart(pause))
        self._restarts.add(task)
        task.add_done_callback(self._restarts.discard)

    async def __aenter__(self) -> Self:
        await self._listener.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for restart in self._restarts:
            restart.cancel()
        if self._restarts:
            await asyncio.wait(self._restarts)
        await self._listener.stop()

    def __enter__(self) -> BlockingServer:
        return BlockingServer(self, self._thread.start(self))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.stop()


def _routes(engine: Engine, faults: Faults, recorder: Recorder, sockets: Sockets) -> list[BaseRoute]:
    """The routes of the transports, all at the same path. Long-polling is always there because it is mandatory."""
    polling, offered = Polling(engine, faults, recorder), engine.options.connection_types
    websockets = WebSockets(engine, faults, recorder, sockets)
    path = engine.options.path.rstrip("/")
    routes: list[BaseRoute] = []
    # CometD's JavaScript client appends the type of a lone meta message to the URL.
    for route_path in [path, path + "/", path + "/{message_type}"] if path else ["/", "/{message_type}"]:
        routes.append(Route(route_path, LongPolling(polling).answer, methods=["POST"]))
        if "callback-polling" in offered:
            routes.append(Route(route_path, CallbackPolling(polling, engine.options).answer, methods=["GET"]))
        if "websocket" in offered:
            routes.append(WebSocketRoute(route_path, websockets.answer))
    return routes
