"""`Handout`: records handed out as events, in order, a few at a time, and none whose state the receivers have already.

Owns what was handed out and is not handled yet. The next records wait until these are handled, so that memory is
bounded, and the bookmark moves with each of them. Knows nothing of gaps.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from .events import change_event, deletion_event, topic_event
from .reading import stamp_of
from .start import under_way

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from pybayeux import EventInsertion, Message
    from pybayeux_replay import Bookmarks, Position

    from .objects import ObjectFields
    from .reading import Page
    from .source import RecordSource
    from .states import ChannelStates

__all__ = ("Filling", "Handout")

_IN_HAND: Final = 200
"""How many records receivers get before the next ones have to wait until these are handled."""
_SETTLING: Final = 5
"""How often records that have just changed are read again."""
_MOST_UNSETTLED: Final = 2000
_STAMP_UNIT: Final = 1000
"""Milliseconds: a ``SystemModstamp`` has whole seconds."""


@dataclass(slots=True)
class Filling:
    """The records of one object that fill a gap.

    Attributes:
        insertion: The place in the stream.
        entity: The object.
        note: What the events say of the gap; see `filled_note`.
        created_since: From which time on a record counts as created; None: each.
        wanted: The ids that the gap names, if it names some; one that is not found is deleted.
        bookmark: The name of the bookmark that moves with each record. Empty: after a kill all of it comes again.
        count: How many records were handed out.
        complete_to: Up to when all changes are known: before the first query. Records of later pages, and those that
            are read again, may have changed later than others that were read earlier.
        found: The ids that were found.
        unsettled: The ids of records that changed in the second in which they were read, or later: events of the stream
            could not be told to be older or newer.
    """

    insertion: EventInsertion
    entity: str
    note: dict[str, Any]
    created_since: datetime | None
    wanted: Sequence[str] = ()
    bookmark: str = ""
    count: int = 0
    complete_to: datetime | None = None
    found: set[str] = field(default_factory=set)
    unsettled: list[str] = field(default_factory=list)


class Handout:
    """Hands out the records of one channel.

    Args:
        channel: The channel.
        source: Reads records again that have just changed.
        states: The states that the receivers have.
        bookmarks: Replay's positions.
        settle: Seconds until such records are read again.
    """

    def __init__(
        self, channel: str, source: RecordSource, states: ChannelStates, bookmarks: Bookmarks, settle: float
    ) -> None:
        self._channel: Final = channel
        self._make: Final = topic_event if channel.startswith("/topic/") else change_event
        self._source: Final = source
        self._states: Final = states
        self._bookmarks: Final = bookmarks
        self._settle: Final = settle
        # By `id()`: what was handed out and is not handled yet, with the bookmark that follows.
        self._in_hand: Final[dict[int, tuple[Message, str, Position]]] = {}
        self._progress: Final = asyncio.Event()

    def handled(self, event: Message) -> None:
        """Note that an event is handled: the bookmark moves, if it was handed out here."""
        handed = self._in_hand.pop(id(event), None)
        if handed is None:
            return
        if handed[1]:
            self._bookmarks.put(*handed[1:])
        self._progress.set()

    def bookmark_of(self, event: Message) -> tuple[str, Position] | None:
        """Return the name and the bookmark that follow an event that was handed out and is not handled yet."""
        handed = self._in_hand.get(id(event))
        return None if handed is None or not handed[1] else handed[1:]

    async def hand_out(self, filling: Filling, pages: AsyncIterator[Page], mark: Callable[[], int]) -> None:
        """Hand out the records that receivers do not have yet, and return when they are handled.

        Args:
            filling: The gap.
            pages: The records.
            mark: Returns how many events have arrived.

        Raises:
            ClientStateError: The client has given up what waits.
            RestError: The org refused.
        """
        asked_at = mark()
        async for page in pages:
            await self._hand_out_page(filling, page, is_final=False)
        for attempt in range(_SETTLING):
            if not filling.unsettled:
                break
            await asyncio.sleep(self._settle)
            ids, filling.unsettled = filling.unsettled, []
            async for page in self._source.again(filling.entity, ids, mark):
                await self._hand_out_page(filling, page, is_final=attempt == _SETTLING - 1)
        gone = [each for each in filling.wanted if each not in filling.found]
        for each in gone:
            self._states.filled(each, 0, {}, is_deleted=True, asked_at=asked_at)
        made = [deletion_event(self._channel, filling.entity, each, filling.note) for each in gone]
        filling.count += len(made)
        await self._put(filling, [(event, under_way(None)) for event in made])

    async def _hand_out_page(self, filling: Filling, page: Page, *, is_final: bool) -> None:
        """Hand out the records of a page, but for those that have just changed: they are read again."""
        fields = await self._source.fields(filling.entity)
        self._states.read()
        if filling.complete_to is None and page.asked_after:
            filling.complete_to = datetime.fromtimestamp(page.asked_after / _STAMP_UNIT, UTC)
        made: list[tuple[Message, Position]] = []
        for record in page.records:
            stamp = stamp_of(record)
            filling.found.add(record["Id"])
            has_settled = _milliseconds(stamp) + _STAMP_UNIT <= page.asked_after
            if not (has_settled or is_final or len(filling.unsettled) >= _MOST_UNSETTLED):
                filling.unsettled.append(record["Id"])
                continue
            if self._is_new(fields, record, stamp, page):
                event = self._make(self._channel, fields, record, stamp, filling.note, filling.created_since)
                made.append((event, under_way(_earlier(stamp, filling), record["Id"])))
        filling.count += len(made)
        await self._put(filling, made)

    def _is_new(self, fields: ObjectFields, record: Any, stamp: datetime, page: Page) -> bool:
        """Whether the receivers do not have this state of a record; either way it is noted."""
        values = fields.payload(record, with_nulls=False) if fields.shown is None else fields.sobject(record)
        time, is_deleted = _milliseconds(stamp), bool(record.get("IsDeleted"))
        is_known = self._states.has(record["Id"], time, values, is_deleted=is_deleted)
        self._states.filled(
            record["Id"],
            time,
            values,
            is_deleted=is_deleted,
            asked_at=page.asked_at,
            asked_after=page.asked_after,
        )
        return not is_known

    async def _put(self, filling: Filling, made: Sequence[tuple[Message, Position]]) -> None:
        for start in range(0, len(made), _IN_HAND):
            part = made[start : start + _IN_HAND]
            for event, bookmark in part:
                self._in_hand[id(event)] = event, filling.bookmark, bookmark
            await filling.insertion.put([event for event, _ in part])
            while self._in_hand and not filling.insertion.closed:
                self._progress.clear()
                await self._progress.wait()


def _earlier(stamp: datetime, filling: Filling) -> datetime | None:
    return None if filling.complete_to is None else min(stamp, filling.complete_to)


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
