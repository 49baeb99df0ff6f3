"""PushTopics: the records of a gap are those that the topic's own query selects, with its fields.

Owns the reading of that query. Sources: Streaming API Developer Guide, "PushTopic Queries" (one object, a ``WHERE``
clause, no order and no limit) and "Filtered Subscriptions" (expressions are joined with OR).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import parse_qsl, quote

from ..errors import RestError
from .objects import ObjectFields
from .source import RecordSource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .options import BackfillOptions
    from .org_api import OrgApi

__all__ = ("TopicSource", "parse_topic_query")

_QUERY: Final = re.compile(
    r"\s*SELECT\s+(?P<fields>.+?)\s+FROM\s+(?P<entity>\w+)(?:\s+WHERE\s+(?P<condition>.+?))?\s*",
    re.IGNORECASE | re.DOTALL,
)
_TOPIC: Final = "SELECT Query FROM PushTopic WHERE Name = '{}'"
_UNQUOTED: Final = frozenset({"boolean", "int", "long", "double", "currency", "percent", "date", "datetime"})
_SYSTEM: Final = ("Id", "IsDeleted", "SystemModstamp", "CreatedDate")


class TopicQuery(NamedTuple):
    """The query of a PushTopic.

    Attributes:
        fields: The fields that it selects.
        entity: The object.
        condition: Its ``WHERE`` clause, without the word; or an empty text.
    """

    fields: Sequence[str]
    entity: str
    condition: str


def parse_topic_query(text: str) -> TopicQuery:
    """Return the parts of a PushTopic's query.

    Raises:
        RestError: It has another form.
    """
    found = _QUERY.fullmatch(text)
    if found is None:
        raise RestError(f"expected the query of a PushTopic; got {text!r}")
    return TopicQuery([name.strip() for name in found["fields"].split(",")], found["entity"], found["condition"] or "")


class TopicSource(RecordSource):
    """Reads the records behind the events of a PushTopic.

    Args:
        api: The org.
        options: The options.
        channel: The channel, with its filter if it has one.
    """

    def __init__(self, api: OrgApi, options: BackfillOptions, channel: str) -> None:
        super().__init__(api, options)
        topic, _, expressions = channel.partition("?")
        self._name: Final = topic.removeprefix("/topic/")
        self._expressions: Final = parse_qsl(expressions, keep_blank_values=True)
        self._query: TopicQuery | None = None

    def known_entities(self, channel: str) -> Sequence[str] | None:
        """Return the object, once the topic was read."""
        return None if self._query is None else [self._query.entity]

    async def entities(self, channel: str) -> Sequence[str]:
        """Return the object of the topic's query. It is read anew: an administrator may change it.

        Raises:
            RestError: The org refused, or there is no such topic.
        """
        answer = await self.api.get(f"query?q={quote(_TOPIC.format(self._name))}")
        records = list(answer.get("records") or [])
        if len(records) != 1 or "Query" not in records[0]:
            raise RestError(f"{channel}: there is no PushTopic {self._name!r} that the user may read")
        query = parse_topic_query(str(records[0]["Query"]))
        self._query = query
        self._conditions[query.entity] = await self._condition(query)
        return [query.entity]

    async def _condition(self, query: TopicQuery) -> str:
        described = await super().fields(query.entity)
        types = described.types
        terms = [f"{name} = {_literal(value, types.get(name, ''))}" for name, value in self._expressions]
        parts = [query.condition, " OR ".join(terms)]
        return " AND ".join(f"({part})" for part in parts if part)

    async def fields(self, entity: str) -> ObjectFields:
        """Return the fields that the topic's query selects.

        Raises:
            RestError: The org refused.
        """
        known = await super().fields(entity)
        if self._query is None:
            return known
        names = {name.lower(): name for name in known.types}
        asked = [names.get(name.lower(), name) for name in self._query.fields]
        types = {name: known.types[name] for name in (*_SYSTEM, *asked) if name in known.types}
        return ObjectFields(entity, types, {}, known.has_deleted, tuple(asked))


def _literal(value: str, kind: str) -> str:
    if kind in _UNQUOTED:
        return value
    escaped = value.strip("'").replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
