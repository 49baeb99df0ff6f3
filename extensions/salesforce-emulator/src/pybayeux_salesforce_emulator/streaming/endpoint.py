"""``POST /cometd/NN.0``: the endpoint of the Streaming API.

Owns the way between HTTP and the engine: the media type, the API version in the path, cookies, and waiting while a
connect is held.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from starlette.requests import ClientDisconnect
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from pybayeux_devserver.toolkit import (
    MalformedRequestError,
    RecordedRequest,
    client_left_before,
    parse_body,
    wait_for_hold,
)

from ..options import OldVersions
from ..org.versions import OLDEST, Version
from ..texts import REQUEST_SIZE, unsupported_version, version_missing
from .authentication import token_of
from .request_context import RequestContext

if TYPE_CHECKING:
    from starlette.requests import Request

    from pybayeux_devserver.toolkit import Json, Recorder

    from ..faults.faults import OrgFaults
    from ..org.hosts import Hosts
    from ..state import OrgState
    from .engine import OrgEngine

__all__ = ("Endpoint",)

_FORM: Final = "application/x-www-form-urlencoded"


class Endpoint:
    """Answers the requests of streaming clients.

    Args:
        state: The org.
        engine: The protocol engine.
        faults: The planned faults.
        recorder: The record of requests.
        hosts: The org's host names.
    """

    def __init__(self, state: OrgState, engine: OrgEngine, faults: OrgFaults, recorder: Recorder, hosts: Hosts) -> None:
        self._state: Final = state
        self._engine: Final = engine
        self._faults: Final = faults
        self._recorder: Final = recorder
        self._hosts: Final = hosts

    async def answer(self, request: Request) -> Response:
        """Answer one request, as soon as it is due."""
        try:
            body = await request.body()
        except ClientDisconnect:
            return Response()
        messages, refusal = self._read(body, request.headers.get("content-type", ""))
        if self._hosts.has_left(request):
            refusal = moved()
        record = recorded(request, body, messages)
        self._recorder.add(record)
        fault = self._faults.for_request(request.url.path, messages)
        if fault is not None:
            record.fault = fault.name
            response = fault.response(Response())
            self._recorder.answered(record, fault.status)
            return response
        if refusal is not None:
            self._recorder.answered(record, refusal.status_code)
            return refusal
        return await self._handle(request, messages, record)

    async def _handle(self, request: Request, messages: list[Json], record: RecordedRequest) -> Response:
        context = self._request_context(request)
        self._engine.receive(messages, context)
        hold = context.hold
        if hold is not None and hold.timeout and await client_left_before(wait_for_hold(hold), request.receive):
            self._engine.abandon(context)
            self._recorder.answered(record, None)
            return Response()
        reply = self._engine.finish(context)
        fault = self._faults.for_reply(request.url.path, messages, reply.messages)
        if fault is None or (fault.marks_delivered and not (fault.loses_reply and self._state.options.resend_lost)):
            self._engine.delivered(context)
        messages_sent = reply.messages if fault is None else fault.rewrite(reply.messages, context.session)
        # An HTTP error has no messages.
        response = json_response(messages_sent, reply.status) if messages_sent else Response(status_code=reply.status)
        self._set_cookies(response, context)
        self._recorder.answered(record, reply.status, messages_sent)
        if fault is None:
            return response
        record.fault = fault.name
        return fault.response(response)

    def _read(self, body: bytes, media_type: str) -> tuple[list[Json], Response | None]:
        """The messages of a request, or the response to a request that is not understood."""
        if len(body) > self._state.options.max_request:
            return [], PlainTextResponse(REQUEST_SIZE, 413)
        kind = media_type.lower()
        form = kind.startswith(_FORM)
        if not kind.startswith("application/json") and not (form and self._state.options.forms):
            status = self._state.options.media_type_status
            return [], PlainTextResponse("Content-Type must be application/json", status)
        try:
            return parse_body(body, media_type), None
        except MalformedRequestError as error:
            return [], PlainTextResponse(str(error), 400)

    def _request_context(self, request: Request) -> RequestContext:
        version, error = self._version(request.path_params.get("version"))
        route = self._state.balancer.route(request.cookies)
        token = token_of(request.headers.get("authorization"))
        return RequestContext(token, route, version, error, cookies=dict(route.new_cookies))

    def _version(self, asked: str | None) -> tuple[Version, str | None]:
        newest = Version.parse(self._state.options.version)
        if asked is None:
            return newest, version_missing(newest)
        try:
            version = Version.parse(asked)
        except ValueError:
            return newest, unsupported_version(OLDEST, newest)
        if OLDEST <= version <= newest:
            return version, None
        if version < OLDEST and self._state.options.old_versions is OldVersions.LATEST:
            return newest, None
        return newest, unsupported_version(OLDEST, newest)

    @staticmethod
    def _set_cookies(response: Response, context: RequestContext) -> None:
        for name, value in context.cookies.items():
            response.headers.append("set-cookie", f"{name}={value}")


def recorded(request: Request, body: bytes, messages: list[Json]) -> RecordedRequest:
    """The record of a request."""
    peer = f"{request.client.host}:{request.client.port}" if request.client else ""
    headers = dict(request.headers)
    return RecordedRequest(request.url.path, headers, messages, method=request.method, body=body, peer=peer)


def moved() -> Response:
    """The response under a host name that the org has moved away from."""
    return HTMLResponse("<html><head><title>URL No Longer Exists</title></head></html>", 404)


def json_response(content: object, status: int = 200) -> Response:
    """A response with JSON."""
    return Response(msgspec.json.encode(content), status, media_type="application/json;charset=UTF-8")
