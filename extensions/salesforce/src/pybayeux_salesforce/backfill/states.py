"""The latest states that the receivers of a channel have, as far as they are known: what a backfill need not repeat.

Owns both comparisons. Of a record that was read: whether the receivers have this state already. Of an event that comes
after a backfill: whether the state that was handed out contains it.

The times cannot be compared as they stand. ``SystemModstamp`` is when the record was saved, in whole seconds, and
``commitTimestamp`` when the transaction ended, in milliseconds. A transaction locks its records until it ends, so an
event whose commit lies before a record's stamp is contained in it. Within one second only the values decide. Where
nothing is certain, the answer is no: a state that comes twice does no harm, and one that is missing does.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec

from ..changes import ChangeEventHeader, ChangeType, header_of

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("Change", "ChannelStates", "change_in")

_MOST: Final = 10_000
_MOST_IN_FLIGHT: Final = 50_000
_SECOND: Final = 1000
_AUDIT: Final = frozenset(
    {"CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "LastViewedDate", "LastReferencedDate"}
)
"""Fields that say when and by whom a record was touched. They make no other state."""
_HEADER: Final = "ChangeEventHeader"
_UNCOMPARED: Final = frozenset({"Id", "IsDeleted", "SystemModstamp"})
# An event of a PushTopic has all fields of its query, so its state is complete.
_TOPIC_TYPES: Final = {"updated": ChangeType.CREATE, "created": ChangeType.CREATE, "undeleted": ChangeType.UNDELETE}


@dataclass(frozen=True, slots=True)
class Change:
    """A change event.

    Attributes:
        header: Its header.
        fields: Its fields.
    """

    header: ChangeEventHeader
    fields: Mapping[str, Any]


class _Stamp(msgspec.Struct):
    type: str = ""
    created: str = msgspec.field(default="", name="createdDate")


class _Data(msgspec.Struct):
    payload: dict[str, Any] = {}
    sobject: dict[str, Any] | None = None
    event: _Stamp = msgspec.field(default_factory=_Stamp)


def change_in(content: bytes) -> Change | None:
    """Return the change event in the data of a message; None if it is none."""
    try:
        data = msgspec.json.decode(content, type=_Data)
        if data.sobject is not None:
            return _topic_change(data.event, data.sobject)
        payload = data.payload
        header = header_of(payload)
    except (ValueError, msgspec.MsgspecError):
        return None
    if header is None:
        return None
    return Change(header, {name: value for name, value in payload.items() if name != _HEADER})


def _topic_change(stamp: _Stamp, sobject: dict[str, Any]) -> Change:
    """Return the change in the event of a PushTopic: an update, whatever it is, but for a deletion.

    Raises:
        ValueError: It has no time.
    """
    is_deleted = stamp.type == "deleted"
    header = ChangeEventHeader(
        record_ids=[str(sobject.get("Id"))],
        change_type=ChangeType.DELETE if is_deleted else _TOPIC_TYPES.get(stamp.type, ChangeType.UPDATE),
        commit_timestamp=round(datetime.fromisoformat(stamp.created).timestamp() * _SECOND),
    )
    return Change(header, {name: value for name, value in sobject.items() if name not in _UNCOMPARED})


@dataclass(slots=True)
class _State:
    """The state of one record.

    Attributes:
        time: Its ``SystemModstamp``, or the ``commitTimestamp`` of its last event, in milliseconds.
        values: Its values, without nulls and audit fields.
        is_deleted: Whether it is deleted.
        is_complete: Whether all values are known.
        asked_at: When it was asked for, by the count of events that had arrived; -1 if it is from the stream.
        asked_after: A time of the org before it was asked for, in milliseconds.
        order: The number of the last event that comes before it in the stream.
    """

    time: int
    values: dict[str, Any]
    is_deleted: bool
    is_complete: bool
    asked_at: int = -1
    asked_after: int = 0
    order: int = 0


class ChannelStates:
    """The states of the records of one channel that changed last.

    Args:
        overlap: Seconds that a transaction may take.

    Attributes:
        may_contain: Whether an event that comes now may be contained in a state that was handed out.
    """

    def __init__(self, overlap: float) -> None:
        self._overlap: Final = round(overlap * _SECOND)
        self._recent: Final[deque[tuple[int, bytes]]] = deque(maxlen=_MOST)
        self._in_flight: Final[dict[int, tuple[int, bytes]]] = {}
        self._order = 0
        self._waiting: set[str] = set()
        self._has_lost_track = False
        self._newest_filled = 0
        self._handled_before = 0
        self.may_contain: bool = False
        self._states: Final[OrderedDict[str, _State]] = OrderedDict()

    def received(self, number: int, content: bytes) -> None:
        """Note the data of an event that waits for its receivers.

        Args:
            number: Its `id()`. Of an event that was given up the number may come again, for another event.
            content: Its data. It is looked into when there is a gap.
        """
        self._order += 1
        self._in_flight[number] = self._order, content
        if len(self._in_flight) > _MOST_IN_FLIGHT:
            self._in_flight.clear()
            self._has_lost_track = True

    def handled(self, number: int) -> None:
        """Note that receivers have handled an event."""
        if (event := self._in_flight.pop(number, None)) is not None:
            self._recent.append(event)

    def filled(
        self,
        record_id: str,
        time: int,
        values: Mapping[str, Any],
        *,
        is_deleted: bool,
        asked_at: int,
        asked_after: int = 0,
    ) -> None:
        """Note a state that is handed out, or that the receivers have.

        Args:
            record_id: The record.
            time: Its ``SystemModstamp``, in milliseconds.
            values: Its fields.
            is_deleted: Whether it is deleted.
            asked_at: How many events had arrived when it was asked for.
            asked_after: A time of the org before it was asked for, in milliseconds.
        """
        self._put(record_id, _State(time, _compared(values), is_deleted, True, asked_at, asked_after, self._order))
        self._newest_filled = max(self._newest_filled, time)
        self.may_contain = True

    def resumes_after(self, time: int) -> None:
        """Note that everything that was committed before a time, in milliseconds, is handled or was handed out."""
        self._handled_before = max(self._handled_before, time)
        self._newest_filled = max(self._newest_filled, time)
        self.may_contain = True

    def read(self) -> None:
        """Look into what was handled, and what waits before a place at which states are handed out."""
        while self._recent:
            order, content = self._recent.popleft()
            if (change := change_in(content)) is not None:
                self._apply(change, order)
        changes = (change_in(content) for _, content in self._in_flight.values())
        self._waiting = {each for change in changes if change is not None for each in change.header.record_ids}

    def has(self, record_id: str, time: int, values: Mapping[str, Any], *, is_deleted: bool) -> bool:
        """Whether the receivers have this state of a record. The arguments are those of `filled`."""
        state = self._states.get(record_id)
        if state is None or self._has_lost_track or record_id in self._waiting:
            return False
        if state.asked_at < 0 and time + _SECOND <= state.time:
            return True
        if not state.is_complete or state.is_deleted != is_deleted:
            return False
        return is_deleted or state.values == _compared(values)

    def not_contained(self, change: Change, arrival: int | None) -> list[str] | None:
        """Return the records whose states, as they were handed out, do not contain a change; None: it is of no record.

        Args:
            change: The change.
            arrival: The number of its event in the order of arrival; None if it came after the backfill.
        """
        header = change.header
        if arrival is None and header.commit_timestamp > self._newest_filled + _SECOND + self._overlap:
            self.may_contain = False  # the stream has passed what was handed out
        if not header.record_ids:
            return None
        if not self.may_contain:
            return header.record_ids
        if header.commit_timestamp < self._handled_before:
            return []  # it comes again, since the server numbers its events anew
        remaining = [each for each in header.record_ids if not self._has(self._states.get(each), change, arrival)]
        for each in remaining:
            if (known := self._states.get(each)) is not None:
                known.asked_at = -1  # what follows is compared with this event
        return remaining

    def _has(self, state: _State | None, change: Change, arrival: int | None) -> bool:
        if state is None or state.asked_at < 0:
            return False
        if arrival is not None and arrival <= state.asked_at:
            return True  # committed before the record was read
        time = change.header.commit_timestamp
        if change.header.is_gap or time < max(state.time, state.asked_after):
            return time < max(state.time, state.asked_after)
        if time > state.time + _SECOND + self._overlap:
            return False
        if state.is_deleted:
            return change.header.change_type != ChangeType.UNDELETE
        return change.header.change_type != ChangeType.DELETE and all(
            state.values.get(name) == value for name, value in change.fields.items() if name not in _AUDIT
        )

    def _apply(self, change: Change, order: int) -> None:
        header = change.header
        for each in header.record_ids:
            old = self._states.get(each)
            if old is not None and old.order >= order:
                continue  # it was handed out behind this event, which receivers have handled only now
            if header.is_gap:
                self._states.pop(each, None)
            elif header.change_type == ChangeType.DELETE:
                self._put(each, _State(header.commit_timestamp, {}, True, True, order=order))
            elif header.change_type == ChangeType.CREATE or old is None or old.is_deleted:
                is_complete = header.change_type == ChangeType.CREATE
                values = _compared(change.fields)
                self._put(each, _State(header.commit_timestamp, values, False, is_complete, order=order))
            else:
                given = {name: value for name, value in change.fields.items() if name not in _AUDIT}
                values = {name: value for name, value in (old.values | given).items() if value is not None}
                self._put(each, _State(header.commit_timestamp, values, False, old.is_complete, order=order))

    def _put(self, record_id: str, state: _State) -> None:
        self._states[record_id] = state
        self._states.move_to_end(record_id)
        if len(self._states) > _MOST:
            self._states.popitem(last=False)


def _compared(values: Mapping[str, Any]) -> dict[str, Any]:
    ignored = _AUDIT | _UNCOMPARED
    return {name: value for name, value in values.items() if value is not None and name not in ignored}
