"""Queries by REST: the objects that can be queried, and the form of the answer.

Sources: REST API Developer Guide, "Query"; Object Reference, "Organization" and "PlatformEventUsageMetric"; Tooling
API, "Query". Texts of errors are assumed.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from ..events.channels import Product
from ..org.quotas import DAY
from ..schema.refusal import RestRefusal, no_such_field
from ..schema.soql import MalformedQueryError, parse_query
from ..streaming.endpoint import json_response

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from ..state import OrgState

__all__ = ("Queries", "organization", "usage_metrics")

_HOUR: Final = 3600.0
_PRODUCTS: Final = {"PLATFORM_EVENTS": Product.PLATFORM_EVENT, "CHANGE_EVENTS": Product.CHANGE_EVENT}
_ORGANIZATION: Final = ("Id", "InstanceName")
_USAGE: Final = ("Name", "StartDate", "EndDate", "Value")


class Queries:
    """Answers queries of some objects.

    Args:
        state: The org.
        tables: Returns the records of each object, with all their fields, by the name of the object.
        path: The path of records within an API version.
    """

    def __init__(
        self, state: OrgState, tables: Mapping[str, Callable[[], list[Mapping[str, Any]]]], path: str = "sobjects"
    ) -> None:
        self._state: Final = state
        self._tables: Final = tables
        self._path: Final = path

    def query(self, request: Request, body: bytes) -> Response:
        """Answer a query."""
        if not self._state.options.instance_readable:
            raise RestRefusal(403, "API_DISABLED_FOR_ORG", "The REST API is not enabled for this Organization.")
        try:
            query = parse_query(request.query_params.get("q", ""))
        except MalformedQueryError as error:
            raise RestRefusal(400, "MALFORMED_QUERY", str(error)) from None
        name = next((each for each in self._tables if each.lower() == query.source.lower()), None)
        if name is None:
            raise RestRefusal(400, "INVALID_TYPE", f"sObject type '{query.source}' is not supported.")
        base = f"/services/data/v{request.path_params['version']}/{self._path}/{name}"
        records = [_projected(each, query.fields, name, base) for each in query.run(self._tables[name]())]
        return json_response({"totalSize": len(records), "done": True, "records": records})


def _projected(record: Mapping[str, Any], fields: tuple[str, ...], name: str, base: str) -> dict[str, Any]:
    known = {each.lower(): each for each in record}
    if unknown := [each for each in fields if each.lower() not in known]:
        raise no_such_field(unknown[0], name)
    selected = {known[each.lower()]: record[known[each.lower()]] for each in fields}
    return {"attributes": {"type": name, "url": f"{base}/{record.get('Id', '')}"}, **selected}


def organization(state: OrgState) -> list[Mapping[str, Any]]:
    """The one record of ``Organization``."""
    return [dict(zip(_ORGANIZATION, (state.org_id, state.instance_name), strict=True))]


def usage_metrics(state: OrgState) -> list[Mapping[str, Any]]:
    """The usage of the 24 hours that end at the last full hour. What was not used has no record."""
    end = state.clock.now() // _HOUR * _HOUR
    rows: list[Mapping[str, Any]] = []
    for name, product in _PRODUCTS.items():
        published = [
            event
            for channel, events in state.bus.published.items()
            if state.bus.definition(channel).product is product and not state.bus.definition(channel).includes_others
            for event in events
            if end - DAY < event.time <= end
        ]
        for metric, value in (
            (f"{name}_PUBLISHED", len(published)),
            (f"{name}_DELIVERED", state.quotas.delivered({product}, end)),
        ):
            if value:
                rows.append(dict(zip(_USAGE, (metric, _time(end - DAY), _time(end), value), strict=True)))
    return rows


def _time(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
