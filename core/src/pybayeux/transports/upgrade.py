"""The upgrade from HTTP to a WebSocket, and the server's answer to it (RFC 6455, section 4).

Owns headers, cookies and authentication of the upgrade, whichever library makes it. Knows nothing of messages.
"""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import httpx

from .._util.credentials import in_headers, in_url
from .._util.dates import parse_date
from .._util.tls import system_certificates
from .._util.urls import as_http, as_websocket
from ..errors import TransportError
from .base import TransportRequest, TransportResponse, UpgradeCall
from .http_arguments import check_auth, check_headers
from .http_failures import seconds_to_wait
from .set_cookie import as_octets
from .unreachable import unreachable

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from .._util.redact import Redactor
    from .base import Socket, TransportContext, UpgradeAnswer, WebSocketOptions

__all__ = ("Upgrade", "other_subprotocol", "refused_upgrade", "wrong_address")

_TYPE: Final = "websocket"
_OWN: Final = frozenset({"host", "connection", "upgrade", "content-length", "transfer-encoding", "cookie"})
"""Headers that are set here or by the library, like all whose names begin as those of the WebSocket itself."""
_OWN_PREFIX: Final = "sec-websocket-"
_PASSING: Final = frozenset({401, 407, 408, 425, 429, 500, 502, 503, 504})
"""Statuses that say nothing of WebSocket: who asks is not known, or the server is in trouble."""
_OF_THE_BODY: Final = frozenset({"content-encoding", "content-length"})


class _Refusal(NamedTuple):
    """An answer that is no upgrade, and the error that it is unless the authentication has an answer to it."""

    response: httpx.Response
    error: TransportError


class Upgrade:
    """Opens one socket.

    The user's authentication works as with httpx, answers to challenges included. One that makes requests to other
    addresses, to fetch a token, say, cannot do so here; the hook `request` is for that.

    Args:
        context: What the client gave to the transport.
        options: The user's options for the socket.
    """

    def __init__(self, context: TransportContext, options: WebSocketOptions) -> None:
        self._context: Final = context
        self._options: Final = options

    async def open(self) -> Socket:
        """Connect and upgrade.

        Raises:
            TransportError: No connection, or no upgrade.
        """
        url, first = await self._first_request()
        async with aclosing(_as_auth(self._context.auth).async_auth_flow(first)) as flow:
            request = await anext(flow)
            while True:
                _check_target(request, first)
                answer = await self._ask(url, request.headers)
                if not isinstance(answer, _Refusal):
                    return answer
                answer.response.request = request
                try:
                    request = await flow.asend(answer.response)
                except StopAsyncIteration:
                    raise answer.error from answer.error.__cause__

    # -- out

    async def _first_request(self) -> tuple[str, httpx.Request]:
        """The address and the request after the hook `request`, in the form that httpx's authentication takes."""
        check_auth(self._context.auth)
        check_headers(self._context.headers)
        asked = as_websocket(self._context.url)
        request = TransportRequest(asked, httpx.Headers(self._context.headers), _TYPE)
        await self._context.on_request(request)
        url = as_websocket(request.url)
        self._context.redact.remember(*in_url(url))
        try:
            return url, httpx.Request("GET", as_http(url), headers=request.headers)
        except httpx.InvalidURL as error:
            raise wrong_address(error, self._context.redact) from error

    async def _ask(self, url: str, headers: httpx.Headers) -> Socket | _Refusal:
        answer = await self._dial(self._call(url, self._headers(url, headers)))
        try:
            response = await self._answered(url, answer)
            if answer.failure is not None:
                raise answer.failure
            if answer.socket is None:
                return _Refusal(response, refused_upgrade(response, self._context.redact))
            if answer.socket.subprotocol != self._options.subprotocol:
                raise other_subprotocol(self._options.subprotocol, answer.socket.subprotocol)
        except BaseException:
            if answer.socket is not None:
                await answer.socket.abort()
            raise
        return answer.socket

    async def _dial(self, call: UpgradeCall) -> UpgradeAnswer:
        if self._context.dial is not None:
            try:
                answer = await self._context.dial(call)
            except (OSError, ValueError) as error:
                raise unreachable(error, self._context.redact) from error
            if answer is not None:
                return answer
        from .dialling import Dialler  # `websockets` takes time to import, and may never be needed

        return await Dialler(self._context.redact)(call)

    def _headers(self, url: str, headers: httpx.Headers) -> list[tuple[str, str]]:
        cookies = self._context.cookies.header(url, headers.get("Cookie"), anonymous=self._context.anonymous)
        sent = [(name, value) for name, value in headers.multi_items() if not _is_own(name)]
        sent += [] if cookies is None else [("Cookie", cookies)]
        self._context.redact.remember(*in_headers(_headers_of(sent)))
        return sent

    def _call(self, url: str, headers: list[tuple[str, str]]) -> UpgradeCall:
        options = self._options
        trust = system_certificates() if options.ssl is None and url.startswith("wss:") else options.ssl
        return UpgradeCall(
            url,
            headers,
            subprotocol=options.subprotocol,
            compression=options.compression,
            max_message_size=options.max_message_size,
            open_timeout=options.open_timeout,
            ping_interval=options.ping_interval,
            ping_timeout=options.ping_timeout,
            ssl=trust,
        )

    # -- in

    async def _answered(self, url: str, answer: UpgradeAnswer) -> httpx.Response:
        """Keep the cookies of an answer, and run the hook `response`."""
        self._context.cookies.take(url, answer.headers)
        headers = _headers_of(answer.headers)
        await self._context.on_response(TransportResponse(url, answer.status, headers, _TYPE))
        # Without Content-Encoding: the library has asked for none, and the text is only for an error.
        plain = [(name, value) for name, value in answer.headers if name.lower() not in _OF_THE_BODY]
        return httpx.Response(answer.status, headers=_headers_of(plain), content=answer.body)


class _CallableAuth(httpx.Auth):
    def __init__(self, change: Any) -> None:
        self._change = change

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        yield self._change(request)


def _as_auth(auth: Any) -> httpx.Auth:
    """Authentication in any form that httpx takes."""
    if auth is None:
        return httpx.Auth()
    if isinstance(auth, tuple | list):
        return httpx.BasicAuth(*auth)
    return auth if hasattr(auth, "async_auth_flow") else _CallableAuth(auth)


def _check_target(request: httpx.Request, first: httpx.Request) -> None:
    if request.url != first.url:
        raise TransportError(
            f"the authentication wants to ask {request.url.host} first, which a WebSocket cannot",
            unsent=True,
            unavailable=True,
        )


def _headers_of(pairs: Iterable[tuple[str, str]]) -> httpx.Headers:
    """Headers with octets beyond ASCII, which httpx takes as bytes only."""
    return httpx.Headers([(name.encode("latin-1"), as_octets(value).encode("latin-1")) for name, value in pairs])


def _is_own(name: str) -> bool:
    return name.lower() in _OWN or name.lower().startswith(_OWN_PREFIX)


def wrong_address(error: Exception, redact: Redactor) -> TransportError:
    """The failure of an upgrade to an address that is none."""
    return TransportError(f"{type(error).__name__}: {redact(str(error))}", unsent=True, fatal=True)


def refused_upgrade(response: httpx.Response, redact: Redactor) -> TransportError:
    """The failure of an upgrade that was answered with another status than 101."""
    status = response.status_code
    return TransportError(
        f"no WebSocket upgrade: HTTP {status} {response.reason_phrase}".rstrip(),
        status=status,
        body=redact(response.text),
        retry_after=seconds_to_wait(response.headers.get("Retry-After"), parse_date(response.headers.get("Date"))),
        unsent=True,
        unavailable=status not in _PASSING,
    )


def other_subprotocol(wanted: str | None, chosen: str | None) -> TransportError:
    """The failure of an upgrade without the subprotocol that was asked for."""
    return TransportError(
        f"the server does not speak the WebSocket subprotocol {wanted!r}: it chose {chosen!r}",
        unsent=True,
        unavailable=True,
    )
