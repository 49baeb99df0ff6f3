"""Long-polling: Bayeux messages in HTTP POST requests (Bayeux 1.0, section 6.1).

Owns the way between HTTP and the engine: bodies, cookies, statuses, and waiting while a connect is held.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from .auth import bearer_token
from .errors import MalformedRequestError
from .exchange import Caller
from .recorder import Recorded
from .responses import client_left_before

if TYPE_CHECKING:
    from .engine import Engine
    from .exchange import Answer, Exchange
    from .faults import Faults
    from .options import Json
    from .recorder import Recorder
    from .sessions import Hold

__all__ = ("LongPolling", "parse_body")

COOKIE: Final = "BAYEUX_BROWSER"


class LongPolling:
    """The endpoint of the transport.

    Args:
        engine: What understands the messages.
        faults: What goes wrong.
        recorder: What remembers.
    """

    def __init__(self, engine: Engine, faults: Faults, recorder: Recorder) -> None:
        self._engine: Final = engine
        self._faults: Final = faults
        self._recorder: Final = recorder

    async def answer(self, request: Request) -> Response:
        """Answer one request, as soon as it has something to say."""
        try:
            messages = parse_body(await request.body(), request.headers.get("content-type", ""))
        except ClientDisconnect:
            return Response()
        except MalformedRequestError as error:
            return PlainTextResponse(str(error), 400)
        record = Recorded(request.url.path, dict(request.headers), messages)
        self._recorder.add(record)
        refusal = self._faults.instead_of(messages)
        if refusal is not None:
            record.status = refusal.status_code
            return refusal
        return await self._handled(request, record)

    async def _handled(self, request: Request, record: Recorded) -> Response:
        exchange = self._engine.receive(record.messages, _caller(request))
        hold = exchange.hold
        if hold is not None and hold.timeout and await client_left_before(_over(hold), request.receive):
            self._engine.abandon(exchange)
            return Response()
        answer = self._engine.finish(exchange)
        record.status, record.replies = answer.status, answer.messages
        return self._faults.spoiled(record.messages, answer.messages, _response(answer, exchange))


async def _over(hold: Hold) -> None:
    """Wait until a held connect has to be answered."""
    woken = asyncio.Event()
    hold.when_woken(woken.set)
    with suppress(TimeoutError):
        await asyncio.wait_for(woken.wait(), hold.timeout)


def _caller(request: Request) -> Caller:
    return Caller(bearer_token(request.headers.get("authorization")), request.cookies.get(COOKIE))


def _response(answer: Answer, exchange: Exchange) -> Response:
    if answer.status != 200:
        return _http_error(answer.status)
    body = msgspec.json.encode(answer.messages)
    response = Response(body, media_type="application/json;charset=UTF-8")
    if exchange.cookie is not None:
        response.set_cookie(COOKIE, exchange.cookie, httponly=True)
    return response


def _http_error(status: int) -> Response:
    headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'} if status == 401 else None
    return Response(status_code=status, headers=headers)


def parse_body(body: bytes, content_type: str = "application/json") -> list[Json]:
    """The messages of a request: a JSON array, a single object, or a form with parameters `message`.

    Raises:
        MalformedRequestError: There are none.
    """
    if content_type.startswith("application/x-www-form-urlencoded"):
        texts = [text.encode() for text in parse_qs(body.decode(errors="replace")).get("message", ())]
    else:
        texts = [body]
    messages = [message for text in texts for message in _parsed(text)]
    if not messages:
        raise MalformedRequestError("no messages")
    return messages


def _parsed(text: bytes) -> list[Json]:
    try:
        parsed: Any = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedRequestError(f"not JSON: {error}") from None
    messages = parsed if isinstance(parsed, list) else [parsed]
    if not all(isinstance(message, dict) for message in messages):
        raise MalformedRequestError("a message is a JSON object")
    return messages
