"""Queries of records by REST, by pages.

Sources: REST API Developer Guide, "Query" (pages of 2,000 records, ``nextRecordsUrl``) and "QueryAll" (deleted records
too); SOQL and SOSL Reference, "COUNT()". Texts of errors are assumed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ..schema.refusal import RestRefusal, no_such_field
from ..schema.soql import MalformedQueryError, parse_query
from ..streaming.endpoint import json_response

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from ..state import OrgState

__all__ = ("RecordQueries", "Result", "run_query")


class Result(NamedTuple):
    """The result of a query.

    Attributes:
        entity: The object.
        fields: The selected fields, as the object spells them; none of ``COUNT()``.
        records: The selected records, with all their fields.
    """

    entity: str
    fields: Sequence[str]
    records: Sequence[Mapping[str, Any]]


def run_query(state: OrgState, text: str, *, with_deleted: bool) -> Result | None:
    """Run a query of records; None if its object has none.

    Args:
        state: The org.
        text: The query.
        with_deleted: Whether deleted records are found.

    Raises:
        RestRefusal: It cannot be parsed, or a field does not exist.
    """
    if not state.options.instance_readable:
        raise RestRefusal(403, "API_DISABLED_FOR_ORG", "The REST API is not enabled for this Organization.")
    try:
        query = parse_query(text)
    except MalformedQueryError as error:
        raise RestRefusal(400, "MALFORMED_QUERY", str(error)) from None
    entity = state.entity(query.source)
    if entity is None:
        return None
    known = {field.name.lower(): field.name for field in state.record_fields(entity)}
    for name in (*query.fields, *(name for name, _ in query.order)):
        if name.lower() not in known:
            raise no_such_field(name, entity)
    candidates = [each for each in state.records.of(entity) if with_deleted or not each["IsDeleted"]]
    return Result(entity, [known[name.lower()] for name in query.fields], query.run(candidates))


class RecordQueries:
    """Answers queries of objects that have records; others are left to another handler.

    Args:
        state: The org.
        others: Answers queries of other objects.
    """

    def __init__(self, state: OrgState, others: Callable[[Request, bytes], Response]) -> None:
        self._state: Final = state
        self._others: Final = others
        self._cursors: Final[dict[str, tuple[str, Result]]] = {}

    def query(self, request: Request, body: bytes) -> Response:
        """Answer a query."""
        return self._first_page(request, body, with_deleted=False)

    def query_all(self, request: Request, body: bytes) -> Response:
        """Answer a query of deleted records too."""
        return self._first_page(request, body, with_deleted=True)

    def more(self, request: Request, body: bytes) -> Response:
        """Answer the request of a further page."""
        locator, _, offset = request.path_params["locator"].rpartition("-")
        if locator not in self._cursors or not offset.isdecimal():
            raise RestRefusal(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        resource, result = self._cursors[locator]
        return self._page(request, resource, locator, result, int(offset))

    def _first_page(self, request: Request, body: bytes, *, with_deleted: bool) -> Response:
        result = run_query(self._state, request.query_params.get("q", ""), with_deleted=with_deleted)
        if result is None:
            return self._others(request, body)
        if not result.fields:
            return json_response({"totalSize": len(result.records), "done": True, "records": []})
        locator = self._state.ids.record("01g")
        return self._page(request, "queryAll" if with_deleted else "query", locator, result, 0)

    def _page(self, request: Request, resource: str, locator: str, result: Result, offset: int) -> Response:
        base = f"/services/data/v{request.path_params['version']}"
        end = offset + self._state.options.query_page
        page = [
            {
                "attributes": {"type": result.entity, "url": f"{base}/sobjects/{result.entity}/{each['Id']}"},
                **{name: each.get(name) for name in result.fields},
            }
            for each in result.records[offset:end]
        ]
        answer: dict[str, Any] = {"totalSize": len(result.records), "done": end >= len(result.records), "records": page}
        if not answer["done"]:
            self._cursors[locator] = resource, result
            answer["nextRecordsUrl"] = f"{base}/{resource}/{locator}-{end}"
        return json_response(answer)
