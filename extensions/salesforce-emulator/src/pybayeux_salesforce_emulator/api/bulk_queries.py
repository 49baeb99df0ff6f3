"""Query jobs of Bulk API 2.0: created, looked at until they are complete, and their results as CSV.

Sources: Bulk API 2.0 and Bulk API Developer Guide, "Create a Query Job", "Get Information About a Query Job", "Get
Results for a Query Job", "Delete a Query Job". How often a job is looked at until it is complete is assumed.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import Response

from ..schema.refusal import RestRefusal, not_found
from ..streaming.endpoint import json_response
from .gate import object_of
from .record_queries import run_query

if TYPE_CHECKING:
    from starlette.requests import Request

    from ..state import OrgState
    from .record_queries import Result

__all__ = ("BulkQueries",)

_OPERATIONS: Final = ("query", "queryAll")


@dataclass(slots=True)
class _Job:
    operation: str
    result: Result
    state: str = "UploadComplete"


class BulkQueries:
    """Answers requests about query jobs.

    Args:
        state: The org.
    """

    def __init__(self, state: OrgState) -> None:
        self._state: Final = state
        self._jobs: Final[dict[str, _Job]] = {}

    def create(self, request: Request, body: bytes) -> Response:
        """Create a job."""
        asked = object_of(body)
        operation = asked.get("operation")
        if operation not in _OPERATIONS:
            raise RestRefusal(400, "INVALIDENTITY", f"operation: expected query or queryAll; got {operation!r}")
        result = run_query(self._state, str(asked.get("query")), with_deleted=operation == "queryAll")
        if result is None or not result.fields:
            raise RestRefusal(400, "API_ERROR", "the query is not supported in Bulk API 2.0")
        job_id = self._state.ids.record("750")
        self._jobs[job_id] = _Job(operation, result)
        return self._described(request, job_id)

    def look(self, request: Request, body: bytes) -> Response:
        """Return the state of a job: it is in progress when it is first looked at, then complete."""
        job = self._job(request)
        job.state = "JobComplete" if job.state in ("InProgress", "JobComplete") else "InProgress"
        return self._described(request, request.path_params["id"])

    def results(self, request: Request, body: bytes) -> Response:
        """Return a part of the results, as CSV."""
        job = self._job(request)
        if job.state != "JobComplete":
            raise RestRefusal(400, "INVALIDJOBSTATE", "the job is not complete")
        begin = int(request.query_params.get("locator") or 0)
        most = int(request.query_params.get("maxRecords") or len(job.result.records) or 1)
        rows = job.result.records[begin : begin + most]
        text = io.StringIO()
        writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow(job.result.fields)
        writer.writerows([_text(each.get(name)) for name in job.result.fields] for each in rows)
        end = begin + len(rows)
        locator = str(end) if end < len(job.result.records) else "null"
        headers = {"Sforce-Locator": locator, "Sforce-NumberOfRecords": str(len(rows))}
        return Response(text.getvalue(), media_type="text/csv", headers=headers)

    def delete(self, request: Request, body: bytes) -> Response:
        """Delete a job."""
        self._job(request)
        del self._jobs[request.path_params["id"]]
        return Response(status_code=204)

    def _job(self, request: Request) -> _Job:
        job = self._jobs.get(request.path_params["id"])
        if job is None:
            raise not_found()
        return job

    def _described(self, request: Request, job_id: str) -> Response:
        job = self._jobs[job_id]
        return json_response(
            {
                "id": job_id,
                "operation": job.operation,
                "object": job.result.entity,
                "state": job.state,
                "contentType": "CSV",
                "columnDelimiter": "COMMA",
                "lineEnding": "LF",
                "apiVersion": float(request.path_params["version"]),
                "numberRecordsProcessed": len(job.result.records) if job.state == "JobComplete" else 0,
            }
        )


def _text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
