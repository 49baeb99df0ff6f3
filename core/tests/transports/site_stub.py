"""A web server on httpx's own mock, and a transport that talks to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from pybayeux import Message
from pybayeux._util.redact import Redactor
from pybayeux.transports.base import DONE, TransportContext, TransportRequest, TransportResponse

if TYPE_CHECKING:
    from collections.abc import Callable

    from pybayeux.transports.base import Completion, Transport

__all__ = ("HELLO", "REPLY", "URL", "Site", "raising", "refuse", "replying")

HELLO = [Message(channel="/meta/handshake", id="1")]
REPLY = [{"channel": "/meta/handshake", "id": "1", "successful": True}]
URL = "https://host/cometd"


class Site:
    """A web server on httpx's own mock, and a transport that talks to it.

    Args:
        make: Makes the transport.
        answer: Gives the server's response to each request.
        arguments: Of the transport's context; with `http` a client of the test's own.
    """

    def __init__(
        self,
        make: Callable[[TransportContext], Transport],
        answer: Callable[[httpx.Request], httpx.Response] | None = None,
        **arguments: Any,
    ) -> None:
        self.answer = answer or (lambda request: httpx.Response(200, json=REPLY))
        self.requests: list[httpx.Request] = []
        self.received: list[list[Message]] = []
        self.responses: list[TransportResponse] = []
        self.on_request: Callable[[TransportRequest], None] = lambda request: None
        self.redact = Redactor()
        self.http = arguments.pop("http", None) or httpx.AsyncClient(transport=self.network)
        self.context = TransportContext(
            receive=self._receive,
            on_request=self._request,
            on_response=self._response,
            redact=self.redact,
            http=self.http,
            **{"url": URL, **arguments},
        )
        self.transport = make(self.context)

    @property
    def network(self) -> httpx.MockTransport:
        """Brings requests to this site."""
        return httpx.MockTransport(self._handle)

    def _handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self.answer(request)

    def _receive(self, messages: list[Message]) -> Completion:
        self.received.append(messages)
        return DONE

    async def _request(self, request: TransportRequest) -> None:
        self.on_request(request)

    async def _response(self, response: TransportResponse) -> None:
        self.responses.append(response)

    async def send(self, *messages: Message) -> httpx.Request:
        """One exchange; gives the latest request as it left."""
        await self.transport.exchange(list(messages) or HELLO)
        return self.requests[-1]


def refuse(status: int, **arguments: Any) -> Callable[[httpx.Request], httpx.Response]:
    """A server that always answers so."""
    return lambda request: httpx.Response(status, **arguments)


def replying(body: bytes | str) -> Callable[[httpx.Request], httpx.Response]:
    """A server that always answers with this body."""
    return refuse(200, content=body)


def raising(error: Exception) -> Callable[[httpx.Request], httpx.Response]:
    """A network on which every request fails so."""

    def answer(request: httpx.Request) -> httpx.Response:
        raise error

    return answer
