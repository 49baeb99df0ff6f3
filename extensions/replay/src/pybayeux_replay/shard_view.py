"""What the command line shows of shards: who holds each channel, since when, and how many events wait there.

All ages are by the store's clock. Nothing is read here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from .position_lookup import split_key
from .words import ago, counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .position import Position
    from .shards import Member, ShardTable

__all__ = ("ShardColumns", "ShardView")


class ShardColumns(NamedTuple):
    """What a table shows of one channel."""

    held_by: str
    since: str
    waiting: str


class ShardView:
    """The shards of one consumer, to be shown.

    Args:
        table: The table.
    """

    def __init__(self, table: ShardTable) -> None:
        self._table: Final = table
        self._live: Final = frozenset(table.live)

    def __bool__(self) -> bool:
        """Whether channels are divided."""
        return bool(self._table.shards or self._table.members)

    @property
    def live(self) -> list[str]:
        """The names of the replicas that are not silent."""
        return sorted(self._live)

    def with_unstored(self, positions: Mapping[str, Position]) -> dict[str, Position | None]:
        """Return positions, and None for each channel that is divided and has none yet."""
        named = {split_key(key)[1] for key in positions}
        others = {name: None for name in self._table.shards if name not in named}
        return dict(sorted({**positions, **others}.items()))

    def columns(self, subscription: str) -> ShardColumns:
        """Return what a table shows of a channel."""
        shard = self._table.shards.get(subscription)
        if shard is None or shard.holder not in self._live:
            return ShardColumns("no replica", "", "")
        waiting = self._table.members[str(shard.holder)].waiting.get(subscription, 0)
        return ShardColumns(str(shard.holder), ago(self._table.read_at - shard.since), str(waiting))

    def record(self, subscription: str) -> dict[str, Any]:
        """Return what JSON has of a channel: the members ``holder``, ``number``, ``held_since`` and ``waiting``."""
        shard = self._table.shards.get(subscription)
        if shard is None or shard.holder not in self._live:
            return {"holder": None, "number": 0 if shard is None else shard.number, "held_since": None, "waiting": None}
        waiting = self._table.members[str(shard.holder)].waiting.get(subscription, 0)
        since = shard.since.isoformat().replace("+00:00", "Z")
        return {"holder": shard.holder, "number": shard.number, "held_since": since, "waiting": waiting}

    def lines(self, consumer: str) -> list[str]:
        """Return a line for each member, in words."""
        return [self._line(consumer, each) for _, each in sorted(self._table.members.items())]

    def _line(self, consumer: str, member: Member) -> str:
        channels = counted(len(self._table.held_by(member.name)), "channel")
        if member.name not in self._live:
            silent = ago(self._table.read_at - member.expires_at)
            return f"{member.name} is silent: its lease ended {silent}; {channels} of {consumer!r} will go to others."
        age, events = ago(self._table.read_at - member.since), counted(sum(member.waiting.values()), "event")
        return (
            f"{member.name} handles {channels} of {consumer!r}, and is a replica since "
            f"{member.since:%Y-%m-%d %H:%M:%S} UTC ({age}); {events} received and not handled."
        )
