"""The HTTP server that a browser is sent back to after a login (RFC 8252, section 7.3).

It listens on loopback addresses alone, waits for one answer with the right state, and shows a page that may be closed.
"""

from __future__ import annotations

import asyncio
import errno
import hmac
import os
import socket
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from ..errors import LoginMisconfiguredError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType
    from typing import Self
    from urllib.parse import SplitResult

__all__ = ("CallbackServer",)

_ADDRESSES: Final = {"localhost": ("127.0.0.1", "::1"), "127.0.0.1": ("127.0.0.1",), "::1": ("::1",)}
"""Where to listen for each host. Which of the two addresses of localhost a browser tries first is its own choice."""
_ATTEMPTS: Final = 5
_POLL_INTERVAL: Final = 0.05
_PAGE: Final = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>pybayeux</title>
<h1>{title}</h1>
<p>{text}</p>
"""
_HEADERS: Final = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; img-src data:",
    "Referrer-Policy": "no-referrer",  # the address has the code
}


class _Page(NamedTuple):
    """What a browser is shown, and the answer that it brought, if it is the one that is waited for."""

    status: int
    title: str
    text: str
    answer: Mapping[str, str] | None = None


class CallbackServer:
    """Waits for a browser.

    ::

        async with CallbackServer("http://localhost:1717/OauthRedirect", state) as server:
            ...  # send the browser away, with server.redirect_uri
            answer = await server.answer()

    Args:
        redirect_uri: Where it listens; without a port, or with port 0, the operating system chooses one.
        state: What the answer has to have as its ``state``.

    Attributes:
        redirect_uri: The same with the port.

    Raises:
        LoginMisconfiguredError: The URL is not that of this machine, or another program listens there.
    """

    def __init__(self, redirect_uri: str, state: str) -> None:
        self._url: Final = urlsplit(redirect_uri)
        self._state: Final = state
        self._servers: Final[list[ThreadingHTTPServer]] = []
        self.redirect_uri: str = redirect_uri
        if not _is_loopback(self._url):
            raise LoginMisconfiguredError(
                f"redirect URI: expected http://localhost:PORT/PATH or http://127.0.0.1:PORT/PATH; got {redirect_uri!r}"
            )

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._answer: asyncio.Future[Mapping[str, str]] = self._loop.create_future()
        try:
            self._listen()
        except BaseException:
            self._close()
            raise
        for server in self._servers:
            Thread(target=server.serve_forever, args=(_POLL_INTERVAL,), daemon=True).start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers:
            server.shutdown()  # within the poll interval
        self._close()

    async def answer(self) -> Mapping[str, str]:
        """Wait for the browser, and return the parameters that it brings: a ``code`` or an ``error``."""
        return await self._answer

    def _listen(self) -> None:
        """Listen on each address of the host, with one port; if it is chosen, then with one that is free on each."""
        asked = self._url.port or 0
        for attempt in range(_ATTEMPTS):
            try:
                self._bind(asked)
            except OSError as error:
                self._close()
                if asked or not _is_taken(error) or attempt + 1 == _ATTEMPTS:
                    raise LoginMisconfiguredError(
                        f"port {asked} of {self._url.hostname}: {error.strerror}; choose another one with --port, "
                        "which the app has to allow in its callback URL"
                    ) from error
            else:
                return

    def _bind(self, port: int) -> None:
        host = self._url.hostname or ""
        for address in _ADDRESSES[host]:
            try:
                self._servers.append(_server(address, port, self._page, self._shown))
            except OSError as error:
                if not self._servers or _is_taken(error):
                    raise
                continue  # this machine has no IPv6
            port = self._servers[0].server_address[1]
        self.redirect_uri = self._url._replace(netloc=f"{f'[{host}]' if ':' in host else host}:{port}").geturl()

    def _close(self) -> None:
        while self._servers:
            self._servers.pop().server_close()

    def _page(self, target: str) -> _Page:
        """The page for a GET of the browser. Called in the thread of its connection."""
        parts = urlsplit(target)
        if parts.path != (self._url.path or "/"):
            return _Page(404, "Not found", "There is nothing here.")
        given = dict(parse_qsl(parts.query))
        if not hmac.compare_digest(given.get("state", "").encode(), self._state.encode()):
            # Not the answer that is waited for: another page or program has made it up, or it is an old one.
            return _Page(400, "Not this login", "This answer belongs to another login. The login is waiting on.")
        if given.keys().isdisjoint({"code", "error"}):
            return _Page(400, "Incomplete", "This answer has neither a code nor an error. The login is waiting on.")
        if "error" in given:
            return _Page(200, "Not logged in", "The terminal says why. You may close this page.", given)
        return _Page(200, "Done", "Return to the terminal. You may close this page.", given)

    def _shown(self, page: _Page) -> None:
        """Take the answer now that its page was sent: after the login this program may end."""
        if page.answer is not None:
            with suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._take, page.answer)

    def _take(self, given: Mapping[str, str]) -> None:
        if not self._answer.done():
            self._answer.set_result(given)


def _is_loopback(url: SplitResult) -> bool:
    """Whether this program can listen at a URL, and no other machine reaches it there."""
    try:
        _ = url.port
    except ValueError:  # it is no number, or too large
        return False
    plain = url.scheme == "http" and not (url.query or url.fragment or url.username)
    return plain and url.hostname in _ADDRESSES


def _is_taken(error: OSError) -> bool:
    return error.errno in (errno.EADDRINUSE, errno.EACCES)


def _server(
    address: str, port: int, make: Callable[[str], _Page], shown: Callable[[_Page], None]
) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        timeout = 10
        """Seconds. Browsers open connections that they do not use."""

        def do_GET(self) -> None:
            page = make(self.path)
            body = _PAGE.format(title=page.title, text=page.text).encode()
            self.send_response(page.status)
            for name, value in _HEADERS.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            shown(page)

        def log_message(self, format: str, *args: Any) -> None:
            """Log nothing: the address has the code."""

    class Server(ThreadingHTTPServer):
        address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        daemon_threads = True
        block_on_close = False
        allow_reuse_address = os.name == "posix"  # on Windows it would let another program share the port

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Ignore a browser that hangs up."""

    return Server((address, port), Handler)
