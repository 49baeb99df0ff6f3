"""A server in the same process behind a transport of its own: every answer is the test's to choose."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import httpx

from pybayeux import Message, decode, hookimpl
from pybayeux.diagnosis import Examination
from pybayeux.transports.base import TransportResponse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pybayeux.diagnosis import Report
    from pybayeux.transports.base import TransportContext
    from pybayeux.transports.registry import TransportRegistry

__all__ = ("StandIn", "examined")


class StandIn:
    """A good server, until a test changes an attribute. As an extension it takes the place of all transports.

    Attributes:
        offered: The transports of the handshake's reply.
        ext: Its `ext`.
        advice: The advice of every reply.
        headers: The headers of every HTTP answer.
        changed: By channel, what is different in a reply, or the error that comes instead of an answer.
        unreachable: By transport, the error that comes instead of any answer.
        asked: The messages received, with their transports.
    """

    def __init__(self) -> None:
        self.offered = ["long-polling", "websocket"]
        self.ext: dict[str, Any] | None = None
        self.advice: dict[str, Any] = {"reconnect": "retry", "timeout": 30_000, "interval": 0}
        self.headers: list[tuple[str, str]] = []
        self.changed: Final[dict[str, dict[str, Any] | Exception]] = {}
        self.unreachable: Final[dict[str, Exception]] = {}
        self.asked: Final[list[tuple[str, Message]]] = []

    @hookimpl
    def register_transports(self, registry: TransportRegistry) -> None:
        for name in ("websocket", "long-polling", "callback-polling"):
            registry.register(name, self._factory(name))

    def _factory(self, name: str) -> Callable[..., _StandInTransport]:
        return lambda context: _StandInTransport(self, name, context)

    def reply(self, message: Message) -> Message:
        change = self.changed.get(message.channel, {})
        if isinstance(change, Exception):
            raise change
        members: dict[str, Any] = {"channel": message.channel, "id": message.id, "successful": True}
        members["advice"] = self.advice
        if message.channel == "/meta/handshake":
            members |= {"version": "1.0", "supportedConnectionTypes": self.offered, "clientId": "client-id"}
            members |= {} if self.ext is None else {"ext": self.ext}
        return decode(json.dumps(members | change))[0]


class _StandInTransport:
    def __init__(self, server: StandIn, name: str, context: TransportContext) -> None:
        self._server: Final = server
        self._name: Final = name
        self._context: Final = context

    async def exchange(self, messages: list[Message]) -> None:
        if (error := self._server.unreachable.get(self._name)) is not None:
            raise error
        self._server.asked.extend((self._name, message) for message in messages)
        headers = httpx.Headers(self._server.headers)
        await self._context.on_response(TransportResponse(self._context.url, 200, headers, self._name))
        await self._context.receive([self._server.reply(message) for message in messages])

    async def close(self) -> None: ...


async def examined(
    server: StandIn,
    *,
    url: str = "http://me:password@host/cometd?key=1",
    extensions: Iterable[object] = (),
    options: Mapping[str, Any] | None = None,
    **others: Any,
) -> Report:
    """What is found out about a server."""
    settings: dict[str, Any] = {
        "extensions": [server, *extensions],
        "options": options or {},
        "disabled": [],
        "transports": None,
        "max_network_delay": 5.0,
    }
    examination = Examination(url, settings | others)
    await examination.run(20.0)
    return examination.report
