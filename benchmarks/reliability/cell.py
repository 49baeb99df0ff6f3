"""One run of a cell: a client, a fault at a place, and the events around it.

client up and subscribed -> fault begins -> fault ends -> an event published afterwards arrives -> settled -> counted
|------------------- events are published all the time, ten a second -----------------------|
"""

from __future__ import annotations

import asyncio
import itertools
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import aiohttp

from benchmarks.reliability.client_process import ClientDied
from benchmarks.reliability.conditions import NotMet
from benchmarks.reliability.exchanges import Place
from benchmarks.reliability.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from benchmarks.reliability.client_process import ClientProcess, Event
    from benchmarks.reliability.faults import Fault
    from benchmarks.reliability.subjects import Subject, Target
    from benchmarks.reliability.surroundings import Surroundings

__all__ = ("Cell", "Outcome", "run_cell")

_UP_TIMEOUT: Final = 40.0
_LIMIT: Final = 30.0
"""Seconds after the end of the fault within which a client has to recover."""
_LIMIT_AFTER_REFUSAL: Final = 8.0
"""The same where it has told that it could not subscribe."""
_EVENT_PAUSE: Final = 0.1
_PUBLISH_PAUSE: Final = 0.1
_AFTERWARDS: Final = 0.5
"""Seconds for which events are still published after the recovery."""
_SETTLE: Final = 4.0
"""Seconds within which what is missing may still come."""
_REPETITIONS: Final = 0.3
"""Seconds within which what has come may come again."""
_POLL: Final = 0.02

_channels: Final = itertools.count(1)


@dataclass(frozen=True)
class Cell:
    """What is tried."""

    subject: Subject
    target: Target
    fault: Fault
    place: Place

    def __str__(self) -> str:
        return f"{self.subject}: {self.target}: {self.fault.name} at {self.place.value}"


@dataclass(frozen=True)
class Outcome:
    """What was seen.

    Attributes:
        cell: What was tried.
        recovery: Seconds from the end of the fault until an event arrived that was published afterwards, or None.
        lost: Events that were published while the client had subscribed, and never arrived.
        twice: Events that came again.
        disordered: Events that came after a later one.
        told: Publishes of the client that it reported as failed.
        error: The error with which the client gave up, or refused the call.
        skipped: Why the cell was not tried.
        log: The last lines that the client logged.
    """

    cell: Cell
    recovery: float | None = None
    lost: int = 0
    twice: int = 0
    disordered: int = 0
    told: int = 0
    error: str | None = None
    skipped: str | None = None
    log: tuple[str, ...] = ()


async def run_cell(cell: Cell, around: Surroundings, client: ClientProcess) -> Outcome:
    """Runs a cell with a client process that is ready to start."""
    run = _Run(cell, around, client)
    try:
        return await run.run()
    except NotMet:
        return Outcome(cell, skipped="no such exchange took place")
    except ClientDied as death:
        return Outcome(cell, error=f"the process ended: {death}")
    finally:
        await run.close()


class _Run:
    def __init__(self, cell: Cell, around: Surroundings, client: ClientProcess) -> None:
        self._cell: Final = cell
        self._around: Final = around
        self._client: Final = client
        self._channel: Final = f"/reliability/{next(_channels)}"
        self._stream: Final = Tally()
        self._own: Final = Tally()
        self._tasks: Final[list[asyncio.Task[None]]] = []

    async def run(self) -> Outcome:
        self._spawn(self._publish_events())
        if self._cell.place is Place.HANDSHAKE:
            fault = self._spawn(self._fault())
            await asyncio.sleep(_POLL)
            self._start()
            self._spawn(self._bring_up())
        elif self._cell.place is Place.SUBSCRIBE:
            self._start()
            await self._wait_until_up()
            fault = self._spawn(self._fault())
            await asyncio.sleep(_POLL)
            self._spawn(self._subscribe())
        else:
            self._start()
            await self._bring_up()
            await self._client.wait(lambda event: event.name == "message", _UP_TIMEOUT)
            fault = self._spawn(self._fault())
        if self._publishes:
            self._spawn(self._publish_own())
        await fault
        end = time.monotonic()
        self._around.ended.set()
        return await self._await_recovery(end)

    @property
    def _publishes(self) -> bool:
        """Whether the client publishes too: at that place, and where another exchange is needed beside the connect."""
        swaps = self._cell.fault.name == "swapped replies" and self._cell.place is Place.CONNECT
        return self._cell.place is Place.PUBLISH or swaps

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        self._tasks.append(task := asyncio.create_task(work))
        return task

    # -- the client

    def _start(self) -> None:
        target = {"url": self._around.url, "transport": self._cell.target.transport}
        self._client.send("start", **target, **self._cell.subject.options)

    async def _bring_up(self) -> None:
        await self._wait_until_up()
        await self._subscribe()

    async def _wait_until_up(self) -> None:
        await self._client.wait(_is_up, _UP_TIMEOUT + self._cell.fault.seconds)

    async def _subscribe(self) -> None:
        self._client.send("subscribe", channel=self._channel)
        await self._client.wait(lambda event: event.name == "subscribed", _UP_TIMEOUT + self._cell.fault.seconds)

    # -- what happens meanwhile

    async def _fault(self) -> None:
        fault = self._cell.fault
        await fault.condition.hold(self._around, self._cell.place, fault.seconds)

    async def _publish_events(self) -> None:
        for number in itertools.count():
            began = time.monotonic()
            with suppress(aiohttp.ClientError, OSError):
                await self._around.server.publish(self._channel, {"seq": number})
                self._stream.published[number] = began
            await asyncio.sleep(_EVENT_PAUSE)

    async def _publish_own(self) -> None:
        for number in itertools.count():
            self._own.published[number] = time.monotonic()
            self._client.send("publish", channel=self._channel, data={"own": number})
            await asyncio.sleep(_PUBLISH_PAUSE)

    # -- what comes of it

    async def _await_recovery(self, end: float) -> Outcome:
        deadline = end + _LIMIT
        while time.monotonic() < deadline:
            self._count()
            if (error := self._error()) is not None:
                return self._outcome(None, error)
            if self._subscribe_error() is not None:
                deadline = min(deadline, end + _LIMIT_AFTER_REFUSAL)
            if self._recovery(end) is not None:
                await self._settle()
                break
            await asyncio.sleep(_POLL)
        self._count()
        recovery = self._recovery(end)
        return self._outcome(recovery, None if recovery is not None else self._subscribe_error())

    async def _settle(self) -> None:
        await asyncio.sleep(_AFTERWARDS)
        await self.close()
        deadline = time.monotonic() + _SETTLE
        while time.monotonic() < deadline and (self._stream.missing or self._own.missing):
            await asyncio.sleep(_POLL)
            self._count()
        await asyncio.sleep(_REPETITIONS)

    def _recovery(self, end: float) -> float | None:
        return (self._own if self._cell.place is Place.PUBLISH else self._stream).recovery(end)

    def _error(self) -> str | None:
        """The error with which the client gave up."""
        return next((str(event.details["error"]) for event in self._client.events if event.name == "ended"), None)

    def _subscribe_error(self) -> str | None:
        """The last error of a subscribe. A client that subscribes anew in its next session may recover all the same."""
        outcomes = [event.details for event in self._client.events if event.name == "subscribed"]
        if not outcomes or outcomes[-1]["successful"]:
            return None
        return str(outcomes[-1].get("error") or "the subscribe failed, without a reason")

    def _count(self) -> None:
        """Reads the client's events into the tallies."""
        for tally, name in ((self._stream, "seq"), (self._own, "own")):
            messages = [
                event for event in self._client.events if event.name == "message" and name in event.details["data"]
            ]
            tally.received = [(event.details["data"][name], event.time) for event in messages]
            subscribed = (
                each.time for each in self._client.events if each.name == "subscribed" and each.details["successful"]
            )
            tally.counts_from = next(subscribed, float("inf"))
        for number in self._refused():
            self._own.published.pop(number, None)

    def _refused(self) -> list[int]:
        """The client's own events of which it reported that they were not published, or may not have been."""
        return [
            event.details["data"]["own"]
            for event in self._client.events
            if event.name == "published" and not event.details["successful"]
        ]

    def _outcome(self, recovery: float | None, error: str | None) -> Outcome:
        return Outcome(
            self._cell,
            recovery,
            lost=len(self._stream.missing) + len(self._own.missing),
            twice=self._stream.twice + self._own.twice,
            disordered=self._stream.disordered + self._own.disordered,
            told=len(self._refused()),
            error=error,
            log=tuple(self._client.log),
        )


def _is_up(event: Event) -> bool:
    # The clients in JavaScript report the handshake.
    return event.name == "up" or (event.name == "handshake" and bool(event.details.get("successful")))
