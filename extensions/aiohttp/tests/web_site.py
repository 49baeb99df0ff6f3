"""A web server on this machine that answers as a test says, and long-polling over aiohttp that talks to it."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Self

from aiohttp import web

from pybayeux import Message
from pybayeux._util.redact import Redactor
from pybayeux.transports.base import DONE, TransportContext, TransportRequest, TransportResponse
from pybayeux.transports.registry import TransportRegistry
from pybayeux_aiohttp import Aiohttp

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable
    from types import TracebackType

    from pybayeux.transports.base import Completion, Transport

__all__ = ("HELLO", "REPLY", "Site", "make", "refusing")

HELLO = [Message(channel="/meta/handshake", id="1")]
REPLY = [{"channel": "/meta/handshake", "id": "1", "successful": True}]


def make(name: str, context: TransportContext, **options: Any) -> Transport:
    """A transport as a client with the extension makes it."""
    registry = TransportRegistry()
    Aiohttp().register_transports(registry)
    return registry.select([name], {name: options})[name](context)


class Site:
    """The server, and a transport with `options` and the context's `arguments`."""

    def __init__(
        self,
        answer: Callable[[web.Request], Awaitable[web.StreamResponse]] | None = None,
        options: dict[str, Any] | None = None,
        tls: ssl.SSLContext | None = None,
        **arguments: Any,
    ) -> None:
        self.answer = answer
        self.requests: list[web.Request] = []
        self.bodies: list[Any] = []
        self.received: list[list[Message]] = []
        self.responses: list[TransportResponse] = []
        self.on_request: Callable[[TransportRequest], None] = lambda request: None
        self.redact = Redactor()
        self._options = options or {}
        self._tls = tls
        self._arguments = arguments

    async def __aenter__(self) -> Self:
        application = web.Application(client_max_size=2**26)
        application.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=self._tls).start()
        self.port = self._runner.addresses[0][1]
        self.url = f"{'http' if self._tls is None else 'https'}://127.0.0.1:{self.port}/cometd"
        self.context = TransportContext(
            receive=self._receive,
            on_request=self._request,
            on_response=self._response,
            redact=self.redact,
            **{"url": self.url, **self._arguments},
        )
        self.transport = make("long-polling", self.context, **self._options)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.transport.close()
        await self._runner.cleanup()
        for _ in range(5):  # handshakes of TLS that broke off have tasks of their own
            await asyncio.sleep(0)

    async def send(self, *messages: Message) -> web.Request:
        """One exchange; gives the latest request as it came."""
        await self.transport.exchange(list(messages) or HELLO)
        return self.requests[-1]

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        body = await request.read()
        self.bodies.append(json.loads(body))
        return web.json_response(REPLY) if self.answer is None else await self.answer(request)

    def _receive(self, messages: list[Message]) -> Completion:
        self.received.append(messages)
        return DONE

    async def _request(self, request: TransportRequest) -> None:
        self.on_request(request)

    async def _response(self, response: TransportResponse) -> None:
        self.responses.append(response)


def refusing(status: int, **arguments: Any) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """A server that always answers so."""

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, **arguments)

    return answer
