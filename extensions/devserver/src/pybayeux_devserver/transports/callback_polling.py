"""Callback-polling: Bayeux messages in the query of HTTP GET requests, answered with scripts (Bayeux 1.0, section 6.2).

Owns the query and the script. What happens in between is in `polling.py`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec
from starlette.responses import PlainTextResponse, Response

from ..protocol.errors import MalformedRequestError
from ..protocol.parsing import parse_messages

if TYPE_CHECKING:
    from starlette.requests import Request

    from ..options import Json, Options
    from .polling import Polling

__all__ = ("CallbackPolling", "callback_name", "script")

_DEFAULT: Final = "jsonpcallback"
_IDENTIFIER: Final = r"[A-Za-z_$][A-Za-z0-9_$]*"
_NAME: Final = re.compile(rf"{_IDENTIFIER}(\.{_IDENTIFIER})*")


class CallbackPolling:
    """The endpoint of the transport.

    Args:
        polling: Answers the requests.
        options: How long a URI may be, and how scripts are written.
    """

    def __init__(self, polling: Polling, options: Options) -> None:
        self._polling: Final = polling
        self._options: Final = options

    async def answer(self, request: Request) -> Response:
        """Answer one request, as soon as it is due."""
        if _uri_length(request) > self._options.max_uri_length:
            return PlainTextResponse(f"expected a URI of at most {self._options.max_uri_length} bytes", 414)
        try:
            name = callback_name(request.query_params.get("jsonp", _DEFAULT))
            messages = parse_messages(request.query_params.getlist("message"))
        except MalformedRequestError as error:
            return PlainTextResponse(str(error), 400)

        def write(messages: list[Json]) -> Response:
            body = script(name, messages, guarded=self._options.guarded_scripts)
            return Response(body, media_type="text/javascript;charset=UTF-8")

        return await self._polling.answer(request, messages, write, transport="callback-polling")


def _uri_length(request: Request) -> int:
    query: bytes = request.scope["query_string"]
    return len(request.scope["raw_path"]) + 1 + len(query)


def callback_name(name: str) -> str:
    """The name of the callback function. Anything but identifiers and dots would let the client write the script.

    Raises:
        MalformedRequestError: It is not the name of a function.
    """
    if _NAME.fullmatch(name) is None:
        raise MalformedRequestError(f"jsonp: expected the name of a function; got {name!r}")
    return name


def script(name: str, messages: list[Json], *, guarded: bool) -> bytes:
    """The script that passes messages to a function."""
    text = msgspec.json.encode(messages)
    if not guarded:
        return b"%s(%s);" % (name.encode(), text)
    # JSON allows both line separators in strings; JavaScript did not before 2019. The comment keeps the response from
    # beginning with bytes that the client chose.
    text = text.replace("\u2028".encode(), rb"\u2028").replace("\u2029".encode(), rb"\u2029")
    return b"/**/%s(%s);" % (name.encode(), text)
