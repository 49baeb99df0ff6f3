"""The control interface: JSON over HTTP under ``/control``, for demos and for tests in other languages.

Owns its routes. The actions are methods of the server, of its faults and of its tokens.

=========================  ===========================================================================
``GET /control/``          the server's URL, its sessions and their subscriptions
``POST publish``           ``{"channel": ..., "data": ...}``; returns the replay id
``POST faults/<name>``     a method of `Faults`, with its arguments as an object
``POST tokens``            ``{"lifetime": seconds}``, which is optional; returns a new token
``DELETE tokens``          every token expires
``GET requests``           the recorded requests and replies; ``DELETE`` forgets them
``POST restart``           ``{"pause": seconds}``
=========================  ===========================================================================
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import msgspec
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from .origins import ControlGuard

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from .server import DevServer

__all__ = ("control_routes",)

_FAULTS: Final = (
    "answer_instead",
    "clear",
    "close_websockets",
    "delay_replies",
    "disconnect_sessions",
    "drop_sessions",
    "expire_token",
    "hang_websocket",
    "hold_replies",
    "lose_replies",
    "lose_requests",
    "refuse_websocket",
    "release_replies",
    "truncate_replies",
    "unavailable",
)


def control_routes(server: DevServer, host: str) -> Mount:
    """The routes of the control interface of a server, which pages of other origins cannot use.

    Args:
        server: The server.
        host: The address or name that it listens on.
    """

    def route(method: str, path: str, act: Callable[..., Any]) -> Route:
        async def answer(request: Request) -> Response:
            return _answer(server, act, request.path_params, await request.body())

        return Route(path, answer, methods=[method])

    return Mount(
        "/control",
        routes=[
            route("GET", "/", _overview),
            route("POST", "/publish", _publish),
            route("POST", "/faults/{fault}", _fault),
            route("POST", "/tokens", _issue_token),
            route("DELETE", "/tokens", _expire_tokens),
            route("GET", "/requests", _requests),
            route("DELETE", "/requests", _forget_requests),
            route("POST", "/restart", _restart),
        ],
        middleware=[Middleware(ControlGuard, names=(host,))],
    )


def _answer(server: DevServer, act: Callable[..., Any], path: dict[str, str], body: bytes) -> Response:
    try:
        arguments = msgspec.json.decode(body or b"{}", type=dict[str, Any])
        answer = act(server, **path, **arguments)
    except (TypeError, ValueError, LookupError, msgspec.MsgspecError) as error:
        return PlainTextResponse(f"{error}\n", 400)
    return Response(msgspec.json.encode(answer), media_type="application/json")


def _overview(server: DevServer) -> Any:
    sessions = [
        {
            "clientId": session.client_id,
            "subscriptions": sorted(map(str, session.subscriptions)),
            "held": session.hold is not None,
        }
        for session in server.engine.sessions
    ]
    return {"url": server.url, "sessions": sessions}


def _publish(server: DevServer, *, channel: str, data: Any) -> Any:
    return {"replayId": server.engine.publish(channel, data)}


def _fault(server: DevServer, *, fault: str, **arguments: Any) -> Any:
    if fault not in _FAULTS:
        raise LookupError(f"fault: expected one of {', '.join(_FAULTS)}; got {fault!r}")
    return getattr(server.faults, fault)(**arguments)


def _issue_token(server: DevServer, *, lifetime: float | None = None) -> Any:
    return {"token": server.tokens.issue(lifetime)}


def _expire_tokens(server: DevServer) -> Any:
    return server.faults.expire_token()


def _requests(server: DevServer) -> Any:
    return [asdict(request) for request in server.recorder.requests]


def _forget_requests(server: DevServer) -> Any:
    return server.recorder.clear()


def _restart(server: DevServer, *, pause: float = 0.2) -> Any:
    return server.restart_soon(pause)
