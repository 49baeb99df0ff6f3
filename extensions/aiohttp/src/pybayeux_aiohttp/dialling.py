"""WebSockets of aiohttp: how one is opened, and how it looks to the transport.

Owns what the library's errors mean. Knows nothing of messages, cookies and authentication.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import aiohttp
from yarl import URL

from pybayeux import errors

from .socket import Socket

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("Answer", "Dialler")

_CLOSE_TIMEOUT: Final = 1.0
_LINE: Final = 2**16
_BODY: Final = 2**20
"""Bytes of a refusal that are read; its text is only for an error."""

_NONE: Final = 0
_SWITCHING: Final = 101
_HTTP: Final = {"ws": "http", "wss": "https"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said to an upgrade.

    Attributes:
        status: The status.
        headers: The headers.
        body: The body of a refusal.
        socket: The socket, if it was granted.
        failure: What is wrong with an answer that is neither a socket nor a plain refusal.
    """

    status: int
    headers: list[tuple[str, str]]
    body: bytes = b""
    socket: Socket | None = None
    failure: errors.TransportError | None = None


class Dialler:
    """Opens WebSockets.

    Args:
        redact: Takes secrets out of a text.
    """

    def __init__(self, redact: Callable[[str], str]) -> None:
        self._redact: Final = redact

    async def __call__(self, call: Any) -> Answer:
        """Connect and upgrade.

        Raises:
            TransportError: No connection, or no answer.
        """
        attempt = _Attempt()
        try:
            async with asyncio.timeout(call.open_timeout):
                websocket = await _connect(attempt.session, call)
        except BaseException as error:
            await attempt.end()
            if not isinstance(error, aiohttp.ClientError | OSError | ValueError):
                raise
            if attempt.status not in (_NONE, _SWITCHING):
                return Answer(attempt.status, attempt.headers, attempt.body)
            failure = _failure(error, self._redact, patience=call.open_timeout if attempt.connected else None)
            failure.__cause__ = error
            if attempt.status == _NONE:
                raise failure from error
            return Answer(attempt.status, attempt.headers, failure=failure)
        if (given := attempt.given_subprotocol) not in (None, call.subprotocol):
            await attempt.end()
            return Answer(attempt.status, attempt.headers, failure=_not_asked_for(self._redact(given)))
        socket = Socket(websocket, attempt.end, self._redact, call.max_message_size)
        return Answer(attempt.status, attempt.headers, socket=socket)


class _Refused(aiohttp.ClientError):
    """The server answered with another status than 101."""


class _Attempt:
    """One attempt, and what came of it. No other request is made with its session."""

    def __init__(self) -> None:
        self.connected = False
        self.status = _NONE
        self.headers: list[tuple[str, str]] = []
        self.body = b""
        self._response: aiohttp.ClientResponse | None = None
        tracing = aiohttp.TraceConfig()
        tracing.on_connection_create_end.append(self._note_connected)
        self.session: Final = aiohttp.ClientSession(
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(),
            skip_auto_headers=("Accept", "Accept-Encoding"),
            max_line_size=_LINE,
            max_field_size=_LINE,
            trace_configs=[tracing],
            middlewares=[self._look],
        )

    @property
    def given_subprotocol(self) -> str | None:
        """What the server says it speaks; the library looks past one that was not asked for."""
        return next((value for name, value in self.headers if name.lower() == "sec-websocket-protocol"), None)

    async def end(self) -> None:
        """Let go of everything that belongs to it, whatever came of it."""
        if self._response is not None:
            self._response.close()
        await self.session.close()

    async def _note_connected(self, session: Any, context: Any, params: Any) -> None:
        self.connected = True

    async def _look(self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        """Keep the answer; one that is no upgrade ends here, before the library would follow a redirect."""
        self._response = response = await handler(request)
        self.status = response.status
        self.headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in response.raw_headers]
        if response.status != _SWITCHING:
            self.body = await _beginning(response)
            raise _Refused
        return response


async def _beginning(response: aiohttp.ClientResponse) -> bytes:
    try:
        return await response.content.readexactly(_BODY)
    except asyncio.IncompleteReadError as error:
        return error.partial
    except aiohttp.ClientError:
        return b""


async def _connect(session: aiohttp.ClientSession, call: Any) -> aiohttp.ClientWebSocketResponse[Any]:
    scheme, separator, rest = call.url.partition("://")
    return await session.ws_connect(
        URL(f"{_HTTP.get(scheme, scheme)}{separator}{rest}", encoded=True),
        headers=call.headers,
        protocols=() if call.subprotocol is None else (call.subprotocol,),
        timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSE_TIMEOUT),
        heartbeat=call.ping_interval,
        ssl=True if call.ssl is None else call.ssl,
        compress=15 if call.compression else 0,
        # The library refuses from this size on.
        max_msg_size=0 if call.max_message_size is None else call.max_message_size + 1,
        decode_text=False,
    )


def _failure(error: Exception, redact: Callable[[str], str], *, patience: float | None) -> errors.TransportError:
    """The failure of an upgrade that was not answered, or not with a valid answer.

    Args:
        error: What happened.
        redact: Takes secrets out of a text.
        patience: How long the answer was waited for; None where there was not even a connection.
    """
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    text = f"{type(cause).__name__}: {redact(str(cause)) or 'no reason given'}"
    if isinstance(error, ValueError | aiohttp.NonHttpUrlClientError | aiohttp.ClientConnectorCertificateError):
        return errors.TransportError(text, unsent=True, fatal=True)
    if patience is None:
        return errors.TransportError(text, unsent=True)
    if isinstance(error, TimeoutError):
        return errors.TransportError(f"no answer to the upgrade within {patience:g} s", unsent=True, unavailable=True)
    return errors.TransportError(f"no WebSocket upgrade: {text}", unsent=True, unavailable=True)


def _not_asked_for(subprotocol: str) -> errors.TransportError:
    text = f"no WebSocket upgrade: the server answers with the subprotocol {subprotocol!r}"
    return errors.TransportError(text, unsent=True, unavailable=True)
