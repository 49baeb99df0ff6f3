"""`OrgTarget`: events on an emulated Salesforce org.

Owns the way back from what a client received to what was published: the fields of a platform event, the record of a
PushTopic, the changes of a transaction. The org gives new replay ids, as an org does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pybayeux.errors import UsageError

from .playing import Target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .actions import Actions
    from .lines import RecordedEvent, RecordedState
    from .reading import Cassette

__all__ = ("OrgTarget",)


class OrgTarget(Target):
    """Publishes on an emulated org, by its methods or by its control interface.

    Channels are defined before the first event. The changes of a transaction that came one after the other are
    published as one transaction, each change once, also if it was recorded on several channels. Payloads, ids of
    platform events, and gaps in the numbers of a transaction stay; keys of transactions and commit times are new.

    Args:
        actions: Calls the methods.
    """

    def __init__(self, actions: Actions) -> None:
        self._actions: Final = actions

    async def prepare(self, cassette: Cassette) -> None:
        """Define the channels of the events, custom ones with the events that came on them.

        Raises:
            UsageError: A channel or an event is none of Salesforce's.
        """
        asked = [name.partition("?")[0] for name in cassette.header.channels if "*" not in name]  # without a filter
        channels: dict[str, dict[str, None]] = {name: {} for name in asked}
        for event in cassette.events:
            members = channels.setdefault(event.channel, {})
            if event.channel.endswith("__chn"):
                members[_event_name(event)] = None
        for channel, events in channels.items():
            if not channel.startswith(("/data/", "/event/", "/topic/", "/u/")):
                raise UsageError(f"{channel} is no channel of Salesforce's: play this cassette without --salesforce")
            if not channel.endswith("__chn"):
                await self._actions("define", channel=channel)
                continue
            if channel.startswith("/event/"):
                for name in events:
                    await self._actions("define", channel=f"/event/{name}")
            if events:
                await self._actions("define", channel=channel, members=list(events))

    def unit_of(self, event: RecordedEvent) -> object | None:
        """The key of a change's transaction."""
        header = _change_header(event)
        return None if header is None else header.get("transactionKey")

    async def publish(self, events: Sequence[RecordedEvent]) -> None:
        """Publish an event, or the changes of a transaction.

        Raises:
            UsageError: An event is not one of its channel's kind.
            LookupError: The org does not know a channel; over HTTP a `BayeuxError`.
        """
        if _change_header(events[0]) is not None:
            await self._actions("publish_transaction", changes=_changes(events))
            return
        for event in events:
            await self._actions("publish", **_published(event))

    async def repeat(self, state: RecordedState) -> None:
        """Cut the connections, or end the sessions."""
        if state.state == "unconnected":
            await self._actions("cut_connections")
        elif state.state == "rehandshaking":
            await self._actions("kill_sessions")


def _published(event: RecordedEvent) -> dict[str, Any]:
    """The arguments of ``publish``."""
    data = _object(event, event.data)
    stamp = _object(event, data.get("event") or {})
    if event.channel.startswith("/topic/"):
        return {"channel": event.channel, "payload": data.get("sobject"), "action": stamp.get("type", "created")}
    if not event.channel.startswith("/event/"):
        return {"channel": event.channel, "payload": data.get("payload")}
    custom = event.channel.endswith("__chn")
    channel = f"/event/{_event_name(event)}" if custom else event.channel
    return {"channel": channel, "payload": data.get("payload"), "uuid": event.event_id}


def _changes(events: Sequence[RecordedEvent]) -> list[dict[str, Any]]:
    """The arguments of ``publish_transaction``: each change once, in the order of its number."""
    by_number: dict[int, RecordedEvent] = {}
    for event in events:
        number = (_change_header(event) or {}).get("sequenceNumber")
        by_number.setdefault(number if isinstance(number, int) else len(by_number) + 1, event)
    changes, last = [], 0
    for number, event in sorted(by_number.items()):
        changes.append({**_change(event), "skip": number - last - 1})
        last = number
    return changes


def _change(event: RecordedEvent) -> dict[str, Any]:
    """The arguments of ``publish_change``."""
    header = _change_header(event) or {}
    fields = {name: value for name, value in event.data["payload"].items() if name != "ChangeEventHeader"}
    try:
        return {
            "entity": header["entityName"],
            "kind": header["changeType"],
            "record_ids": header["recordIds"],
            "fields": fields,
            **({"origin": header["changeOrigin"]} if header.get("changeOrigin") else {}),
        }
    except KeyError as error:
        raise _odd(event, f"the header of the change has no {error}") from None


def _change_header(event: RecordedEvent) -> dict[str, Any] | None:
    """The header of a change event; None for another event."""
    payload = event.data.get("payload") if isinstance(event.data, dict) else None
    header = payload.get("ChangeEventHeader") if isinstance(payload, dict) else None
    return header if isinstance(header, dict) and event.channel.startswith("/data/") else None


def _event_name(event: RecordedEvent) -> str:
    """The API name of the event on a custom channel.

    Raises:
        UsageError: It does not say.
    """
    header = _change_header(event)
    if header is not None:
        entity = str(header.get("entityName"))
        return f"{entity.removesuffix('c')}ChangeEvent" if entity.endswith("__c") else f"{entity}ChangeEvent"
    stamp = event.data.get("event") if isinstance(event.data, dict) else None
    name = stamp.get("EventApiName") if isinstance(stamp, dict) else None
    if not isinstance(name, str):
        raise _odd(event, "the event does not say its name, data.event.EventApiName")
    return name


def _object(event: RecordedEvent, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _odd(event, f"expected an event of Salesforce's; got {str(value)[:50]}")
    return value


def _odd(event: RecordedEvent, why: str) -> UsageError:
    return UsageError(f"{event.channel}, at {event.at:g} s: {why}")
