"""Long-polling: Bayeux messages in HTTP POST requests (Bayeux 1.0, section 6.1).

Owns the bodies of requests and responses. What happens in between is in `polling.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from ..protocol.errors import MalformedRequestError
from ..protocol.parsing import parse_messages

if TYPE_CHECKING:
    from ..options import Json
    from .polling import Polling

__all__ = ("LongPolling", "parse_body")


class LongPolling:
    """The endpoint of the transport.

    Args:
        polling: Answers the requests.
    """

    def __init__(self, polling: Polling) -> None:
        self._polling: Final = polling

    async def answer(self, request: Request) -> Response:
        """Answer one request, as soon as it is due."""
        try:
            messages = parse_body(await request.body(), request.headers.get("content-type", ""))
        except ClientDisconnect:
            return Response()
        except MalformedRequestError as error:
            return PlainTextResponse(str(error), 400)
        return await self._polling.answer(request, messages, _json, transport="long-polling")


def _json(messages: list[Json]) -> Response:
    return Response(msgspec.json.encode(messages), media_type="application/json;charset=UTF-8")


def parse_body(body: bytes, content_type: str = "application/json") -> list[Json]:
    """The messages of a request: a JSON array, a single object, or a form with parameters `message`.

    Raises:
        MalformedRequestError: There is no message, or something that is not one.
    """
    if content_type.startswith("application/x-www-form-urlencoded"):
        return parse_messages(parse_qs(body.decode(errors="replace")).get("message", ()))
    return parse_messages([body])
