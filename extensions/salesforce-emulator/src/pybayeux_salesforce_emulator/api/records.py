"""Records of the objects that configure streaming: PushTopics, and the Tooling API's channels and members.

Sources: REST API Developer Guide, "sObject Basic Information" and "sObject Rows"; Tooling API, "REST Resources". Which
values are valid is known in `schema/`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from starlette.responses import Response

from ..schema.refusal import not_found
from ..streaming.endpoint import json_response
from .gate import object_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

__all__ = ("Records", "Table")


class Table(Protocol):
    """The records of one object."""

    def records(self) -> list[Mapping[str, Any]]:
        """All records."""

    def find(self, record_id: str) -> Mapping[str, Any]:
        """The record with this id."""

    def create(self, given: Mapping[str, Any]) -> str:
        """Create a record, and return its id."""

    def update(self, record_id: str, given: Mapping[str, Any]) -> None:
        """Change a record."""

    def delete(self, record_id: str) -> None:
        """Delete a record."""


class Records:
    """Creates, reads, changes and deletes records by REST.

    Args:
        tables: The objects, by name.
        path: The path of records within an API version.
    """

    def __init__(self, tables: Mapping[str, Table], path: str) -> None:
        self._tables: Final = tables
        self._path: Final = path

    def has(self, name: str) -> bool:
        """Whether there is an object of this name."""
        return name in self._tables

    def create(self, request: Request, body: bytes) -> Response:
        """Create a record."""
        record_id = self._table(request).create(object_of(body))
        return json_response({"id": record_id, "success": True, "errors": [], "warnings": [], "infos": []}, 201)

    def read(self, request: Request, body: bytes) -> Response:
        """Return a record."""
        name, record_id = request.path_params["name"], request.path_params["id"]
        url = f"/services/data/v{request.path_params['version']}/{self._path}/{name}/{record_id}"
        record = self._table(request).find(record_id)
        return json_response({"attributes": {"type": name, "url": url}, **record})

    def update(self, request: Request, body: bytes) -> Response:
        """Change a record."""
        self._table(request).update(request.path_params["id"], object_of(body))
        return Response(status_code=204)

    def delete(self, request: Request, body: bytes) -> Response:
        """Delete a record."""
        self._table(request).delete(request.path_params["id"])
        return Response(status_code=204)

    def _table(self, request: Request) -> Table:
        table = self._tables.get(request.path_params["name"])
        if table is None:
            raise not_found()
        return table
