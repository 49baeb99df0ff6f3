"""`RecordSource`: where a channel's records are read, what of them is selected, and what it costs.

Puts together the requests, the fields of objects and the permission. It hands nothing out.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from ..errors import RestError
from .objects import entity_of, entity_of_event, fields_of
from .permission import Permission
from .reading import Selection, newest_stamp, read_in_bulk, read_pages

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from datetime import datetime

    from .objects import ObjectFields
    from .options import BackfillOptions
    from .org_api import OrgApi
    from .reading import Page

__all__ = ("RecordSource",)

_IDS_PER_QUERY: Final = 200
_FIELDS_LIFETIME: Final = 300.0
"""Seconds for which the description of an object is used again: an administrator may add fields."""
_MEMBERS: Final = "SELECT SelectedEntity FROM PlatformEventChannelMember WHERE EventChannel = '{}'"


class RecordSource:
    """Reads the records behind change events.

    Args:
        api: The org.
        options: The options.
    """

    def __init__(self, api: OrgApi, options: BackfillOptions) -> None:
        self.api: Final = api
        self._options: Final = options
        self._permission: Final = Permission(options, api)
        self._fields: Final[dict[str, ObjectFields]] = {}
        self._described_at: Final[dict[str, float]] = {}
        self._conditions: Final[dict[str, str]] = {}

    def known_entities(self, channel: str) -> Sequence[str] | None:
        """Return the objects of a channel, if no request is needed for that."""
        single = entity_of(channel) if channel != "/data/ChangeEvents" else None
        if single is not None:
            return (single,)
        return self._options.objects or None

    async def entities(self, channel: str) -> Sequence[str]:
        """Return the objects of a channel: its own, those of the options, or those that the Tooling API names.

        Raises:
            RestError: The org refused, or the channel has no objects.
        """
        if (known := self.known_entities(channel)) is not None:
            return known
        name = channel.removeprefix("/data/")
        answer = await self.api.get(f"tooling/query?q={quote(_MEMBERS.format(name))}")
        selected = [str(each.get("SelectedEntity")) for each in answer.get("records") or ()]
        found = [entity for each in selected if (entity := entity_of_event(each)) is not None]
        if not found:
            raise RestError(f"{channel}: the Tooling API names no objects of it; name them with the option objects")
        return found

    async def fields(self, entity: str) -> ObjectFields:
        """Return the fields of an object, as they were within the last minutes.

        Raises:
            RestError: The org refused.
        """
        now = asyncio.get_running_loop().time()
        if entity not in self._fields or self._described_at[entity] + _FIELDS_LIFETIME < now:
            self._fields[entity] = fields_of(entity, await self.api.get(f"sobjects/{entity}/describe"))
            self._described_at[entity] = now
        return self._fields[entity]

    async def newest(self, entities: Sequence[str]) -> dict[str, datetime | None]:
        """Return the time of the latest change of each object.

        Raises:
            RestError: The org refused.
        """
        return {entity: await newest_stamp(self.api, entity) for entity in entities}

    async def since(
        self, channel: str, entity: str, since: datetime | None, mark: Callable[[], int]
    ) -> AsyncIterator[Page]:
        """Yield the records of an object that changed since a time, or all.

        Raises:
            PermissionDenied: The program does not allow it.
            RestError: The org refused.
        """
        selection = Selection(since, base=self._conditions.get(entity, ""))
        plan = await self._permission.plan(channel, entity, selection)
        fields = await self.fields(entity)
        if plan.is_bulk:
            pages = read_in_bulk(self.api, fields, selection, mark, self._options.bulk_poll)
        else:
            pages = read_pages(self.api, fields, selection, mark)
        async for page in pages:
            yield page

    async def by_id(
        self, channel: str, entity: str, record_ids: Sequence[str], mark: Callable[[], int]
    ) -> AsyncIterator[Page]:
        """Yield records with these ids.

        Raises:
            PermissionDenied: The program does not allow it.
            RestError: The org refused.
        """
        await self._permission.ask(channel, entity, len(record_ids), -(-len(record_ids) // _IDS_PER_QUERY))
        async for page in self.again(entity, record_ids, mark):
            yield page

    async def again(self, entity: str, record_ids: Sequence[str], mark: Callable[[], int]) -> AsyncIterator[Page]:
        """Yield records with these ids, as a part of what was allowed.

        Raises:
            RestError: The org refused.
        """
        fields = await self.fields(entity)
        for start in range(0, len(record_ids), _IDS_PER_QUERY):
            selection = Selection(record_ids=record_ids[start : start + _IDS_PER_QUERY])
            async for page in read_pages(self.api, fields, selection, mark):
                yield page
