"""Channels of an org: what can be subscribed to, and which events the channels with members include.

Sources: REST API Developer Guide, "Describe Global"; Tooling API, "PlatformEventChannel" and
"PlatformEventChannelMember"; Change Data Capture Developer Guide, "Get Custom Channels and Channel Members".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from msgspec import Struct

from pybayeux.errors import UsageError

from .errors import InvalidTokenError, QuotaError, RestError
from .setup_changes import SetupChange

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence

    from .rest import RestClient

__all__ = (
    "STANDARD_CHANNEL",
    "ChannelMember",
    "OrgChannel",
    "add_channel",
    "deselect_event",
    "event_of_entity",
    "read_channels",
    "read_members",
    "select_event",
)

STANDARD_CHANNEL: Final = "ChangeEvents"
"""The name of the channel of all enabled objects."""

_CHANNEL: Final = "tooling/sobjects/PlatformEventChannel"
_MEMBER: Final = "tooling/sobjects/PlatformEventChannelMember"
_TOOLING: Final = "tooling/query"
_CHANNELS: Final = "SELECT Id, DeveloperName, ChannelType, MasterLabel FROM PlatformEventChannel"
_MEMBERS: Final = "SELECT Id FROM PlatformEventChannelMember"
_TOPICS: Final = "SELECT Id, Name, Query, IsActive FROM PushTopic"
_KINDS: Final[Mapping[str, str]] = {"data": "/data/", "event": "/event/"}


class ChannelMember(Struct, kw_only=True, frozen=True):
    """An event on a channel.

    Attributes:
        record_id: The id of the member.
        channel: The name of the channel, such as ``ChangeEvents`` or ``Sales__chn``.
        event: The name of the event, such as ``AccountChangeEvent`` or ``Order__e``.
        filter: The filter expression, or None.
        enriched: The fields that are added to events even if they did not change.
    """

    record_id: str
    channel: str
    event: str
    filter: str | None = None
    enriched: list[str] = []


class OrgChannel(Struct, kw_only=True, frozen=True):
    """A channel that clients can subscribe to.

    Attributes:
        channel: The channel, such as ``/event/Order__e``.
        kind: What is on it.
        label: Its label in Setup; of a PushTopic its name.
        members: The events on it, if it has members.
        query: The query of a PushTopic, else None.
        active: Whether a PushTopic is active; true for the others.
    """

    channel: str
    kind: Literal["all changes", "changes", "platform event", "custom channel", "PushTopic"]
    label: str
    members: list[ChannelMember] = []
    query: str | None = None
    active: bool = True


async def read_channels(rest: RestClient, refused: Callable[[str, RestError], None]) -> list[OrgChannel]:
    """Read what the user can subscribe to: changes, custom channels, platform events and PushTopics, in this order.

    It takes one request for each member of a channel, and four more. The user needs the permission *View Setup and
    Configuration* for channels with members.

    Args:
        rest: The org.
        refused: Called with a kind of channels and the error if the org does not let the user read them.

    Raises:
        RestError: The token is invalid, a limit is reached, or the org did not answer.
    """
    parts = (("changes and custom channels", _with_members), ("platform events", _events), ("PushTopics", _topics))
    found: list[OrgChannel] = []
    for name, read in parts:
        found += await _part(name, read, rest, refused)
    return found


async def _part(
    name: str,
    read: Callable[[RestClient], Awaitable[list[OrgChannel]]],
    rest: RestClient,
    refused: Callable[[str, RestError], None],
) -> list[OrgChannel]:
    try:
        return await read(rest)
    except (InvalidTokenError, QuotaError):
        raise
    except RestError as error:
        if error.status is None or error.status >= 500:
            raise
        refused(name, error)
        return []


async def _with_members(rest: RestClient) -> list[OrgChannel]:
    members = [member async for member in read_members(rest)]
    standard = [member for member in members if member.channel == STANDARD_CHANNEL]
    everything = OrgChannel(
        channel=f"/data/{STANDARD_CHANNEL}", kind="all changes", label="All changes", members=standard
    )
    found = [everything, *(_changes(member) for member in standard)]
    async for record in rest.query(_CHANNELS, resource=_TOOLING):
        name, prefix = f"{record['DeveloperName']}__chn", _KINDS.get(record["ChannelType"], "/event/")
        own = [member for member in members if member.channel == name]
        found.append(
            OrgChannel(channel=f"{prefix}{name}", kind="custom channel", label=record["MasterLabel"], members=own)
        )
    return _sorted(found)


def _changes(member: ChannelMember) -> OrgChannel:
    return OrgChannel(channel=f"/data/{member.event}", kind="changes", label=_entity_of(member.event))


async def _events(rest: RestClient) -> list[OrgChannel]:
    described = (await rest.get("sobjects")).get("sobjects")
    names = [(each["name"], each["label"]) for each in described or () if each["name"].endswith("__e")]
    return _sorted(OrgChannel(channel=f"/event/{name}", kind="platform event", label=label) for name, label in names)


async def _topics(rest: RestClient) -> list[OrgChannel]:
    return _sorted(
        [
            OrgChannel(
                channel=f"/topic/{record['Name']}",
                kind="PushTopic",
                label=record["Name"],
                query=record["Query"],
                active=record["IsActive"],
            )
            async for record in rest.query(_TOPICS)
        ]
    )


def _sorted(channels: Iterable[OrgChannel]) -> list[OrgChannel]:
    order = ("all changes", "changes", "custom channel")
    return sorted(channels, key=lambda each: (order.index(each.kind) if each.kind in order else 0, each.channel))


async def read_members(rest: RestClient) -> AsyncIterator[ChannelMember]:
    """Yield the members of all channels. It takes one request for each: a query states ids instead of some names.

    Raises:
        RestError: The org refused or did not answer.
    """
    async for row in rest.query(_MEMBERS, resource=_TOOLING):
        record = await rest.get(f"{_MEMBER}/{row['Id']}")
        metadata: Mapping[str, Any] = record.get("Metadata") or {}
        yield ChannelMember(
            record_id=str(row["Id"]),
            channel=str(metadata.get("eventChannel")),
            event=str(metadata.get("selectedEntity")),
            filter=metadata.get("filterExpression") or None,
            enriched=[str(each["name"]) for each in metadata.get("enrichedFields") or ()],
        )


def event_of_entity(entity: str) -> str:
    """Return the event of an object: ``AccountChangeEvent`` for ``Account``, ``Emp__ChangeEvent`` for ``Emp__c``.

    The name of an event stays as it is.

    Raises:
        UsageError: It is not a name.
    """
    if not entity.isidentifier() or not entity.isascii():
        raise UsageError(
            f"expected the name of an object or event, such as Account, Emp__c or Order__e; got {entity!r}"
        )
    if entity.endswith(("ChangeEvent", "__e")):
        return entity
    return f"{entity.removesuffix('c') if entity.endswith('__c') else entity}ChangeEvent"


def _entity_of(event: str) -> str:
    entity = event.removesuffix("ChangeEvent")
    return f"{entity}c" if entity.endswith("__") else entity


def select_event(
    members: Sequence[ChannelMember],
    event: str,
    channel: str,
    *,
    expression: str | None = None,
    enriched: Sequence[str] | None = None,
) -> SetupChange:
    """Return the change that puts an event on a channel, with a filter and enriched fields.

    Args:
        members: The present members of all channels.
        event: The event, such as ``AccountChangeEvent``.
        channel: The channel: `STANDARD_CHANNEL` or a custom one.
        expression: The filter; empty for none. None keeps that of a member that exists.
        enriched: The enriched fields. None keeps those of a member that exists.
    """
    known = _find(members, event, channel)
    before = known or ChannelMember(record_id="", channel=channel, event=event)
    wanted = (before.filter if expression is None else expression or None, list(enriched or ()))
    if enriched is None:
        wanted = (wanted[0], before.enriched)
    metadata: dict[str, Any] = {"eventChannel": channel, "selectedEntity": event}
    metadata |= {"filterExpression": wanted[0]} if wanted[0] or before.filter else {}
    metadata |= {"enrichedFields": [{"name": name} for name in wanted[1]]} if wanted[1] or before.enriched else {}
    content = {"FullName": f"{channel}_{event}".replace("__", "_"), "Metadata": metadata}
    if known is None:
        return SetupChange(f"put {event} on {channel}{_terms(*wanted)}", "POST", _MEMBER, content)
    if (known.filter, known.enriched) == wanted:
        return SetupChange(f"{event} is on {channel} already{_terms(*wanted)}")
    return SetupChange(
        f"change {event} on {channel}:{_terms(*wanted) or ' no filter'}",
        "PATCH",
        f"{_MEMBER}/{known.record_id}",
        content,
    )


def deselect_event(members: Sequence[ChannelMember], event: str, channel: str) -> SetupChange:
    """Return the change that takes an event from a channel."""
    known = _find(members, event, channel)
    if known is None:
        return SetupChange(f"{event} is not on {channel}")
    return SetupChange(f"take {event} from {channel}", "DELETE", f"{_MEMBER}/{known.record_id}")


async def add_channel(rest: RestClient, name: str, event: str) -> SetupChange | None:
    """Return the change that creates a custom channel for events of this kind; None if it exists.

    Raises:
        UsageError: The name is not one of a custom channel.
        RestError: The org refused or did not answer.
    """
    base = name.removesuffix("__chn")
    if base == name or "__" in base or not base.isidentifier() or not base.isascii():
        raise UsageError(f"--channel: expected a name that ends with __chn, such as Sales__chn; got {name!r}")
    async for record in rest.query(_CHANNELS, resource=_TOOLING):
        if record["DeveloperName"] == base:
            return None
    kind = "data" if event.endswith("ChangeEvent") else "event"
    metadata = {"channelType": kind, "label": base.replace("_", " ")}
    return SetupChange(f"create the channel {name}", "POST", _CHANNEL, {"FullName": name, "Metadata": metadata})


def _find(members: Sequence[ChannelMember], event: str, channel: str) -> ChannelMember | None:
    return next((each for each in members if (each.event, each.channel) == (event, channel)), None)


def _terms(expression: str | None, enriched: Sequence[str]) -> str:
    terms = [f" where {expression}"] if expression else []
    return "".join([*terms, f" with {', '.join(enriched)}" if enriched else ""])
