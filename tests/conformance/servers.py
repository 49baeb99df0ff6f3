"""Target servers: a server with a transport, on which a behaviour is shown. All have the same methods."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urlsplit

import pytest

from pybayeux import AsyncClient, BayeuxClient
from tests.servers.control import held
from tests.servers.server import Server
from tests.support.clients import IMPATIENT, asked_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pybayeux_devserver.blocking import BlockingServer
    from tests.servers.control import ServerSession
    from tests.servers.proxy import Proxy
    from tests.servers.server import Option

__all__ = ("Choice", "DevTarget", "RealTarget", "Target", "behaviour", "dev_server", "on")

_ALL: Final = ("long-polling", "callback-polling", "websocket")
_TRANSPORTS: Final = {"cometd": _ALL, "faye": _ALL, "cometd-node": ("long-polling",), "devserver": _ALL}

_NONE: Final[Mapping[str, Mapping[str, Any]]] = {}

Choice = tuple[str, str, dict[str, Any]]
"""A server, a transport, and the options of the server."""


def behaviour(*ids: str, where: str | None = None) -> pytest.MarkDecorator:
    """Say which behaviours a test shows; `where`, for one without a target, such as ``"pure session"``."""
    return pytest.mark.behaviour(*ids, where=where)


def on(
    *servers: str,
    transports: Iterable[str] = _ALL,
    instead: Mapping[str, Mapping[str, Any]] = _NONE,
    **options: Option,
) -> pytest.MarkDecorator:
    """Run a test on each of these servers, over each transport that it has.

    Args:
        servers: ``cometd``, ``faye``, ``cometd-node``, ``devserver``.
        transports: Those to use.
        instead: From the name of a server to options of it, in the place of those for all: each has its own words.
        options: Given to a server of the test's own; without any, real servers are shared: use channels of your own.
    """
    places = [(server, name) for server in servers for name in _TRANSPORTS[server] if name in tuple(transports)]
    params = [
        pytest.param((server, name, dict(instead.get(server, options))), id=f"{server}-{name}")
        for server, name in places
    ]
    return pytest.mark.parametrize("target", params, indirect=True)


class Target(Protocol):
    """What a test does on the server's side."""

    transport: str

    @property
    def url(self) -> str:
        """Where clients find the server."""

    def client(self, *extensions: object, **arguments: Any) -> AsyncClient:
        """A client over the target's transport, with these extensions and none that happen to be installed."""

    def low_client(self, *extensions: object, **arguments: Any) -> BayeuxClient:
        """The same of the low level."""

    @property
    def endpoint(self) -> Server:
        """Where the server listens, for a proxy before it."""

    def go_through(self, proxy: Proxy) -> None:
        """Let the clients made from now on take this way to the server."""

    async def send(self, channel: str, *data: Any) -> None:
        """Publish events from the server's side, each with its data."""

    async def stream(self, channel: str, count: int) -> None:
        """Publish so many numbered events from the server's side as fast as it can: ``{"seq": 0}`` and so on."""

    async def subscribed(self, client_id: str | None) -> list[str]:
        """The channels that the server knows of a session, sorted."""

    async def sessions(self) -> list[str]:
        """The ids of the sessions that the server knows."""

    async def no_sessions(self) -> None:
        """Wait until the server knows no session any more."""

    async def held(self, client_id: str | None = None) -> None:
        """Wait until the server holds a connect of one session, or of each: what comes now is sent at once."""

    async def drop(self, client_id: str | None = None) -> None:
        """Forget one session, or all."""

    async def send_disconnect(self, client_id: str | None) -> None:
        """End a session with a ``/meta/disconnect`` to its client; Faye cannot."""

    async def restart(self) -> None:
        """Stop the server, and start it again on the same port: it knows no session then."""


def dev_server(target: Target) -> BlockingServer:
    """The development server itself, with its faults and its record, where the target has one."""
    assert isinstance(target, DevTarget)
    return target.server


class _Clients:
    """The making of clients, the same for all targets."""

    transport: str
    url: str

    async def sessions(self) -> list[str]:
        raise NotImplementedError

    async def no_sessions(self) -> None:
        while await self.sessions():  # noqa: ASYNC110 - there is nothing else to wait for
            await asyncio.sleep(0.02)

    def client(self, *extensions: object, **arguments: Any) -> AsyncClient:
        return AsyncClient(self.url, **self._arguments(extensions) | {"backoff": IMPATIENT} | arguments)

    def low_client(self, *extensions: object, **arguments: Any) -> BayeuxClient:
        return BayeuxClient(self.url, **self._arguments(extensions) | arguments)

    def go_through(self, proxy: Proxy) -> None:
        self.url = proxy.url

    def _arguments(self, extensions: tuple[object, ...]) -> dict[str, Any]:
        extensions = (*asked_for(), *extensions)
        return {"extensions": extensions, "discover": False, "transports": [self.transport]}


class RealTarget(_Clients):
    """A real server."""

    def __init__(self, server: Server, transport: str) -> None:
        self.server: Final = server
        self.transport = transport
        self.url = server.url

    @property
    def endpoint(self) -> Server:
        return self.server

    async def send(self, channel: str, *data: Any) -> None:
        for each in data:
            await asyncio.to_thread(self.server.control.send, channel, each)

    async def stream(self, channel: str, count: int) -> None:
        await asyncio.to_thread(self.server.control.publish, channel, count)

    async def subscribed(self, client_id: str | None) -> list[str]:
        sessions = await asyncio.to_thread(self.server.control.sessions)
        return next((sorted(each.subscriptions) for each in sessions if each.id == client_id), [])

    async def sessions(self) -> list[str]:
        return [each.id for each in await asyncio.to_thread(self.server.control.sessions)]

    async def held(self, client_id: str | None = None) -> None:
        def those(sessions: list[ServerSession]) -> bool:
            return held([each for each in sessions if client_id in (None, each.id)])

        await asyncio.to_thread(self.server.control.wait, those)

    async def drop(self, client_id: str | None = None) -> None:
        await asyncio.to_thread(self.server.control.drop, client_id)

    async def send_disconnect(self, client_id: str | None) -> None:
        control = self.server.control
        # cometd-nodejs-server has one operation for both: dropping a session sends a disconnect.
        end = control.drop if self.server.name == "cometd-nodejs" else control.disconnect
        await asyncio.to_thread(end, client_id)

    async def restart(self) -> None:
        await asyncio.to_thread(self.server.stop)
        await asyncio.to_thread(self.server.start)


class DevTarget(_Clients):
    """The development server."""

    def __init__(self, server: BlockingServer, transport: str) -> None:
        self.server: Final = server
        self.transport = transport
        self.url = server.url

    @property
    def endpoint(self) -> Server:
        url = urlsplit(self.server.url)
        place = Server("devserver", "", url.path, (), {})
        place.port = url.port or 0
        return place

    async def send(self, channel: str, *data: Any) -> None:
        for each in data:
            await asyncio.to_thread(self.server.publish, channel, each)

    async def stream(self, channel: str, count: int) -> None:
        await self.send(channel, *({"seq": number} for number in range(count)))

    async def subscribed(self, client_id: str | None) -> list[str]:
        return [name for known, names, _ in await self._known() if known == client_id for name in names]

    async def sessions(self) -> list[str]:
        return [known for known, _, _ in await self._known()]

    async def held(self, client_id: str | None = None) -> None:
        while True:
            states = [is_held for known, _, is_held in await self._known() if client_id in (None, known)]
            if states and all(states):
                return
            await asyncio.sleep(0.005)

    async def drop(self, client_id: str | None = None) -> None:
        await asyncio.to_thread(self.server.faults.drop_sessions, client_id)

    async def send_disconnect(self, client_id: str | None) -> None:
        await asyncio.to_thread(self.server.faults.disconnect_sessions, client_id)

    async def restart(self) -> None:
        await asyncio.to_thread(self.server.restart, 0.05)

    async def _known(self) -> list[tuple[str, list[str], bool]]:
        import httpx

        async with httpx.AsyncClient() as http:
            overview = (await http.get(f"{self.server.control_url}/")).json()
        return [(each["clientId"], each["subscriptions"], each["held"]) for each in overview["sessions"]]
