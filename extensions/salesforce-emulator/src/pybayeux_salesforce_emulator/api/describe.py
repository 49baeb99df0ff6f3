"""Descriptions of objects, and the schemas of events.

Sources: REST API Developer Guide, "Describe Global", "sObject Describe", "Platform Event Schema by Event Name" and
"Platform Event Schema by Schema ID".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ..org.ids import schema_id
from ..schema.refusal import not_found
from ..streaming.endpoint import json_response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from ..schema.fields import Field
    from ..schema.objects import ObjectDefinition
    from ..state import OrgState

__all__ = ("Describe",)

_MOST: Final = 200
_AVRO: Final[Mapping[str, str]] = {
    "boolean": "boolean",
    "currency": "double",
    "datetime": "long",
    "date": "long",
    "double": "double",
    "int": "int",
    "percent": "double",
}


class Describe:
    """Answers requests about objects.

    Args:
        state: The org.
    """

    def __init__(self, state: OrgState) -> None:
        self._state: Final = state

    def every(self, request: Request, body: bytes) -> Response:
        """The list of all objects."""
        base = _base(request)
        objects = [each.summary(base) for each in self._state.objects.all()]
        return json_response({"encoding": "UTF-8", "maxBatchSize": _MOST, "sobjects": objects})

    def one(self, request: Request, body: bytes) -> Response:
        """The description of an object."""
        name = request.path_params["name"]
        found, entity = self._state.objects.find(name), self._state.entity(name)
        if entity is None:
            return json_response(self._named(request).describe(_base(request)))
        known = {"name": entity} if found is None else found.summary(_base(request))
        return json_response({**known, "fields": [each.describe() for each in self._state.record_fields(entity)]})

    def schema_by_name(self, request: Request, body: bytes) -> Response:
        """The schema of an event, by its name."""
        return json_response(_schema(self._event(self._named(request))))

    def schema_by_id(self, request: Request, body: bytes) -> Response:
        """The schema of an event, by the id that events carry."""
        asked = request.path_params["id"]
        for each in self._state.objects.all():
            if each.is_event and schema_id(each.name) == asked:
                return json_response(_schema(each))
        raise not_found()

    def _named(self, request: Request) -> ObjectDefinition:
        found = self._state.objects.find(request.path_params["name"])
        if found is None:
            raise not_found()
        return found

    def _event(self, found: ObjectDefinition) -> ObjectDefinition:
        if not found.is_event:
            raise not_found()
        return found


def _schema(event: ObjectDefinition) -> dict[str, Any]:
    return {
        "name": event.name,
        "namespace": "com.sforce.eventbus",
        "type": "expanded-record",
        "uuid": schema_id(event.name),
        "fields": [{"name": each.name, "type": _type(each)} for each in event.fields if each.name != "EventUuid"],
    }


def _type(field: Field) -> Any:
    kind = _AVRO.get(field.type, "string")
    return ["null", kind] if field.nillable else kind


def _base(request: Request) -> str:
    return f"/services/data/v{request.path_params['version']}"
