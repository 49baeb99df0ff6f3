"""The consumer with pybayeux: a client for a stream that must not lose an event, with its usual extensions.

It writes each event to its journal when it was handled. It does not know the script. Only its waiting times are
special: the clock of the emulated org runs many times faster than a real one.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import text as sql

from pybayeux import AsyncClient, Backoff
from pybayeux_auth import Auth
from pybayeux_auth.flows import ClientCredentialsFlow
from pybayeux_replay import PositionConflictError, Replay
from pybayeux_replay.sqlite import SqliteStore
from pybayeux_salesforce import Salesforce
from tests.soak.journal import mark_of, open_journal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pybayeux import Message
    from pybayeux_replay import Fence, Gap, Position
    from tests.soak.journal import JournalWriter
    from tests.soak.settings import Settings

__all__ = ("main",)

CREATE_TABLE: Final = sql("CREATE TABLE IF NOT EXISTS handled (run INTEGER, channel TEXT, mark TEXT)")
INSERT: Final = sql("INSERT INTO handled VALUES (:run, :channel, :mark)")


def main(settings: Settings, log: Path) -> None:
    """Handle events until the process is killed."""
    with log.open("ab", buffering=0) as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    logging.basicConfig(level=logging.INFO, format=f"run {settings.run} %(relativeCreated)d %(name)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    if settings.clock_ahead:
        right = time.time
        time.time = lambda: right() + settings.clock_ahead
    with open_journal(Path(settings.journal), settings.run) as write:
        logging.getLogger("pybayeux.replay").addHandler(_ConflictHandler(write))
        asyncio.run(_consume(settings, write))


async def _consume(settings: Settings, write: JournalWriter) -> None:
    def handle(event: Message) -> None:
        write("event", _channel(event.channel), mark_of(event.data))

    async with _client(settings, write) as client:
        if settings.exactly_once:
            await _handle_once(client, settings, write)
            return
        async with asyncio.TaskGroup() as subscribing:
            for channel in settings.channels:
                subscribing.create_task(_subscribe(client, channel, handle))
        await asyncio.Event().wait()


async def _handle_once(client: AsyncClient, settings: Settings, write: JournalWriter) -> None:
    """Write each event in the transaction that stores its position, until another consumer of this name is at work."""
    try:
        async with asyncio.TaskGroup() as handling:
            for channel in settings.channels:
                handling.create_task(_write_events(client, channel, settings.run))
    except* PositionConflictError as conflicts:
        write("conflict", text=str(conflicts.exceptions[0]))


async def _write_events(client: AsyncClient, channel: str, run: int) -> None:
    async with client.subscribe(channel, ack="manual") as events:
        async for event in events:
            async with event.transaction() as transaction:
                row = {"run": run, "channel": _channel(event.channel), "mark": mark_of(event.data)}
                await transaction.execute(CREATE_TABLE)
                await transaction.execute(INSERT, row)


class _ConflictHandler(logging.Handler):
    """Writes to the journal that another consumer of this name was noticed."""

    def __init__(self, write: JournalWriter) -> None:
        super().__init__(logging.WARNING)
        self._write: Final = write

    def emit(self, record: logging.LogRecord) -> None:
        if (text := record.getMessage()).startswith("another consumer named"):
            self._write("conflict", text=text)


async def _subscribe(client: AsyncClient, channel: str, handle: Callable[[Message], None]) -> None:
    await client.subscribe(channel, handle)


def _client(settings: Settings, write: JournalWriter) -> AsyncClient:
    flow = ClientCredentialsFlow(
        login_url=settings.url,
        client_id=settings.client_id,
        client_secret=settings.client_secret,
        clock=time.time,
    )

    def report_gap(gap: Gap) -> None:
        write("gap", _channel(gap.subscription), text=str(gap))

    store = SqliteStore(settings.store)
    replay = Replay(
        store=store if settings.exactly_once else _JournalingStore(store, write),
        since="earliest" if settings.since == "earliest" else "latest",
        on_gap=report_gap,
        retention=settings.retention,
        clock=time.time,
    )
    salesforce = Salesforce(active=True, busy_wait=(0.1, 0.3), quota_wait=(0.1, 0.3), max_interval=40 / settings.scale)
    return AsyncClient(
        f"{settings.url}/cometd/{settings.version}",
        discover=False,
        extensions=[salesforce, Auth(flow, refreshes=10, min_interval=0, clock=time.time), replay],
        transports=["long-polling"],
        backoff=Backoff(increment=0.05, maximum=0.3),
        max_network_delay=25 / settings.scale,
    )


class _JournalingStore:
    """A store that writes to the journal which channels have a position. With a position a gap can be detected."""

    def __init__(self, store: SqliteStore, write: JournalWriter) -> None:
        self._store: Final = store
        self._write: Final = write
        self.blocking: Final = store.blocking
        self.get: Final = store.get
        self.delete: Final = store.delete
        self.items: Final = store.items
        self.close: Final = store.close

    def set(self, consumer: str, positions: Mapping[str, Position]) -> None:
        self._store.set(consumer, positions)
        self._note(positions)

    def fenced_set(self, consumer: str, positions: Mapping[str, Position], fence: Fence) -> None:
        self._store.fenced_set(consumer, positions, fence)
        self._note(positions)

    def _note(self, positions: Mapping[str, Position]) -> None:
        for key in positions:  # the org and the channel
            self._write("position", _channel(f"/{key.partition('/')[2]}"))


def _channel(subscription: str) -> str:
    """The channel without a filter."""
    return str(subscription).partition("?")[0]
