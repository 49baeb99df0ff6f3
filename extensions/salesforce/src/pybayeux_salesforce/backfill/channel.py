"""`ChannelBackfill`: the backfill of one channel.

It opens the stream where something is missing, hands out records, and lets the stream go on. Owns the order. From the
place of a gap on, what comes on the channel waits. Records are handed out there, and the next ones only when these are
handled. Then what waits follows, without the events that are contained in what was handed out. Nothing of it is counted
as handled before the records are: after a kill the gap is found again.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from pybayeux.errors import BayeuxError, ClientStateError

from ..changes import Replication
from ..errors import RestError
from .events import filled_note
from .handout import Filling, Handout
from .options import BackfillReport
from .permission import PermissionDenied
from .start import Start, bookmark_name, complete, start_of, under_way
from .states import ChannelStates, change_in

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence
    from datetime import datetime

    from pybayeux import EventInsertion, HookClient, Message
    from pybayeux_replay import Bookmarks, Gap, Position

    from .options import BackfillOptions
    from .source import RecordSource
    from .states import Change

__all__ = ("ChannelBackfill",)

Fill: TypeAlias = "Callable[[], Coroutine[Any, Any, BackfillReport | None]]"

_logger: Final = logging.getLogger("pybayeux.salesforce")
_GAP: Final = b'"GAP_'
_MOST_IDS: Final = 2000


class ChannelBackfill:
    """Fills the gaps of one channel.

    Args:
        channel: The channel.
        client: The client.
        source: Reads records.
        bookmarks: Replay's positions.
        options: The options.
    """

    def __init__(
        self, channel: str, client: HookClient, source: RecordSource, bookmarks: Bookmarks, options: BackfillOptions
    ) -> None:
        self._channel: Final = channel
        self._client: Final = client
        self._source: Final = source
        self._bookmarks: Final = bookmarks
        self._options: Final = options
        self._overlap: Final = timedelta(seconds=options.overlap)
        self._states: Final = ChannelStates(options.overlap)
        self._awaiting_grant: EventInsertion | None = None
        self._open: Final[list[EventInsertion]] = []
        self._tasks: Final[set[asyncio.Task[None]]] = set()
        # By `id()`, since the events themselves wait in the client: their numbers in the order of arrival.
        self._arrivals: Final[dict[int, int]] = {}
        self._arrived = 0
        self._gap_events: Final[list[tuple[Message, Change]]] = []
        self._answered: Final[set[int]] = set()
        self._handout: Final = Handout(channel, source, self._states, bookmarks, options.settle)

    # -- what the hooks tell

    def subscribing(self) -> None:
        """A subscribe leaves: what comes from now on waits until it is known whether there is a gap before it."""
        if self._awaiting_grant is None or self._awaiting_grant.closed:
            self._awaiting_grant = self._opened(None)

    def granted(self, gap: Gap | None) -> None:
        """The server has granted the subscription, after this gap if there is one."""
        insertion, self._awaiting_grant = self._awaiting_grant, None
        if insertion is None or insertion.closed:
            return
        entities = self._source.known_entities(self._channel)
        has_position = self._bookmarks.position(self._channel) is not None
        if gap is None and has_position and entities is not None and not any(map(self._start(None), entities)):
            self._close(insertion)
        else:
            self._run(insertion, partial(self._fill_at_start, insertion, gap))

    def receive(self, event: Message) -> bool:
        """An event has come; return whether it is contained in what was handed out, and so counts as handled."""
        content = event.raw_data
        if _GAP in content and (change := change_in(content)) is not None and change.header.is_gap:
            insertion = self._opened(event)
            self._note_arrival(event)
            self._gap_events.append((event, change))
            self._run(insertion, partial(self._fill_gap_event, insertion, event, change))
            return False
        if self._is_open:
            self._note_arrival(event)
            return False
        if self._states.may_contain and self._is_contained(event, None):
            self._bookmarks.pass_over(event)
            return True
        self._states.received(id(event), event.raw_data)
        return False

    def _is_contained(self, event: Message, arrival: int | None) -> bool:
        """Whether all records of an event were handed out in a later state. An event of others is left with those."""
        change = change_in(event.raw_data)
        if change is None or (remaining := self._states.not_contained(change, arrival)) is None:
            return False
        if remaining and len(remaining) < len(change.header.record_ids):
            event.data["payload"]["ChangeEventHeader"]["recordIds"] = remaining
        return not remaining

    def delivered(self, event: Message) -> None:
        """An event is handled."""
        self._states.handled(id(event))
        self._handout.handled(event)

    def bookmark_of(self, event: Message) -> tuple[str, Position] | None:
        """Return the name and the bookmark that follow an event that was handed out and is not handled yet."""
        return self._handout.bookmark_of(event)

    def end(self) -> None:
        """End: what waits goes on, and is not filled."""
        for task in self._tasks:
            task.cancel()
        while self._open:
            self._open.pop().close()

    async def finish(self) -> None:
        """Wait until everything has ended."""
        for task in list(self._tasks):
            with suppress(asyncio.CancelledError):
                await task

    # -- places in the stream

    def _opened(self, before: Message | None) -> EventInsertion:
        insertion = self._client.insert_events(self._channel, before)
        self._open.append(insertion)
        return insertion

    @property
    def _is_open(self) -> bool:
        """Whether what comes now waits. An insertion that the client gave up was closed without us."""
        if self._open and any(each.closed for each in self._open):
            self._open[:] = [each for each in self._open if not each.closed]
        return bool(self._open)

    def _note_arrival(self, event: Message) -> None:
        self._arrived += 1
        self._arrivals[id(event)] = self._arrived

    def _close(self, insertion: EventInsertion) -> None:
        if insertion in self._open:
            self._open.remove(insertion)
        insertion.close(drop=self._is_handled)
        if not self._is_open:
            self._arrivals.clear()

    def _is_handled(self, event: Message) -> bool:
        """Whether an event that waited needs no receiver: it is contained in what was handed out."""
        number = id(event)
        arrival = self._arrivals.pop(number, None)
        is_handled = number in self._answered
        self._answered.discard(number)
        if not is_handled and self._states.may_contain:
            is_handled = self._is_contained(event, arrival)
        if is_handled:
            self._bookmarks.pass_over(event)
        else:
            self._states.received(number, event.raw_data)
        return is_handled

    # -- filling

    def _run(self, insertion: EventInsertion, filling: Fill) -> None:
        task = asyncio.get_running_loop().create_task(self._fill(insertion, filling), name="pybayeux-backfill")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _fill(self, insertion: EventInsertion, filling: Fill) -> None:
        try:
            report = await filling()
        except ClientStateError:
            return  # what waits was given up, and comes again: to another replica, say
        except Exception as error:  # such as one of the program's own function permit
            _logger.exception("backfill: %s", self._channel)
            report = BackfillReport(self._channel, "error", False, why=f"{type(error).__name__}: {error}")
        finally:
            self._close(insertion)
        if report is not None:
            self._tell(report)

    def _tell(self, report: BackfillReport) -> None:
        _logger.log(logging.INFO if report.filled else logging.ERROR, "backfill: %s", report)
        if self._options.report is not None:
            try:
                self._options.report(report)
            except Exception:
                _logger.exception("backfill: report failed")

    def _start(self, gap: Gap | None) -> Any:
        position = self._bookmarks.position(self._channel)

        def start(entity: str) -> Start | None:
            bookmark = self._bookmarks.get(bookmark_name(self._channel, entity))
            return start_of(gap, position, bookmark, snapshot=self._options.snapshot)

        return start

    async def _fill_at_start(self, insertion: EventInsertion, gap: Gap | None) -> BackfillReport | None:
        """Fill the gap before the place at which the stream goes on, for all objects of the channel."""
        await insertion.turn()
        reason, records = "skipped" if gap is None else gap.reason.value, 0
        try:
            entities = await self._source.entities(self._channel)
            starts = {entity: self._start(gap)(entity) for entity in entities}
            if not any(starts.values()):
                await self._note_beginning(entities)
                return None
            for entity, start in starts.items():
                if start is not None:
                    reason = start.reason
                    records += await self._fill_since(insertion, entity, start)
        except (PermissionDenied, BayeuxError) as error:
            if isinstance(error, ClientStateError):
                raise
            return BackfillReport(self._channel, reason, False, records, str(error))
        if gap is not None and gap.position is not None and gap.position.event_time is not None:
            self._states.resumes_after(round(gap.position.event_time.timestamp() * 1000))
        return BackfillReport(self._channel, reason, True, records)

    async def _note_beginning(self, entities: Sequence[str]) -> None:
        """Note the present time of the org: a session may be lost before the first event is handled."""
        if self._bookmarks.position(self._channel) is not None:
            return
        try:
            newest = await self._source.newest(entities)
        except RestError as error:
            _logger.warning(
                "backfill: %s: a gap before the first event would need all records: %s", self._channel, error
            )
            return
        for entity, stamp in newest.items():
            self._bookmarks.put(bookmark_name(self._channel, entity), complete(stamp))

    async def _fill_since(self, insertion: EventInsertion, entity: str, start: Start) -> int:
        name, stamp = bookmark_name(self._channel, entity), start.since
        self._bookmarks.put(name, under_way(stamp))
        since = None if stamp is None else stamp - self._overlap
        filling = Filling(insertion, entity, filled_note(start.reason, since), start.since, bookmark=name)
        await self._handout.hand_out(filling, self._source.since(self._channel, entity, since, self._mark), self._mark)
        self._bookmarks.put(name, complete(filling.complete_to or stamp))
        return filling.count

    async def _fill_gap_event(self, insertion: EventInsertion, event: Message, change: Change) -> BackfillReport | None:
        """Fill what a gap event or an overflow event leaves out. The event itself then counts as handled."""
        reason = change.header.change_type
        try:
            await insertion.turn()
            if self._states.may_contain and self._is_contained(event, self._arrivals.get(id(event))):
                self._answered.add(id(event))
                return None
            count = await self._read_for(insertion, change)
        except (PermissionDenied, BayeuxError) as error:
            if isinstance(error, ClientStateError):
                raise
            return BackfillReport(self._channel, reason, False, 0, str(error))
        finally:
            self._gap_events.remove((event, change))
        self._answered.add(id(event))
        return BackfillReport(self._channel, reason, True, count)

    async def _read_for(self, insertion: EventInsertion, change: Change) -> int:
        header, entity = change.header, change.header.entity_name
        before = self._last_handled(change) - self._overlap
        filling = Filling(insertion, entity, filled_note(header.change_type, None), before)
        if header.replication is Replication.FETCH:
            filling.wanted = self._ids_wanted(change)
            pages = self._source.by_id(self._channel, entity, filling.wanted, self._mark)
        else:
            since = None if header.has_wildcards else before
            filling.note = filled_note(header.change_type, since)
            pages = self._source.since(self._channel, entity, since, self._mark)
        await self._handout.hand_out(filling, pages, self._mark)
        return filling.count

    def _last_handled(self, change: Change) -> datetime:
        position = self._bookmarks.position(self._channel)
        committed = change.header.committed_at
        return committed if position is None or position.event_time is None else min(position.event_time, committed)

    def _ids_wanted(self, change: Change) -> list[str]:
        """Return the ids of a gap event, and of those that wait behind it: one request serves them all."""
        changes = [change, *(each for _, each in self._gap_events if each is not change)]
        entity = change.header.entity_name
        fetched = [
            each.header
            for each in changes
            if each.header.entity_name == entity and each.header.replication is Replication.FETCH
        ]
        ids = list(dict.fromkeys(record_id for header in fetched for record_id in header.record_ids))
        return ids[: max(_MOST_IDS, len(change.header.record_ids))]

    def _mark(self) -> int:
        return self._arrived
