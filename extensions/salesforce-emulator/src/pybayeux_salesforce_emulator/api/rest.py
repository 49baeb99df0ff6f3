"""The part of the REST API that streaming clients need: versions, limits, and publishing.

Sources: REST API Developer Guide, "Versions", "Resources by Version" and "Limits"; Streaming API Developer Guide,
"Monitor PushTopic and Generic Event Usage with the REST API" and "Push Events"; Platform Events Developer Guide,
"Publish Event Messages with Salesforce APIs". Tokens and the daily limit are checked in `gate.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from ..events.channels import ChannelDefinition, Product
from ..org.quotas import ALLOCATIONS
from ..org.versions import Version
from ..schema.refusal import RestRefusal, not_found
from ..streaming.endpoint import json_response
from .gate import API_REQUESTS, object_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from ..publishing import Publisher
    from ..state import OrgState
    from .records import Records

__all__ = ("Rest",)

_DELIVERED: Final = {Product.PLATFORM_EVENT: 50_000, Product.PUSH_TOPIC: 1_000_000, Product.GENERIC: 1_000_000}
"""The limits that are stated where none is set: those of a Performance Edition ("Platform Event Allocations",
"PushTopic Streaming Allocations", "Generic Streaming Allocations")."""
_CLIENTS: Final = 2_000
_FIRST_VERSION: Final = 31


class Rest:
    """Answers REST requests.

    Args:
        state: The org.
        publisher: Publishes events.
        records: Creates records of the objects that configure streaming.
    """

    def __init__(self, state: OrgState, publisher: Publisher, records: Records) -> None:
        self._state: Final = state
        self._publisher: Final = publisher
        self._records: Final = records
        self._generic: Final[dict[str, str]] = {}

    def versions(self, request: Request, body: bytes) -> Response:
        """The API versions. This needs no token, and does not count."""
        newest = Version.parse(self._state.options.version).number
        numbers = range(_FIRST_VERSION, newest + 1)
        return json_response(
            [{"label": f"v{n}.0", "url": f"/services/data/v{n}.0", "version": f"{n}.0"} for n in numbers]
        )

    def resources(self, request: Request, body: bytes) -> Response:
        """The resources of a version. Clients request them to check their token."""
        base = f"/services/data/v{request.path_params['version']}"
        return json_response({name: f"{base}/{name}" for name in ("limits", "query", "sobjects", "tooling")})

    def limits(self, request: Request, body: bytes) -> Response:
        """The limits of requests and of streaming, and what is left of them."""
        options, quotas = self._state.options, self._state.quotas
        events, topics, generic = (
            _limit(options.max_delivered or _DELIVERED[product], quotas.delivered(allocation))
            for allocation, product in zip(ALLOCATIONS, _DELIVERED, strict=True)
        )
        clients = _limit(options.max_clients or _CLIENTS, len(self._state.sessions))
        return json_response(
            {
                "DailyApiRequests": _limit(options.max_api_requests or API_REQUESTS, quotas.requests),
                "DailyDeliveredPlatformEvents": events,
                "DailyDurableGenericStreamingApiEvents": generic,
                "DailyDurableStreamingApiEvents": topics,
                "DurableStreamingApiConcurrentClients": clients,
            }
        )

    def create(self, request: Request, body: bytes) -> Response:
        """Create a record: a platform event, a generic channel, or a PushTopic."""
        name = request.path_params["name"]
        if self._records.has(name):
            return self._records.create(request, body)
        fields = object_of(body)
        if name == "StreamingChannel":
            return self._create_channel(fields)
        channel = f"/event/{name}"
        if not name.endswith("__e") or channel not in self._state.bus.definitions:
            raise not_found()
        uuid = self._state.ids.event()
        self._publisher.publish(channel, fields, uuid=uuid)
        queued = {"statusCode": "OPERATION_ENQUEUED", "message": uuid, "fields": []}
        return json_response({"id": self._state.ids.record("e01"), "success": True, "errors": [queued]}, 201)

    def push(self, request: Request, body: bytes) -> Response:
        """Push events to a generic channel."""
        channel = self._generic.get(request.path_params["id"])
        if channel is None:
            raise not_found()
        try:
            asked = msgspec.json.decode(body, type=dict[str, list[dict[str, Any]]])
            payloads = [event["payload"] for event in asked["pushEvents"]]
        except (msgspec.MsgspecError, KeyError) as error:
            raise RestRefusal(400, "JSON_PARSER_ERROR", str(error)) from None
        for payload in payloads:
            self._publisher.publish(channel, payload)
        return json_response([{"fanoutCount": -1, "userOnlineStatus": {}} for _ in payloads])

    def _create_channel(self, fields: dict[str, Any]) -> Response:
        try:
            self._state.bus.define(ChannelDefinition(name=str(fields.get("Name"))))
        except ValueError as error:
            raise RestRefusal(400, "INVALID_FIELD", str(error)) from None
        record_id = self._state.ids.record("0M6")
        self._generic[record_id] = str(fields["Name"])
        return json_response({"id": record_id, "success": True, "errors": []}, 201)


def _limit(maximum: int, used: int) -> dict[str, int]:
    return {"Max": maximum, "Remaining": max(0, maximum - used)}
