"""The control interface: JSON over HTTP under ``/control``, for demos and for tests in other languages.

Owns its routes. The actions are methods of the org, under the same names.

===============================  ==============================================================================
``GET /control/``                the org: its URLs, its sessions, its channels, its logins
``GET /control/credentials``     the credentials of the default app and its user
``GET /control/requests``        the recorded requests and replies; ``DELETE`` forgets them
``GET /control/published``       every published event, by channel
``GET /control/logins``          every attempt to log in
``GET /control/oracles``         the rules that the requests broke
``POST /control/<action>``       a method of `SalesforceEmulator`, with its arguments as an object:
                                 ``{"channel": "/event/Order__e", "payload": {"Number__c": 1}}`` for ``publish``
===============================  ==============================================================================
"""

from __future__ import annotations

import inspect
import re
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import msgspec
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from pybayeux_devserver.toolkit import ControlGuard

from . import oracles
from .streaming.endpoint import json_response

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from starlette.requests import Request
    from starlette.responses import Response

    from .emulator import SalesforceEmulator

__all__ = ("ACTIONS", "control_routes")

_METHOD: Final = re.compile(r"^[\w.]+\(\) ")

ACTIONS: Final = (
    "add_app",
    "add_user",
    "advance",
    "backlog",
    "busy",
    "change_records",
    "clear_faults",
    "cut_connections",
    "define",
    "define_object",
    "expire",
    "fail_next",
    "forget",
    "issue_token",
    "jump",
    "kill_sessions",
    "migrate",
    "publish",
    "publish_change",
    "publish_transaction",
    "purge",
    "quota",
    "rebalance",
    "revoke",
)


def control_routes(org: SalesforceEmulator, names: Collection[str]) -> Mount:
    """The routes of the control interface of an org, which pages of other origins cannot use.

    Args:
        org: The org.
        names: The names and addresses that it listens on.
    """

    def view(path: str, look: Callable[[SalesforceEmulator], Any]) -> Route:
        async def answer(request: Request) -> Response:
            return json_response(look(org))

        return Route(path, answer, methods=["GET"])

    async def act(request: Request) -> Response:
        return await _act(org, request.path_params["action"], await request.body())

    async def forget(request: Request) -> Response:
        org.recorder.clear()
        return json_response(None)

    return Mount(
        "/control",
        routes=[
            view("/", _overview),
            view("/credentials", _credentials),
            view("/requests", _requests),
            Route("/requests", forget, methods=["DELETE"]),
            view("/published", _published),
            view("/logins", lambda org: [asdict(login) for login in org.login_history]),
            view("/oracles", lambda org: oracles.violations(org.requests)),
            Route("/{action}", act, methods=["POST"]),
        ],
        middleware=[Middleware(ControlGuard, names=names)],
    )


async def _act(org: SalesforceEmulator, action: str, body: bytes) -> Response:
    if action not in ACTIONS:
        return PlainTextResponse(f"expected one of {', '.join(ACTIONS)}; got {action!r}\n", 400)
    try:
        arguments = msgspec.json.decode(body or b"{}", type=dict[str, Any])
        answer = getattr(org, action)(**arguments)
        return json_response(await answer if inspect.isawaitable(answer) else answer)
    except (TypeError, ValueError, LookupError, msgspec.MsgspecError) as error:
        return PlainTextResponse(f"{_text(error)}\n", 400)


def _text(error: Exception) -> str:
    if isinstance(error, TypeError):  # of a wrong argument it begins with the name of a method of Python
        return _METHOD.sub("", str(error))
    # The text of a KeyError is its argument's repr.
    return str(error.args[0]) if isinstance(error, LookupError) and error.args else str(error)


def _overview(org: SalesforceEmulator) -> Any:
    sessions = [
        {
            "clientId": session.client_id,
            "username": session.username,
            "subscriptions": sorted(session.subscriptions),
            "held": session.hold is not None,
        }
        for session in org.sessions
    ]
    return {
        "url": org.url,
        "loginUrl": org.login_url,
        "endpoint": org.endpoint,
        "orgId": org.org_id,
        "instanceName": org.instance_name,
        "time": org.now,
        "channels": sorted(org.channels),
        "sessions": sessions,
        "logins": org.logins,
        "faultKinds": org.fault_kinds,
    }


def _credentials(org: SalesforceEmulator) -> Any:
    credentials = org.credentials
    return {**asdict(credentials), "token_url": credentials.token_url, "private_key": credentials.private_key}


def _requests(org: SalesforceEmulator) -> Any:
    return [{**asdict(request), "body": request.body.decode(errors="replace")} for request in org.requests]


def _published(org: SalesforceEmulator) -> Any:
    return {channel: [event._asdict() for event in events] for channel, events in org.published.items()}
