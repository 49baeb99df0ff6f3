"""The part of the REST API that streaming clients need: versions, limits, the instance, and publishing.

Sources: "REST API Developer Guide", limits and status codes; Platform Events guide, "Publish Event Messages with
Salesforce APIs"; Streaming API guide, "Push Events".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from ..events.channels import ChannelDefinition
from ..org.ids import schema_id
from ..org.versions import Version
from ..streaming.authentication import token_of
from ..streaming.endpoint import json_response

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from ..publishing import Publisher
    from ..state import OrgState

__all__ = ("Rest",)

_UNLIMITED: Final = 1_000_000
_CLIENTS: Final = 2_000
_FIRST_VERSION: Final = 31
_ORGANIZATION: Final = re.compile(r"select (?P<fields>[\w, ]+) from organization", re.IGNORECASE)


class Rest:
    """Answers REST requests.

    Args:
        state: The org.
        publisher: Publishes events.
    """

    def __init__(self, state: OrgState, publisher: Publisher) -> None:
        self._state: Final = state
        self._publisher: Final = publisher
        self._generic: Final[dict[str, str]] = {}

    def versions(self, request: Request, body: bytes) -> Response:
        """The API versions. This needs no token."""
        newest = Version.parse(self._state.options.version).number
        numbers = range(_FIRST_VERSION, newest + 1)
        return json_response(
            [{"label": f"v{n}.0", "url": f"/services/data/v{n}.0", "version": f"{n}.0"} for n in numbers]
        )

    def resources(self, request: Request, body: bytes) -> Response:
        """The resources of a version. Clients request them to check their token."""
        if not self._authenticated(request):
            return _invalid_session()
        base = f"/services/data/v{request.path_params['version']}"
        return json_response({name: f"{base}/{name}" for name in ("limits", "sobjects")})

    def limits(self, request: Request, body: bytes) -> Response:
        """The limits for streaming, and what is left of them."""
        if not self._authenticated(request):
            return _invalid_session()
        options, used = self._state.options, self._state.quotas.delivered
        events = _limit(options.max_delivered or _UNLIMITED, used)
        clients = _limit(options.max_clients or _CLIENTS, len(self._state.sessions))
        return json_response(
            {
                "DailyDeliveredPlatformEvents": events,
                "DailyDurableStreamingApiEvents": events,
                "DailyStreamingApiEvents": events,
                "DurableStreamingApiConcurrentClients": clients,
                "StreamingApiConcurrentClients": clients,
            }
        )

    def query(self, request: Request, body: bytes) -> Response:
        """A query of ``Organization``: its id and the name of its instance. There is no other object."""
        if not self._authenticated(request):
            return _invalid_session()
        if not self._state.options.instance_readable:
            return _error(403, "API_DISABLED_FOR_ORG", "The REST API is not enabled for this Organization.")
        found = _ORGANIZATION.fullmatch(" ".join(request.query_params.get("q", "").split()))
        fields = {"id": self._state.org_id, "instancename": self._state.instance_name}
        asked = [] if found is None else [name.strip() for name in found["fields"].split(",")]
        if not asked or any(name.lower() not in fields for name in asked):
            return _error(400, "MALFORMED_QUERY", "this org has SELECT Id, InstanceName FROM Organization only")
        record = {name: fields[name.lower()] for name in asked}
        attributes = {
            "type": "Organization",
            "url": f"/services/data/v{request.path_params['version']}/sobjects/Organization/{self._state.org_id}",
        }
        return json_response({"totalSize": 1, "done": True, "records": [{"attributes": attributes, **record}]})

    def event_schema(self, request: Request, body: bytes) -> Response:
        """The fields of an event schema, taken from the last published event."""
        if not self._authenticated(request):
            return _invalid_session()
        asked = request.path_params["id"]
        for channel in self._state.bus.definitions:
            name = channel.rpartition("/")[2]
            if schema_id(name) == asked:
                fields = [{"name": field, "type": ["null", "string"]} for field in self._fields(channel)]
                return json_response({"name": name, "type": "record", "uuid": asked, "fields": fields})
        return _not_found()

    def _fields(self, channel: str) -> list[str]:
        entries = self._state.bus.log(channel).entries
        return list(entries[-1].event.fields) if entries else []

    def create(self, request: Request, body: bytes) -> Response:
        """Create a record: a platform event, or a generic channel."""
        if not self._authenticated(request):
            return _invalid_session()
        name = request.path_params["name"]
        try:
            fields = msgspec.json.decode(body, type=dict[str, Any])
        except msgspec.MsgspecError as error:
            return _error(400, "JSON_PARSER_ERROR", str(error))
        if name == "StreamingChannel":
            return self._create_channel(fields)
        channel = f"/event/{name}"
        if not name.endswith("__e") or channel not in self._state.bus.definitions:
            return _not_found()
        uuid = self._state.ids.event()
        self._publisher.publish(channel, fields, uuid=uuid)
        queued = {"statusCode": "OPERATION_ENQUEUED", "message": uuid, "fields": []}
        return json_response({"id": self._state.ids.record("e01"), "success": True, "errors": [queued]}, 201)

    def push(self, request: Request, body: bytes) -> Response:
        """Push events to a generic channel."""
        if not self._authenticated(request):
            return _invalid_session()
        channel = self._generic.get(request.path_params["id"])
        if channel is None:
            return _not_found()
        try:
            asked = msgspec.json.decode(body, type=dict[str, list[dict[str, Any]]])
            payloads = [event["payload"] for event in asked["pushEvents"]]
        except (msgspec.MsgspecError, KeyError) as error:
            return _error(400, "JSON_PARSER_ERROR", str(error))
        for payload in payloads:
            self._publisher.publish(channel, payload)
        return json_response([{"fanoutCount": -1, "userOnlineStatus": {}} for _ in payloads])

    def _create_channel(self, fields: dict[str, Any]) -> Response:
        try:
            self._state.bus.define(ChannelDefinition(name=str(fields.get("Name"))))
        except ValueError as error:
            return _error(400, "INVALID_FIELD", str(error))
        record_id = self._state.ids.record("0M6")
        self._generic[record_id] = str(fields["Name"])
        return json_response({"id": record_id, "success": True, "errors": []}, 201)

    def _authenticated(self, request: Request) -> bool:
        return self._state.tokens.use(token_of(request.headers.get("authorization"))) is not None


def _limit(maximum: int, used: int) -> dict[str, int]:
    return {"Max": maximum, "Remaining": max(0, maximum - used)}


def _error(status: int, code: str, text: str) -> Response:
    return json_response([{"message": text, "errorCode": code}], status)


def _invalid_session() -> Response:
    return _error(401, "INVALID_SESSION_ID", "Session expired or invalid")


def _not_found() -> Response:
    return _error(404, "NOT_FOUND", "The requested resource does not exist")
