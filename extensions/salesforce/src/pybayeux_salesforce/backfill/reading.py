"""Reading records in the order of their changes: queries by pages, or a query job of Bulk API 2.0.

Owns the SOQL. The order is that of ``SystemModstamp``, then of ``Id``: with both, a read that was interrupted goes on
after the last record. Deleted records are read too (``queryAll``). Sources: REST API Developer Guide, "QueryAll"; Bulk
API 2.0 and Bulk API Developer Guide, "Query" (``ORDER BY`` works, and disables PK chunking).
"""

from __future__ import annotations

import asyncio
import csv
import io
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import quote

from ..errors import RestError
from .options import PAGE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from .objects import ObjectFields
    from .org_api import OrgApi

__all__ = (
    "Cursor",
    "Page",
    "Selection",
    "count",
    "newest_stamp",
    "read_in_bulk",
    "read_pages",
    "requests_for",
    "stamp_of",
)

_BULK_PAGE: Final = 20_000
_BULK_OVERHEAD: Final = 20
"""About how many requests a job takes beside those of its results: it is looked at until it is complete."""
_LOCATOR: Final = "INVALID_QUERY_LOCATOR"
_END: Final = "null"
_FAILED: Final = ("Failed", "Aborted")


class Cursor(NamedTuple):
    """The last record that was read.

    Attributes:
        stamp: Its ``SystemModstamp``.
        record_id: Its ``Id``.
    """

    stamp: datetime
    record_id: str


@dataclass(frozen=True, slots=True)
class Selection:
    """Which records of an object are read.

    Attributes:
        since: From which time of change on; None: all.
        after: After which record.
        record_ids: These records alone; empty: all that the others select.
        base: A condition that all records fulfil; or an empty text.
    """

    since: datetime | None = None
    after: Cursor | None = None
    record_ids: Sequence[str] = ()
    base: str = ""

    @property
    def condition(self) -> str:
        """The ``WHERE`` clause, or an empty text."""
        terms = [self.base] if self.base else []
        if self.record_ids:
            terms.append(f"Id IN ({', '.join(_text(each) for each in self.record_ids)})")
        if self.after is not None:
            stamp, record_id = _time(self.after.stamp), _text(self.after.record_id)
            terms.append(f"(SystemModstamp > {stamp} OR (SystemModstamp = {stamp} AND Id > {record_id}))")
        elif self.since is not None:
            terms.append(f"SystemModstamp >= {_time(self.since)}")
        return f" WHERE {' AND '.join(terms)}" if terms else ""


@dataclass(frozen=True, slots=True)
class Page:
    """Some records, in order.

    Attributes:
        records: The records.
        asked_after: A time by the org's clock before the query was made, in milliseconds: they are not older than what
            was committed before then. 0 if no time is known.
        asked_at: What `mark` returned right before their query: whatever it stands for, they are not older.
    """

    records: Sequence[Mapping[str, Any]]
    asked_at: int
    asked_after: int


def stamp_of(record: Mapping[str, Any]) -> datetime:
    """Return the ``SystemModstamp`` of a record.

    Raises:
        RestError: It has none, or no time.
    """
    try:
        return datetime.fromisoformat(record["SystemModstamp"]).astimezone(UTC)
    except (KeyError, TypeError, ValueError):
        raise RestError(f"expected a record with a SystemModstamp; got {sorted(record)}") from None


async def count(api: OrgApi, entity: str, selection: Selection) -> int:
    """Return how many records are selected.

    Raises:
        RestError: The org refused.
    """
    soql = f"SELECT COUNT() FROM {entity}{selection.condition}"  # noqa: S608 - text is quoted by `_text`
    answer = await api.get(f"queryAll?q={quote(soql)}")
    size = answer.get("totalSize")
    if not isinstance(size, int):
        raise RestError(f"{entity}: expected a totalSize")
    return size


async def newest_stamp(api: OrgApi, entity: str) -> datetime | None:
    """Return the time of an object's latest change; None if it has no records.

    Raises:
        RestError: The org refused.
    """
    soql = f"SELECT Id, SystemModstamp FROM {entity} ORDER BY SystemModstamp DESC LIMIT 1"  # noqa: S608
    records = (await api.get(f"queryAll?q={quote(soql)}")).get("records") or ()
    return max(map(stamp_of, records), default=None)


def requests_for(records: int, *, in_bulk: bool) -> int:
    """Return about how many requests it takes to read so many records."""
    return -(-records // _BULK_PAGE) + _BULK_OVERHEAD if in_bulk else max(1, -(-records // PAGE))


async def read_pages(
    api: OrgApi, fields: ObjectFields, selection: Selection, mark: Callable[[], int]
) -> AsyncIterator[Page]:
    """Yield the selected records by pages. Where the org has forgotten a query, another one goes on after it.

    Args:
        api: The org.
        fields: The object and its fields.
        selection: Which records.
        mark: Called right before each query.

    Raises:
        RestError: The org refused.
    """
    path: str | None = _first_path(fields, selection)
    # Also for its later pages: whether they are read anew is not documented.
    asked_at, asked_after = mark(), api.server_time
    while path is not None:
        try:
            answer = await api.get(path)
        except RestError as error:
            if error.code != _LOCATOR or selection.after is None:
                raise
            path, asked_at, asked_after = _first_path(fields, selection), mark(), api.server_time
            continue
        records = answer.get("records")
        if not isinstance(records, list):
            raise RestError(f"{fields.entity}: expected records")
        if records:
            yield Page(records, asked_at, asked_after)
            last = Cursor(stamp_of(records[-1]), records[-1]["Id"])
            selection = replace(selection, after=last)
        following = answer.get("nextRecordsUrl")
        path = following if isinstance(following, str) else None


def _first_path(fields: ObjectFields, selection: Selection) -> str:
    return f"queryAll?q={quote(_soql(fields, selection))}"


def _soql(fields: ObjectFields, selection: Selection) -> str:
    order = "ORDER BY SystemModstamp, Id"
    return f"SELECT {', '.join(fields.selected)} FROM {fields.entity}{selection.condition} {order}"  # noqa: S608


async def read_in_bulk(
    api: OrgApi, fields: ObjectFields, selection: Selection, mark: Callable[[], int], poll: float
) -> AsyncIterator[Page]:
    """Yield the selected records with a query job of Bulk API 2.0.

    Args:
        api: The org.
        fields: The object and its fields.
        selection: Which records.
        mark: Called before the job is created.
        poll: Seconds between two looks at the job.

    Raises:
        RestError: The org refused, or the job failed.
    """
    asked_at, asked_after = mark(), api.server_time  # the job may read them at any time from now on
    created = await api.post("jobs/query", {"operation": "queryAll", "query": _soql(fields, selection)})
    path = f"jobs/query/{created['id']}"
    while (state := (await api.get(path)).get("state")) != "JobComplete":
        if state in _FAILED:
            raise RestError(f"{fields.entity}: the query job {created['id']} ended: {state}")
        await asyncio.sleep(poll)
    locator = ""
    while locator != _END:
        answer = await api.fetch(f"{path}/results?maxRecords={_BULK_PAGE}{locator and f'&locator={locator}'}")
        rows = [fields.typed(row) for row in csv.DictReader(io.StringIO(answer.text))]
        if rows:
            yield Page(rows, asked_at, asked_after)
        locator = answer.headers.get("Sforce-Locator", _END)
    await api.delete(path)


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
