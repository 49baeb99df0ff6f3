"""The control interface: JSON over HTTP under ``/control``, for demos and for tests in other languages.

Owns its routes. The actions are methods of the server, of its faults and of its tokens.

=========================  ===========================================================================
``GET /control/``          the server's URL and offer, its sessions, and its channels with subscribers
``GET traffic``            a stream of server-sent events: each message that passes, see `Traffic`
``GET faults``             the faults with their arguments
``POST publish``           ``{"channel": ..., "data": ...}``, if wanted ``replay_id`` and ``ext``; returns the replay id
``POST faults/<name>``     a method of `Faults`, with its arguments as an object
``POST tokens``            ``{"lifetime": seconds}``, which is optional; returns a new token
``DELETE tokens``          every token expires
``GET requests``           the recorded requests and replies; ``DELETE`` forgets them
``POST restart``           ``{"pause": seconds}``
=========================  ===========================================================================
"""

from __future__ import annotations

import inspect
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from .event_stream import TrafficResponse
from .faults.catalogue import FAULTS, describe_faults
from .origins import ControlGuard
from .protocol.ack import AckQueue
from .protocol.replies import advice_to_retry

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from .protocol.sessions import Session
    from .server import DevServer

__all__ = ("control_routes",)


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

    async def traffic(request: Request) -> Response:
        return TrafficResponse(server.recorder.traffic, request.headers.get("last-event-id", ""))

    return Mount(
        "/control",
        routes=[
            route("GET", "/", _overview),
            Route("/traffic", traffic, methods=["GET"]),
            route("POST", "/publish", _publish),
            route("GET", "/faults", _faults),
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
        answer = _call(act, server, **path, **arguments)
    except (TypeError, ValueError, LookupError, msgspec.MsgspecError) as error:
        return PlainTextResponse(f"{error}\n", 400)
    return Response(msgspec.json.encode(answer), media_type="application/json")


def _call(act: Callable[..., Any], /, *args: Any, **arguments: Any) -> Any:
    inspect.signature(act).bind(*args, **arguments)  # its error names the argument, and not the function
    return act(*args, **arguments)


def _overview(server: DevServer) -> Any:
    options, sessions = server.engine.options, server.engine.sessions
    subscribers = Counter(str(channel) for session in sessions for channel in session.subscriptions)
    return {
        "url": server.url,
        "connectionTypes": options.connection_types,
        "advice": advice_to_retry(options),
        "ext": {"ack": options.ack, "replay": bool(options.replay_channels), "tokens": server.tokens.required},
        "planned": server.faults.planned,
        "sessions": [_session(session) for session in sessions],
        "channels": [{"channel": channel, "subscribers": subscribers[channel]} for channel in sorted(subscribers)],
    }


def _session(session: Session) -> Any:
    return {
        "clientId": session.client_id,
        "connectionType": session.connection_type,
        "subscriptions": sorted(map(str, session.subscriptions)),
        "held": session.hold is not None,
        "queued": len(session.queue),
        "ack": isinstance(session.queue, AckQueue),
    }


def _publish(
    server: DevServer, *, channel: str, data: Any, replay_id: int | None = None, ext: dict[str, Any] | None = None
) -> Any:
    return {"replayId": server.engine.publish(channel, data, replay_id=replay_id, ext=ext)}


def _faults(_server: DevServer) -> Any:
    return describe_faults()


def _fault(server: DevServer, *, fault: str, **arguments: Any) -> Any:
    if fault not in FAULTS:
        raise LookupError(f"fault: expected one of {', '.join(FAULTS)}; got {fault!r}")
    return _call(getattr(server.faults, fault), **arguments)


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
