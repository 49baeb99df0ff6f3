"""`Relay`: the events of channels, into a target, each exactly once.

Each batch is written in a transaction of the target that stores the position as well. What replay promises of such a
transaction holds: after a crash at any point there are both or neither, and of two relays of one name one writes.

This module decides what happens when a transaction fails. The error is about what an event has in it: the batch is
divided until the event is found, which becomes a dead letter. Another relay has taken over: this one stands by, or
ends. Anything else, such as a restart of the engine: the transaction is tried again.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from pybayeux import BayeuxError
from pybayeux.cli import uninterrupted
from pybayeux.errors import ReceiverError
from pybayeux_replay import LeaseLostError, PositionConflictError, Replay
from pybayeux_replay.diagnosis import is_permanent
from pybayeux_replay.keeper import call_store

from .progress import Progress
from .records import RecordError, Records, replay_id_of

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable
    from datetime import timedelta
    from typing import Any, Literal

    from pybayeux import AsyncClient, EventBatch

    from .records import Record
    from .target import Target

__all__ = ("Relay",)

_logger: Final = logging.getLogger("pybayeux.relay")
_RETRY_DELAY: Final = 1.0
"""Seconds between two attempts at a transaction that fails."""
_GRACE: Final = 3.0
"""Seconds that a transaction has to end when the relay is stopped."""


class Relay:
    """Writes the events of channels into a target, each exactly once, in order per channel.

    Give `replay` to the client, then call `run`: ``AsyncClient(url, extensions=[relay.replay])``.

    Args:
        target: Where to write.
        consumer: The name under which positions are kept in the target. Each relay into it has a name of its own, but
            for replicas with a lease, which share one.
        since: Where a channel begins that has no position yet: ``earliest`` (everything that the server still keeps),
            ``latest`` or after a replay id. With ``latest``, events are missing if the relay ends before its first one.
        on_invalid: What to do where the server no longer keeps a position: ``raise`` the error, or go on at
            ``earliest`` or ``latest``; ``earliest`` may bring events a second time.
        lease: How many seconds a replica may be silent until another one takes over. None: there are no replicas.
        batch: How many events a transaction has at the most.
        key: Where the key of a record is in the data, see `Records`.

    Attributes:
        consumer: The name under which positions are kept.
        replay: The extension that the client needs.
        progress: What was written so far.

    Raises:
        ValueError: An argument has a wrong value.
        UsageError: There is a lease, and the target keeps none.
    """

    def __init__(
        self,
        target: Target,
        *,
        consumer: str = "relay",
        since: int | Literal["latest", "earliest"] = "earliest",
        on_invalid: Literal["raise", "latest", "earliest"] = "raise",
        lease: float | timedelta | None = None,
        batch: int = 500,
        key: str | None = None,
    ) -> None:
        if batch < 1:
            raise ValueError(f"batch: expected 1 or more; got {batch}")
        self.consumer: Final = consumer
        self._target: Final = target
        self._batch: Final = batch
        self._records: Final = Records(key)
        self._is_prepared = False
        self._is_failing = False
        self._in_doubt: Final[set[str]] = set()
        self.progress: Final = Progress()
        self.replay: Final = Replay(
            target.store, consumer=consumer, since=since, on_invalid=on_invalid, lease=lease, commit="event"
        )

    async def prepare(self) -> None:
        """Make what is missing in the target, as soon as it answers. `run` does so, if nobody did before.

        Raises:
            BayeuxError: What is there has another form.
            Exception: The engine's own, if no repetition helps.
        """
        while not self._is_prepared:
            try:
                await self._target.prepare()
            except BayeuxError:
                raise
            except Exception as error:
                if await self._is_permanent(error):
                    raise
                self._failed(error)
                await asyncio.sleep(_RETRY_DELAY)
            else:
                self._is_prepared = True
                self._succeeded()

    async def _is_permanent(self, error: Exception) -> bool:
        store = self._target.store
        return await call_store(store, lambda: is_permanent(store, error))  # it may look a host up

    async def run(self, client: AsyncClient, channels: Iterable[str]) -> None:
        """Write what comes on these channels, until the client is closed or the call is cancelled.

        Transactions have three seconds to end then. A batch whose transaction has not ended is not written, and comes
        again.

        Raises:
            TargetError: The target cannot be used as it is.
            PositionConflictError: Another relay of this name is at work.
            BayeuxError: The subscription to one of the channels failed, or ended.
        """
        await self.prepare()
        await _all(self._relay(client, channel) for channel in dict.fromkeys(channels))

    async def _relay(self, client: AsyncClient, channel: str) -> None:
        while True:
            try:
                async with client.subscribe(channel, ack="manual") as events:
                    async for batch in events.batches(self._batch):
                        await self._deliver(channel, batch)
                return
            except LeaseLostError as error:
                _logger.warning("%s; standing by", error)
            except PositionConflictError as error:
                if channel not in self._in_doubt:
                    raise
                # The target had stored the batch, although its transaction seemed to have failed.
                _logger.info("%s: goes on at the position in the target (%s)", channel, error)
            self._in_doubt.discard(channel)

    async def _deliver(self, channel: str, batch: EventBatch[Any]) -> None:
        """Write a batch, but for events that the target refuses."""
        try:
            await self._write(channel, batch)
        except _Refused as refused:
            if len(batch) == 1:
                await self._set_aside(channel, batch, refused.cause)
                return
            middle = len(batch) // 2
            await self._deliver(channel, batch[:middle])
            await self._deliver(channel, batch[middle:])

    async def _write(self, channel: str, batch: EventBatch[Any]) -> None:
        """Write a batch, as soon as the target can.

        Raises:
            _Refused: One of its events cannot be written. Nothing was.
            BayeuxError: No repetition helps.
        """
        while True:
            try:
                await uninterrupted(self._transact(channel, batch), _GRACE)
            except BayeuxError:
                raise
            except Exception as error:
                if isinstance(error, RecordError) or self._target.refuses(error):
                    raise _Refused(error) from error
                self._in_doubt.add(channel)
                self._failed(error)
                await asyncio.sleep(_RETRY_DELAY)
            else:
                self._in_doubt.discard(channel)
                self._succeeded()
                return

    async def _transact(self, channel: str, batch: EventBatch[Any]) -> None:
        async with batch.transaction() as transaction:
            await self._target.write(transaction, self._records_of(batch))
        self.progress.written(channel, batch)  # here, as the caller may be cancelled meanwhile

    def _records_of(self, batch: EventBatch[Any]) -> list[Record]:
        now = datetime.now(UTC)
        return [self._records.of(event, now) for event in batch]

    async def _set_aside(self, channel: str, batch: EventBatch[Any], cause: Exception) -> None:
        """Keep an event as a dead letter, and let the position pass it."""
        error = ReceiverError(channel, cause, replay_id_of(batch[0]))
        place = await self.replay.dead_letter(batch[0], channel, error)
        if place is None:
            raise error
        _logger.warning("the target refuses an event: %s; kept as a dead letter, %s", error, place)
        async with batch.transaction():
            pass
        self.progress.set_aside(channel, batch)

    def _failed(self, error: Exception) -> None:
        if not self._is_failing:
            _logger.error("the target fails, trying again: %s: %s", type(error).__name__, error)
        self._is_failing = True

    def _succeeded(self) -> None:
        if self._is_failing:
            _logger.info("the target takes events again")
        self._is_failing = False


class _Refused(Exception):
    """The target refuses one of the events of a batch."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.cause: Final = cause


async def _all(works: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run coroutines together until all have ended; after an error of one, cancel the others and raise it."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
