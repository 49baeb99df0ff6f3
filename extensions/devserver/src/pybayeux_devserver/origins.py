"""The origins of requests: what pages of other origins may use, and what they may not.

Owns two rules. The Bayeux endpoint is open to pages of every origin, since a page under development comes from another
port (`open_to_all_origins`). The control interface is closed to them, because any page that a developer visits can send
requests to this machine (`ControlGuard`). It does not know what a request means.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from starlette.middleware.cors import CORSMiddleware
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ("ControlGuard", "is_cross_origin", "open_to_all_origins")

_FETCHED_ELSEWHERE: Final = ("cross-site", "same-site")
"""The values of ``Sec-Fetch-Site`` for pages of other origins. Another port of the same host is the same site."""


def open_to_all_origins(app: ASGIApp) -> ASGIApp:
    """An application whose responses pages of every origin may read. It answers their preflights (``OPTIONS``).

    CometD's JavaScript client sends credentials, so the origin is named: browsers refuse ``*`` then.
    """
    return CORSMiddleware(
        app,
        allow_origin_regex=".*",
        allow_methods=("GET", "POST"),
        allow_headers=("*",),
        allow_credentials=True,
        allow_private_network=True,
    )


def is_cross_origin(connection: HTTPConnection) -> bool:
    """Whether a browser sent a request or an upgrade for a page of another origin.

    Programs send neither header. Scripts and images of a page have no ``Origin``.
    """
    own = f"http://{connection.headers.get('host', '')}"
    return (
        connection.headers.get("sec-fetch-site") in _FETCHED_ELSEWHERE or connection.headers.get("origin", own) != own
    )


class ControlGuard:
    """An ASGI application that refuses requests of pages of other origins, with 403, and passes on all others.

    A page whose name is made to resolve to this machine (DNS rebinding) has the origin of the server, but its ``Host``
    is that name. IP addresses cannot be rebound.

    Args:
        app: The application to guard.
        names: The host names that the server is known by, besides ``localhost``.
    """

    def __init__(self, app: ASGIApp, names: Collection[str] = ()) -> None:
        self._app: Final = app
        self._names: Final = frozenset(name.lower() for name in names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, as ASGI has it."""
        refusal = self._refusal(HTTPConnection(scope))
        app = self._app if refusal is None else PlainTextResponse(f"{refusal}\n", 403)
        await app(scope, receive, send)

    def _refusal(self, connection: HTTPConnection) -> str | None:
        host = connection.headers.get("host", "")
        if not self._is_known(host):
            port = connection.scope["server"][1]
            return (
                f"Host: {host!r} is not a name of this server, so a page may have been made to look local; "
                f"use http://127.0.0.1:{port}, or start the server with --host and this name"
            )
        if is_cross_origin(connection):
            named = [name for name in ("Origin", "Sec-Fetch-Site") if name in connection.headers]
            headers = ", ".join(f"{name}: {connection.headers[name]!r}" for name in named)
            return (
                f"{headers}: the control interface refuses pages of other origins; "
                "send the request without a browser, or from a page of this server"
            )
        return None

    def _is_known(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        return name == "localhost" or name.endswith(".localhost") or name in self._names or _is_address(name)


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
