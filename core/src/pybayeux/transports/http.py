"""HTTP requests over httpx, from the extensions' hooks to the messages that came back.

Owns headers, cookies, authentication, redirects, and what makes an answer a failure. Does not know what a request
carries, nor how the messages are wrapped in an answer.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import httpx

from .._util.credentials import in_headers, in_url
from .._util.environment import check_tls_files, proxy_for
from ..errors import BayeuxError, TransportError, UsageError
from .base import TransportContext, TransportRequest, TransportResponse
from .body import MAX_RESPONSE_SIZE, Body, read_body
from .decoding import LARGE, read_messages, receive_large, refusals_in
from .direct_http import make_http_client
from .http_arguments import check_auth, check_headers, check_http
from .http_failures import network_failure, request_failure, response_of, status_failure
from .redirects import MOST_REDIRECTS, Redirect, anonymous_headers, read_redirect, without_secrets

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._util.redact import Redactor
    from .http_call import HttpCall

__all__ = ("HttpRequester",)

_ERROR_TEXT: Final = 10_000
"""Bytes of a body that are read for an error's text: far more than it has room for, so that no secret is cut in two."""


class _Target(NamedTuple):
    """An address that a call goes to, and whether the user's credentials are for it."""

    url: str
    trusted: bool


class _Answer(NamedTuple):
    """What came back; with a status other than 200 it is a failure, unless it holds replies that refuse."""

    body: Body
    failure: TransportError | None = None


class _HeaderSecrets:
    """Has the secrets in the headers of requests remembered. These are mostly the headers of the request before."""

    def __init__(self, redact: Redactor) -> None:
        self._redact: Final = redact
        self._headers: list[tuple[bytes, bytes]] | None = None
        self._secrets: tuple[str, ...] = ()

    def remember(self, headers: Any) -> None:
        """Remember the secrets in these headers, as httpx has them."""
        octets = getattr(headers, "raw", None)
        if octets is None or octets != self._headers:
            self._headers, self._secrets = octets, tuple(in_headers(headers))
        self._redact.remember(*self._secrets)


class HttpRequester:
    """Makes the requests of one transport.

    The cookies are the session's own, also where several clients share one httpx client: CometD ties a session to
    its cookie, and a second session in the same jar would take it away.

    Args:
        context: What the client gave to the transport.
        connection_type: The transport's name.
        unwrap: Returns the JSON in an answer's body; raises MessageDecodeError where there is none.
        max_response_size: Bytes of an answer's body, decompressed, beyond which the exchange fails and reads no
            further; None for no limit.

    Raises:
        UsageError: A limit less than one.
    """

    def __init__(
        self,
        context: TransportContext,
        connection_type: str,
        *,
        unwrap: Callable[[bytes], bytes] = bytes,
        max_response_size: int | None = MAX_RESPONSE_SIZE,
    ) -> None:
        if max_response_size is not None and max_response_size < 1:
            raise UsageError(f"transport {connection_type!r}: max_response_size={max_response_size} is less than 1")
        self._context: Final = context
        self._connection_type: Final = connection_type
        self._unwrap: Final = unwrap
        self._limit: Final = max_response_size
        self._given_secrets: Final = _HeaderSecrets(context.redact)
        self._sent_secrets: Final = _HeaderSecrets(context.redact)
        self._receiving: Final[list[asyncio.Future[None]]] = []
        self._owned: Final = context.http is None
        check_http(context.http)
        check_auth(context.auth)
        check_headers(context.headers)
        self._http: Final[Any] = context.http if context.http is not None else make_http_client()
        if not context.anonymous:
            context.cookies.seed(self._http.cookies)
        # Connecting, reading, writing, waiting for a connection of the pool: the session limits how long an answer may
        # take, for it knows how long the server may hold it; the user's httpx client would break every held connect
        # after five seconds. Without a connection, made or free, an exchange has to fail before the session gives it
        # up: what never left can be sent later.
        self._timeout: Final = (context.max_network_delay / 2, None, None, context.max_network_delay / 2)

    async def exchange(self, call: HttpCall) -> None:
        """Make a call, and have the messages received that come back.

        Replies that refuse are received whatever the status: Salesforce's state the cause of a denial, which the
        status does not.

        Raises:
            TransportError: No connection, an empty body or one that is too large, or a status other than 200 without
                replies that refuse.
            MessageDecodeError: A body that is not Bayeux.
        """
        answer = await self._fetch(call)
        if answer.failure is None:
            await self._receive(answer.body)
        elif replies := refusals_in(answer.body.content, self._unwrap):
            await self._context.receive(replies)
        else:
            raise answer.failure

    async def _receive(self, body: Body) -> None:
        if body.size <= LARGE:
            await self._context.receive(await read_messages(body.content, self._context, self._unwrap))
            return
        # A task of its own: the exchange may be cancelled, and what came with it is here all the same.
        receiving = asyncio.ensure_future(self._receive_large(body))
        self._receiving.append(receiving)
        receiving.add_done_callback(self._receiving.remove)
        await asyncio.shield(receiving)

    async def _receive_large(self, body: Body) -> None:
        if self._unwrap is bytes:
            await receive_large(body.pieces, self._context)
        else:
            await self._context.receive(await read_messages(body.content, self._context, self._unwrap))

    async def close(self) -> None:
        """Close the connections, unless the httpx client is the user's."""
        if self._receiving:
            for receiving in self._receiving:
                receiving.cancel()
            await asyncio.wait(self._receiving)
        if self._owned:
            await self._http.aclose()

    async def _fetch(self, call: HttpCall) -> _Answer:
        """The answer to a call, after the redirects on the way."""
        target = _Target(call.url, not self._context.anonymous)
        for _ in range(MOST_REDIRECTS + 1):
            response = await self._send(call, target)
            try:
                redirect = await self._redirect(response)
                if redirect is None or redirect.url is None:
                    return await self._content(response, redirect)
            finally:
                await response.aclose()
            target = _Target(redirect.url, target.trusted and redirect.same_origin)
        last = self._context.redact(without_secrets(target.url))
        raise TransportError(
            f"more than {MOST_REDIRECTS} redirects, the last one to {last}", status=response.status_code
        )

    # -- out

    async def _send(self, call: HttpCall, target: _Target) -> Any:
        request = await self._request(call, target)
        built = self._built(call, request, target)
        try:
            response = await self._http.send(built, stream=True, follow_redirects=False, **self._auth(target))
        except BayeuxError:
            raise
        except Exception as error:  # the library's own, or the user's authentication or hook
            response = response_of(error)
            if response is None:
                raise self._failure(error, request.url) from error
        self._sent_secrets.remember(response.request.headers)  # the library's own authentication too
        if setting := _octets_of(response.headers):
            self._context.cookies.take(str(response.url), setting)
            if self._owned:
                self._http.cookies.clear()  # else httpx adds its own to each request, for `_set_cookies` to remove
            else:
                _remove_unsendable(self._http.cookies)
        return response

    def _built(self, call: HttpCall, request: TransportRequest, target: _Target) -> Any:
        try:
            built = self._http.build_request(
                call.method, request.url, content=call.content, headers=request.headers, timeout=self._timeout
            )
            if not target.trusted:
                _remove_client_additions(built, request)
            self._set_cookies(built, request.headers.get("Cookie"), target)
        except Exception as error:
            raise request_failure(error, self._context.redact) from error
        return built

    def _failure(self, error: Exception, url: str) -> TransportError:
        """The failure of a request; raises what an argument or the environment is to blame for."""
        check_http(self._http)
        proxy = proxy_for(url) if self._owned else None
        failure = network_failure(error, self._context.redact, "" if proxy is None else f", through {proxy}")
        # The library does not say which file.
        if failure.fatal or isinstance(error, FileNotFoundError | PermissionError):
            check_tls_files()
        return failure

    async def _request(self, call: HttpCall, target: _Target) -> TransportRequest:
        """The request as it is after the hook `request`."""
        given = self._context.headers if target.trusted else anonymous_headers(self._context.headers)
        request = TransportRequest(target.url, httpx.Headers(given), self._connection_type)
        for name, value in call.headers.items():
            request.headers.setdefault(name, value)
        await self._context.on_request(request)
        secrets = (secret for secret in in_url(request.url) if secret not in call.public)
        self._context.redact.remember(*secrets)
        self._given_secrets.remember(request.headers)
        return request

    def _set_cookies(self, built: Any, given: str | None, target: _Target) -> None:
        """The session's cookies beside those of the `Cookie` header that was given; none of a shared jar."""
        built.headers.pop("Cookie", None)
        header = self._context.cookies.header(str(built.url), given, anonymous=not target.trusted)
        if header is None:
            return
        if header.isascii():
            built.headers["Cookie"] = header
        else:
            built.headers = type(built.headers)([*built.headers.raw, (b"Cookie", header.encode("latin-1"))])

    def _auth(self, target: _Target) -> dict[str, Any]:
        if not target.trusted:
            return {"auth": None}
        return {} if self._context.auth is None else {"auth": self._context.auth}

    # -- in

    async def _redirect(self, response: Any) -> Redirect | None:
        """Run the hook `response`, and return where the answer points, if it does."""
        url, status = str(response.url), response.status_code
        await self._context.on_response(TransportResponse(url, status, response.headers, self._connection_type))
        return read_redirect(status, url, response.headers.get("Location")) if status != 200 else None

    async def _content(self, response: Any, redirect: Redirect | None) -> _Answer:
        """The body of an answer that is not redirected further."""
        try:
            body = await self._body(response)
        except TransportError:
            if response.status_code == 200:
                raise
            body = Body(deque(), complete=False)  # the status says enough
        status = response.status_code
        if status != 200:
            text = body.content[:_ERROR_TEXT].decode("utf-8", "replace")
            return _Answer(body, status_failure(response, text, redirect, self._context.redact))
        if not body.complete:
            more = f"transport_options={{{self._connection_type!r}: {{'max_response_size': ...}}}} allows more"
            raise TransportError(f"an answer of more than max_response_size={self._limit} bytes; {more}", status=status)
        if not any(piece.strip() for piece in body.pieces):
            raise TransportError("an empty answer (HTTP 200)", status=status)
        return _Answer(body)

    async def _body(self, response: Any) -> Body:
        """The body, or as much of it as is allowed."""
        try:
            return await read_body(response, self._limit)
        except TransportError:
            raise
        except Exception as error:
            raise self._failure(error, str(response.url)) from error


def _remove_client_additions(built: Any, request: TransportRequest) -> None:
    """Remove headers and parameters that the user's HTTP client adds by itself: they may identify the user."""
    kept = {name.lower() for name in (*request.headers, *anonymous_headers(built.headers))}
    for name in [name for name in built.headers if name.lower() not in kept]:
        del built.headers[name]
    built.url = type(built.url)(request.url)


def _octets_of(headers: Any) -> list[tuple[str, str]]:
    """The cookies that headers set, and the server's time, by which they end; empty where there are no cookies.

    Each character stands for an octet: httpx guesses an encoding for all of them.
    """
    if "set-cookie" not in headers:
        return []
    return [
        (name.decode("ascii", "replace"), value.decode("latin-1"))
        for name, value in headers.raw
        if name.lower() in (b"set-cookie", b"date")
    ]


def _remove_unsendable(cookies: Any) -> None:
    """Remove the cookies that httpx takes and cannot send: each further request to their server would fail."""
    for cookie in [cookie for cookie in cookies.jar if not f"{cookie.name}{cookie.value}".isascii()]:
        cookies.jar.clear(cookie.domain, cookie.path, cookie.name)
