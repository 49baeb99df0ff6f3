"""Bayeux over HTTP: one exchange is one request and one response.

Owns the way between HTTP and the engine: cookies, statuses, the record, faults, and waiting while a connect is held. It
does not know where the messages are in a request, nor how a response is written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.responses import Response

from ..origins import is_cross_origin
from ..protocol.authentication import bearer_token
from ..protocol.exchange import Caller
from ..recorder import RecordedRequest
from .waiting import client_left_before, wait_for_hold

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import HTTPConnection, Request

    from ..faults.faults import Faults
    from ..options import Json
    from ..protocol.engine import Engine
    from ..protocol.exchange import Answer, Exchange
    from ..recorder import Recorder

__all__ = ("Polling", "caller_of", "http_error")

_COOKIE: Final = "BAYEUX_BROWSER"


class Polling:
    """Answers the requests of the polling transports.

    Args:
        engine: The protocol engine.
        faults: The planned faults.
        recorder: The record of requests.
    """

    def __init__(self, engine: Engine, faults: Faults, recorder: Recorder) -> None:
        self._engine: Final = engine
        self._faults: Final = faults
        self._recorder: Final = recorder

    async def answer(
        self, request: Request, messages: list[Json], write: Callable[[list[Json]], Response], *, transport: str
    ) -> Response:
        """Answer a request, as soon as it is due.

        Args:
            request: The request.
            messages: Its messages.
            write: Makes the response from the messages of the answer.
            transport: The connection type, for the record.
        """
        record = RecordedRequest(request.url.path, dict(request.headers), messages, transport=transport)
        self._recorder.add(record)
        fault = self._faults.for_request(messages)
        if fault is not None:
            self._recorder.answered(record, fault.status, fault=fault.name)
            return fault.response(Response())
        exchange = self._engine.receive(messages, caller_of(request))
        hold = exchange.hold
        if hold is not None and hold.timeout and await client_left_before(wait_for_hold(hold), request.receive):
            self._engine.abandon(exchange)
            return Response()
        answer = self._engine.finish(exchange)
        fault = self._faults.for_reply(messages, answer.messages)
        self._recorder.answered(record, answer.status, answer.messages, fault=None if fault is None else fault.name)
        response = _response(answer, exchange, write)
        return response if fault is None else fault.response(response)


def caller_of(connection: HTTPConnection, *, trusted: bool = False) -> Caller:
    """The sender of a request or of a WebSocket upgrade.

    Browsers keep no cookie of another site for a page, so a page of another origin need not send one.
    """
    token = bearer_token(connection.headers.get("authorization"))
    return Caller(token, connection.cookies.get(_COOKIE), trusted or is_cross_origin(connection))


def http_error(status: int) -> Response:
    """A response without messages."""
    headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'} if status == 401 else None
    return Response(status_code=status, headers=headers)


def _response(answer: Answer, exchange: Exchange, write: Callable[[list[Json]], Response]) -> Response:
    if answer.status != 200:
        return http_error(answer.status)
    response = write(answer.messages)
    if exchange.cookie is not None:
        response.set_cookie(_COOKIE, exchange.cookie, httponly=True)
    return response
