"""The consumer: a client with a backfill and a durable store, which writes down each state that it handles."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from pybayeux import AsyncClient, Backoff, hookimpl
from pybayeux_auth import Auth
from pybayeux_auth.flows import ClientCredentialsFlow
from pybayeux_replay import Replay
from pybayeux_salesforce import BackfillOptions, Salesforce
from tests.soak.journal import open_journal

if TYPE_CHECKING:
    from pybayeux import Message
    from pybayeux_salesforce import BackfillReport
    from tests.soak.journal import JournalWriter

__all__ = ("CHANNEL", "DELETED", "FillSettings", "main")

CHANNEL: Final = "/data/AccountChangeEvent"
DELETED: Final = "D"
_OVERLAP: Final = 5.0


class FillSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of one process; see `tests.soak.settings.Settings`.

    Attributes:
        bulk_from: From how many records on Bulk API 2.0 is used.
        pause: Seconds that it takes for an event.
    """

    url: str
    client_id: str
    client_secret: str
    since: str
    journal: str
    store: str
    run: int
    scale: float
    bulk_from: int
    pause: float
    version: str = "67.0"


def main(settings: FillSettings, log: Path) -> None:
    """Handle events until the process is killed."""
    with log.open("ab", buffering=0) as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    logging.basicConfig(level=logging.INFO, format=f"run {settings.run} %(relativeCreated)d %(name)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    with open_journal(Path(settings.journal), settings.run) as write:
        asyncio.run(_consume(settings, write))


class _StoredPositions:
    """Writes down that something is stored: from then on no start is the first one."""

    def __init__(self, write: JournalWriter) -> None:
        self._write: Final = write

    @hookimpl(optionalhook=True)
    def positions_stored(self) -> None:
        self._write("position", CHANNEL)


async def _consume(settings: FillSettings, write: JournalWriter) -> None:
    async def handle(event: Message) -> None:
        if settings.pause:
            await asyncio.sleep(settings.pause)
        _write_down(event.data, write)

    async with _client(settings, write) as client:
        await client.subscribe(CHANNEL, handle)
        await asyncio.Event().wait()


def _write_down(data: Any, write: JournalWriter) -> None:
    header = data["payload"]["ChangeEventHeader"]
    is_deleted = header["changeType"] == "DELETE"
    version = DELETED if is_deleted else data["payload"].get("Version__c", "")
    for record_id in header["recordIds"]:
        write("event", data.get("origin", "stream"), f"{record_id}:{version}", header["changeType"])


def _client(settings: FillSettings, write: JournalWriter) -> AsyncClient:
    def report(report: BackfillReport) -> None:
        write("filled" if report.filled else "open", CHANNEL, text=str(report))

    flow = ClientCredentialsFlow(
        login_url=settings.url, client_id=settings.client_id, client_secret=settings.client_secret, clock=time.time
    )
    options = BackfillOptions(
        snapshot=settings.since == "snapshot",
        overlap=_OVERLAP,
        calls_per_minute=1e5,
        bulk_from=settings.bulk_from,
        bulk_poll=0.05,
        settle=0.06,
        first_wait=0.05,
        report=report,
    )
    salesforce = Salesforce(
        active=True,
        busy_wait=(0.1, 0.3),
        quota_wait=(0.1, 0.3),
        max_interval=40 / settings.scale,
        backfill=options,
    )
    replay = Replay(
        store=settings.store,
        since="earliest" if settings.since == "earliest" else "latest",
        on_gap=lambda gap: write("gap", CHANNEL, text=str(gap)),
    )
    return AsyncClient(
        f"{settings.url}/cometd/{settings.version}",
        discover=False,
        extensions=[
            salesforce,
            Auth(flow, refreshes=10, min_interval=0, clock=time.time),
            replay,
            _StoredPositions(write),
        ],
        transports=["long-polling"],
        backoff=Backoff(increment=0.05, maximum=0.3),
        max_network_delay=25 / settings.scale,
    )
