"""Publishing: from a payload or a change of records to events on channels.

Owns which form of event a channel takes. What a channel keeps is in `events/`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from .events.changes import Transaction, change
from .events.channels import ChannelDefinition, Product, change_channel
from .events.event import Event

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .state import OrgState

__all__ = ("Publisher",)


class Publisher:
    """Publishes events.

    Args:
        state: The org.
    """

    def __init__(self, state: OrgState) -> None:
        self._state: Final = state
        self._commits = 10_000_000

    def publish(self, channel: str, payload: Any, *, action: str = "created", uuid: str | None = None) -> int:
        """Publish an event, in the form of the channel's kind.

        Args:
            channel: The channel.
            payload: The record of a PushTopic, the fields of a platform event, or any payload of a generic channel.
            action: What happened to the record of a PushTopic: ``created``, ``updated``, ``deleted`` or ``undeleted``.
            uuid: The ``EventUuid``. None generates one.

        Returns:
            The event's replay id on that channel.

        Raises:
            LookupError: The channel is not defined.
            TypeError: The payload cannot be encoded as JSON, or is not an object although one is needed.
            ValueError: The channel only includes events of other channels.
        """
        definition = self._state.bus.definition(channel)
        if not self._state.bus.is_open(channel):
            raise LookupError(f"the channel {channel!r} was deleted")
        if definition.custom or definition.product is Product.CHANGE_EVENT:
            raise ValueError(
                f"{channel} only includes events of others: publish on those channels, or use publish_change()"
            )
        content = msgspec.to_builtins(payload)
        if definition.product is not Product.GENERIC and not isinstance(content, dict):
            raise TypeError(f"payload: expected an object with the fields of {channel}; got {payload!r}")
        event = Event(
            product=definition.product,
            name=channel.rpartition("/")[2],
            content=content,
            uuid=uuid or self._state.ids.event(),
            created=self._state.clock.now(),
            action=action,
            author=self._author,
        )
        return self._state.bus.publish(channel, event)[channel]

    def publish_change(
        self,
        entity: str,
        kind: str,
        record_ids: Sequence[str],
        fields: Mapping[str, Any] | None = None,
        transaction: Transaction | None = None,
        *,
        origin: str = "com/salesforce/api/rest/67.0",
    ) -> dict[str, int]:
        """Publish a change on its object's channel, on ``/data/ChangeEvents`` and on custom channels that include it.

        Args:
            entity: The object, such as ``Account`` or ``Emp__c``.
            kind: ``CREATE``, ``UPDATE``, ``DELETE``, ``UNDELETE``, one of these with the prefix ``GAP_``, or
                ``GAP_OVERFLOW``.
            record_ids: The changed records; ``001*`` stands for all records of a kind.
            fields: The new values. The records have them also after a gap event, which carries none.
            transaction: The transaction, from `transaction`. None commits the change alone.
            origin: The ``changeOrigin``.

        Returns:
            Its replay id on each channel.

        Raises:
            ValueError: There is no such kind of change.
        """
        channel = change_channel(entity)
        if channel not in self._state.bus.definitions:
            self._state.bus.define(ChannelDefinition(name=channel))
        committed, values = transaction or self.transaction(), msgspec.to_builtins(dict(fields or {}))
        event = change(
            entity,
            kind,
            record_ids,
            values,
            committed,
            uuid=self._state.ids.event(),
            author=self._author,
            origin=origin,
        )
        self._state.records.change(entity, kind, record_ids, values, committed.time)
        return self._state.bus.publish(channel, event)

    def change_records(
        self, entity: str, kind: str, record_ids: Sequence[str], fields: Mapping[str, Any] | None = None
    ) -> None:
        """Change records without an event, such as before their object was selected for change events.

        The arguments are those of `publish_change`.
        """
        self._state.records.change(
            entity, kind, record_ids, msgspec.to_builtins(dict(fields or {})), self._state.clock.now()
        )

    def publish_transaction(self, changes: Sequence[Mapping[str, Any]]) -> list[dict[str, int]]:
        """Publish changes that are committed together, from plain data, as the control interface has it.

        Args:
            changes: The arguments of `publish_change` for each. One with ``skip`` leaves a gap of so many numbers in
                the sequence before it: changes of objects that are not selected.

        Returns:
            The replay ids of each change, by channel.

        Raises:
            TypeError: An argument is missing or unknown.
            ValueError: There is no such kind of change.
        """
        transaction = self.transaction()
        ids = []
        for each in changes:
            arguments = dict(each)
            transaction.skip(arguments.pop("skip", 0))
            ids.append(self.publish_change(**arguments, transaction=transaction))
        return ids

    def transaction(self) -> Transaction:
        """A transaction for changes that are committed together. Its `skip` leaves gaps in the sequence."""
        self._commits += 1
        return Transaction(self._state.ids, self._commits, self._state.clock.now())

    @property
    def _author(self) -> str:
        return next(iter(self._state.users.known.values())).user_id
