"""From what somebody publishes to events on channels.

Owns who may be told what where: the product's own form of an event, and the changes of records.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from .events.changes import Transaction, change
from .events.channels import ChannelDefinition, Product, change_channel
from .events.event import Event

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .org.state import OrgState

__all__ = ("Publisher",)


class Publisher:
    """Publishes.

    Args:
        state: The org.
    """

    def __init__(self, state: OrgState) -> None:
        self._state: Final = state
        self._commits = 10_000_000

    def publish(self, channel: str, payload: Any, *, action: str = "created", uuid: str | None = None) -> int:
        """Publish on a channel in the form of its product.

        Returns:
            The event's replay id on that channel.

        Raises:
            LookupError: Nobody has defined the channel.
            TypeError: The payload is nothing that JSON can say, or no object where one is needed.
            ValueError: The channel takes events of other channels only.
        """
        definition = self._state.bus.definition(channel)
        if definition.custom or definition.product is Product.CHANGE_EVENT:
            raise ValueError(f"{channel} takes what others have, or changes, which publish_change() tells")
        content = msgspec.to_builtins(payload)
        if definition.product is not Product.GENERIC and not isinstance(content, dict):
            raise TypeError(f"{channel} has events of fields, not {payload!r}")
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
        """Publish a change, on the channel of its object, on ``/data/ChangeEvents`` and on custom ones.

        Returns:
            Its replay id on each of them.

        Raises:
            ValueError: There is no such kind of change.
        """
        channel = change_channel(entity)
        if channel not in self._state.bus.definitions:
            self._state.bus.define(ChannelDefinition(name=channel))
        event = change(
            entity,
            kind,
            record_ids,
            msgspec.to_builtins(dict(fields or {})),
            transaction or self.transaction(),
            uuid=self._state.ids.event(),
            author=self._author,
            origin=origin,
        )
        return self._state.bus.publish(channel, event)

    def transaction(self) -> Transaction:
        """What changes belong to that are committed together."""
        self._commits += 1
        return Transaction(self._state.ids, self._commits, self._state.clock.now())

    @property
    def _author(self) -> str:
        return next(iter(self._state.users.known.values())).user_id
