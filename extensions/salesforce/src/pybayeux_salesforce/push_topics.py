"""PushTopics of an org: their records, and the changes that create, change and delete them.

Sources: Object Reference, "PushTopic"; Streaming API Developer Guide, "PushTopic Queries".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from pybayeux.errors import UsageError

from .setup_changes import SetupChange

if TYPE_CHECKING:
    from collections.abc import Collection

    from .rest import RestClient

__all__ = (
    "NOTIFY_FOR_FIELDS",
    "OPERATIONS",
    "PushTopic",
    "TopicOptions",
    "delete_push_topic",
    "find_push_topic",
    "read_push_topics",
)

OPERATIONS: Final = ("create", "update", "delete", "undelete")
NOTIFY_FOR_FIELDS: Final = ("All", "Referenced", "Select", "Where")

_PATH: Final = "sobjects/PushTopic"
_NAME: Final = re.compile(r"\w{1,25}", re.ASCII)
_LONGEST_QUERY: Final = 1_300
_FIELDS: Final = (
    "Id, Name, Query, ApiVersion, Description, IsActive, NotifyForFields, NotifyForOperationCreate, "
    "NotifyForOperationUpdate, NotifyForOperationDelete, NotifyForOperationUndelete"
)


class PushTopic(Struct, kw_only=True, frozen=True):
    """A PushTopic; its channel is ``/topic/`` and its name.

    Attributes:
        record_id: The id of the record.
        name: Its name, at most 25 characters.
        query: The query whose results are events.
        api_version: The API version of the query.
        description: Its description, or None.
        active: Whether it counts towards the org's limit of PushTopics.
        notify_for_fields: Which changed fields cause an event, one of `NOTIFY_FOR_FIELDS`.
        operations: Which operations cause an event, of `OPERATIONS`.
    """

    record_id: str
    name: str
    query: str
    api_version: float
    description: str | None
    active: bool
    notify_for_fields: str
    operations: list[str]


class TopicOptions(Struct, kw_only=True, frozen=True):
    """What a command sets of a PushTopic; None leaves it as it is."""

    query: str | None = None
    description: str | None = None
    notify_for_fields: str | None = None
    operations: Collection[str] | None = None
    rename: str | None = None

    def create(self, name: str, api_version: str) -> SetupChange:
        """Return the change that creates a PushTopic.

        Raises:
            UsageError: The name or the query cannot be one.
        """
        if self.query is None:
            raise UsageError("--query: expected the query whose results are events")
        content = {"Name": _checked(name), "Query": self.query, "ApiVersion": float(api_version), **self._fields()}
        return SetupChange(f"create /topic/{name}", "POST", _PATH, content)

    def update(self, topic: PushTopic) -> SetupChange:
        """Return the change of a PushTopic that exists.

        Raises:
            UsageError: The new name or the query cannot be one.
        """
        wanted = self._fields()
        if self.rename is not None:
            wanted["Name"] = _checked(self.rename)
        present = _record(topic)
        content = {name: value for name, value in wanted.items() if present[name] != value}
        if not content:
            return SetupChange(f"/topic/{topic.name} is so already")
        changes = ", ".join(sorted(content))
        return SetupChange(f"change {changes} of /topic/{topic.name}", "PATCH", f"{_PATH}/{topic.record_id}", content)

    def _fields(self) -> dict[str, Any]:
        if self.query is not None and len(self.query) > _LONGEST_QUERY:
            raise UsageError(f"--query: expected at most {_LONGEST_QUERY:,} characters; got {len(self.query):,}")
        given = {"Query": self.query, "Description": self.description, "NotifyForFields": self.notify_for_fields}
        fields: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        if self.operations is not None:
            fields |= {_operation(each): each in self.operations for each in OPERATIONS}
        return fields


def delete_push_topic(topic: PushTopic) -> SetupChange:
    """Return the change that deletes a PushTopic."""
    return SetupChange(f"delete /topic/{topic.name}", "DELETE", f"{_PATH}/{topic.record_id}")


async def read_push_topics(rest: RestClient) -> list[PushTopic]:
    """Read all PushTopics, sorted by name.

    Raises:
        RestError: The org refused or did not answer.
    """
    found = [
        PushTopic(
            record_id=record["Id"],
            name=record["Name"],
            query=record["Query"],
            api_version=record["ApiVersion"],
            description=record["Description"],
            active=record["IsActive"],
            notify_for_fields=record["NotifyForFields"],
            operations=[each for each in OPERATIONS if record[_operation(each)]],
        )
        async for record in rest.query(f"SELECT {_FIELDS} FROM PushTopic")  # noqa: S608 - the names are above
    ]
    return sorted(found, key=lambda topic: topic.name)


async def find_push_topic(rest: RestClient, name: str) -> PushTopic:
    """Read the PushTopic with this name.

    Raises:
        UsageError: There is none.
        RestError: The org refused or did not answer.
    """
    topics = await read_push_topics(rest)
    for topic in topics:
        if topic.name == name.removeprefix("/topic/"):
            return topic
    known = ", ".join(topic.name for topic in topics) or "none"
    raise UsageError(f"there is no PushTopic {name!r}; the org has {known}")


def _record(topic: PushTopic) -> dict[str, Any]:
    return {
        "Name": topic.name,
        "Query": topic.query,
        "Description": topic.description,
        "NotifyForFields": topic.notify_for_fields,
        **{_operation(each): each in topic.operations for each in OPERATIONS},
    }


def _operation(name: str) -> str:
    return f"NotifyForOperation{name.capitalize()}"


def _checked(name: str) -> str:
    if _NAME.fullmatch(name) is None:
        raise UsageError(
            f"expected at most 25 letters, digits and underscores as the name of a PushTopic; got {name!r}"
        )
    return name
