"""The routes of an org: which path has which handler."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.routing import Route

from pybayeux_devserver.toolkit import open_to_all_origins

from .api.fault_middleware import FaultMiddleware
from .api.oauth.grants import TokenEndpoint
from .api.oauth.routes import OAuth
from .api.rest import Rest
from .api.soap import Soap
from .streaming.endpoint import Endpoint

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from pybayeux_devserver.toolkit import Recorder

    from .faults.faults import OrgFaults
    from .org.hosts import Hosts
    from .publishing import Publisher
    from .state import OrgState
    from .streaming.engine import OrgEngine

__all__ = ("org_routes",)

_STREAMING: Final = ("/cometd", "/cometd/", "/cometd/{version}", "/cometd/{version}/")


def org_routes(
    state: OrgState, engine: OrgEngine, publisher: Publisher, faults: OrgFaults, recorder: Recorder, hosts: Hosts
) -> list[BaseRoute]:
    """The routes of an org."""
    middleware = FaultMiddleware(faults, recorder, hosts)

    def endpoint(request: Request) -> TokenEndpoint:
        return TokenEndpoint(hosts.instance_url, hosts.login_url, hosts.is_login_host(request))

    def route(
        path: str, handle: Callable[[Request, bytes], Response], *methods: str, everywhere: bool = False
    ) -> Route:
        async def answer(request: Request) -> Response:
            return await middleware.answer(request, handle, everywhere=everywhere)

        return Route(path, answer, methods=list(methods or ("GET",)))

    oauth, soap, rest = OAuth(state, endpoint), Soap(state, lambda: hosts.instance_url), Rest(state, publisher)
    streaming = Endpoint(state, engine, faults, recorder, hosts).answer
    data = "/services/data/v{version}"
    return [
        *(Route(path, open_to_all_origins(Route(path, streaming, methods=["POST"]))) for path in _STREAMING),
        route("/services/oauth2/token", oauth.token, "POST", everywhere=True),
        route("/services/oauth2/authorize", oauth.authorize, "GET", everywhere=True),
        route("/services/oauth2/revoke", oauth.revoke, "POST", everywhere=True),
        route("/services/oauth2/introspect", oauth.introspect, "POST", everywhere=True),
        route("/services/oauth2/userinfo", oauth.userinfo, "GET", "POST"),
        route("/id/{org_id}/{user_id}", oauth.userinfo, "GET", everywhere=True),
        *(
            route(f"/services/Soap/{wsdl}/{{version}}{end}", soap.login, "POST", everywhere=True)
            for wsdl in ("u", "c")
            for end in ("", "/")
        ),
        route("/services/data", rest.versions),
        route("/services/data/", rest.versions),
        route(data, rest.resources),
        route(f"{data}/", rest.resources),
        route(f"{data}/limits", rest.limits),
        route(f"{data}/query", rest.query),
        route(f"{data}/query/", rest.query),
        route(f"{data}/event/eventSchema/{{id}}", rest.event_schema),
        route(f"{data}/sobjects/{{name}}", rest.create, "POST"),
        route(f"{data}/sobjects/{{name}}/", rest.create, "POST"),
        route(f"{data}/sobjects/StreamingChannel/{{id}}/push", rest.push, "POST"),
    ]
