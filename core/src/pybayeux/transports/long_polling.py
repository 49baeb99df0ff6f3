"""Long-polling over httpx: a POST for each exchange (Bayeux 1.0, section 6.1)."""

from __future__ import annotations

import ssl
from typing import Any, Final

import httpx

from ..credentials import in_headers, in_url
from ..errors import MessageDecodeError, TransportError
from ..message import Message, decode, encode
from .base import TransportContext, TransportRequest, TransportResponse
from .retry_after import seconds_to_wait

__all__ = ("LongPolling",)

_UNSENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class LongPolling:
    """The transport that every server has.

    The cookies are the session's own, also where several clients share one httpx client: CometD ties a session to
    its cookie, and a second session in the same jar would take it away.
    """

    connection_type: Final = "long-polling"

    def __init__(self, context: TransportContext) -> None:
        self._context: Final = context
        self._owned: Final = context.http is None
        self._http: Any = context.http if context.http is not None else httpx.AsyncClient()
        context.cookies.seed(self._http.cookies)
        # Connecting, reading, writing, queueing: how long an answer may take is the session's business, which knows
        # what the server was told; the user's httpx client would break every held connect after five seconds.
        self._timeout: Final = (context.max_network_delay, None, None, None)

    async def send(self, messages: list[Message]) -> None:
        """Post these messages as one array and receive the array that comes back.

        Raises:
            TransportError: No connection, a status other than 200, or an empty body.
            MessageDecodeError: A body that is no Bayeux.
        """
        response = await self._post(encode(messages))
        await self._context.on_response(
            TransportResponse(str(response.url), response.status_code, response.headers, self.connection_type)
        )
        self._check(response)
        try:
            replies = decode(response.content)
        except MessageDecodeError as error:
            # The error's own text is what came from the wire: only the redacted one goes on, and a secret that a
            # cut has maimed would not be known again.
            raise MessageDecodeError(error.why, self._context.redact(response.text[:2000])) from None
        await self._context.receive(replies)

    async def close(self) -> None:
        """Close the connections, unless the httpx client is the user's."""
        if self._owned:
            await self._http.aclose()

    async def _post(self, body: bytes) -> httpx.Response:
        request = TransportRequest(self._context.url, httpx.Headers(self._context.headers), self.connection_type)
        request.headers.setdefault("Content-Type", "application/json;charset=UTF-8")
        await self._context.on_request(request)
        self._context.redact.remember(*in_url(request.url), *in_headers(request.headers))
        try:
            built = self._http.build_request(
                "POST", request.url, content=body, headers=request.headers, timeout=self._timeout
            )
            self._set_cookies(built, request.headers.get("Cookie"))
            response: httpx.Response = await self._http.send(built, **self._auth())
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise self._failure(error) from error
        self._context.redact.remember(*in_headers(response.request.headers))  # the library's own authentication too
        self._context.cookies.take(str(response.url), response.headers.multi_items())
        return response

    def _set_cookies(self, built: httpx.Request, given: str | None) -> None:
        """The session's cookies beside those of the `Cookie` header that was given; none of a shared jar."""
        built.headers.pop("Cookie", None)
        if (header := self._context.cookies.header(str(built.url), given)) is not None:
            built.headers["Cookie"] = header

    def _auth(self) -> dict[str, Any]:
        return {} if self._context.auth is None else {"auth": self._context.auth}

    def _check(self, response: httpx.Response) -> None:
        status = response.status_code
        if status != 200:
            raise TransportError(
                f"HTTP {status} {response.reason_phrase}".rstrip(),
                status=status,
                body=self._context.redact(response.text),
                retry_after=seconds_to_wait(response.headers.get("Retry-After")),
            )
        if not response.content.strip():
            raise TransportError("an empty answer (HTTP 200)", status=status)

    def _failure(self, error: Exception) -> TransportError:
        text = self._context.redact(str(error)) or "no reason given"
        return TransportError(
            f"{type(error).__name__}: {text}", fatal=_is_fatal(error), unsent=isinstance(error, _UNSENT)
        )


def _is_fatal(error: BaseException) -> bool:
    """Whether to try again cannot help: a certificate that does not verify, a URL that is none."""
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol):
        return True
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
