"""The routes of an org: which path has which handler."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.routing import Route

from pybayeux_devserver.toolkit import open_to_all_origins

from .api.bulk_queries import BulkQueries
from .api.describe import Describe
from .api.fault_middleware import FaultMiddleware
from .api.gate import RestGate
from .api.oauth.authorize import Authorize
from .api.oauth.grants import TokenEndpoint
from .api.oauth.routes import OAuth
from .api.queries import Queries, organization, usage_metrics
from .api.record_queries import RecordQueries
from .api.records import Records, Table
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

_ENDS: Final = ("", "/")
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

    browser = Authorize(state)
    oauth, soap = OAuth(state, endpoint), Soap(state, lambda: hosts.instance_url)
    streaming = Endpoint(state, engine, faults, recorder, hosts).answer
    return [
        *(Route(path, open_to_all_origins(Route(path, streaming, methods=["POST"]))) for path in _STREAMING),
        route("/services/oauth2/token", oauth.token, "POST", everywhere=True),
        route("/services/oauth2/authorize", browser.show, "GET", everywhere=True),
        route("/services/oauth2/authorize", browser.decide, "POST", everywhere=True),
        route("/setup/connect", browser.show_device, "GET", everywhere=True),
        route("/setup/connect", browser.decide_device, "POST", everywhere=True),
        route("/services/oauth2/revoke", oauth.revoke, "POST", everywhere=True),
        route("/services/oauth2/introspect", oauth.introspect, "POST", everywhere=True),
        route("/services/oauth2/userinfo", oauth.userinfo, "GET", "POST"),
        route("/id/{org_id}/{user_id}", oauth.userinfo, "GET", everywhere=True),
        *(
            route(f"/services/Soap/{wsdl}/{{version}}{end}", soap.login, "POST", everywhere=True)
            for wsdl in ("u", "c")
            for end in ("", "/")
        ),
        *_rest_routes(state, publisher, route),
    ]


def _rest_routes(state: OrgState, publisher: Publisher, route: Callable[..., Route]) -> list[Route]:
    """The routes of the REST API and of the Tooling API. Each of them with and without a slash at its end."""
    channels: dict[str, Table] = {
        "PlatformEventChannel": state.channel_records,
        "PlatformEventChannelMember": state.channel_members,
    }
    records, tooling = Records({"PushTopic": state.push_topics}, "sobjects"), Records(channels, "tooling/sobjects")
    tables = {
        "Organization": lambda: organization(state),
        "PlatformEventUsageMetric": lambda: usage_metrics(state),
        "PushTopic": state.push_topics.records,
    }
    queries, bulk = RecordQueries(state, Queries(state, tables).query), BulkQueries(state)
    tooling_queries = Queries(state, {name: table.records for name, table in channels.items()}, path="tooling/sobjects")
    describe, rest, gate = Describe(state), Rest(state, publisher, records), RestGate(state)
    guarded: list[tuple[str, Callable[[Request, bytes], Response], str]] = [
        ("", rest.resources, "GET"),
        ("/limits", rest.limits, "GET"),
        ("/query", queries.query, "GET"),
        ("/queryAll", queries.query_all, "GET"),
        ("/query/{locator}", queries.more, "GET"),
        ("/queryAll/{locator}", queries.more, "GET"),
        ("/jobs/query", bulk.create, "POST"),
        ("/jobs/query/{id}", bulk.look, "GET"),
        ("/jobs/query/{id}", bulk.delete, "DELETE"),
        ("/jobs/query/{id}/results", bulk.results, "GET"),
        ("/event/eventSchema/{id}", describe.schema_by_id, "GET"),
        ("/sobjects", describe.every, "GET"),
        ("/sobjects/{name}", rest.create, "POST"),
        ("/sobjects/{name}/describe", describe.one, "GET"),
        ("/sobjects/{name}/eventSchema", describe.schema_by_name, "GET"),
        ("/sobjects/StreamingChannel/{id}/push", rest.push, "POST"),
        ("/sobjects/{name}/{id}", records.read, "GET"),
        ("/sobjects/{name}/{id}", records.update, "PATCH"),
        ("/sobjects/{name}/{id}", records.delete, "DELETE"),
        ("/tooling/query", tooling_queries.query, "GET"),
        ("/tooling/sobjects/{name}", tooling.create, "POST"),
        ("/tooling/sobjects/{name}/{id}", tooling.read, "GET"),
        ("/tooling/sobjects/{name}/{id}", tooling.update, "PATCH"),
        ("/tooling/sobjects/{name}/{id}", tooling.delete, "DELETE"),
    ]
    data = "/services/data/v{version}"
    return [
        *(route(f"/services/data{end}", rest.versions) for end in _ENDS),
        *(route(f"{data}{path}{end}", gate.guard(handle), verb) for path, handle, verb in guarded for end in _ENDS),
    ]
