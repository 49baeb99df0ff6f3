"""The consumer of pybayeux: a client as anybody would write it for a stream that must not lose an event.

It handles events, writes each into its journal when it is handled, and knows nothing of what is to come. All that is
special about it is its haste: the emulated org is many times faster than a real one.
"""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pybayeux import AsyncClient, Backoff
from pybayeux_auth import Auth
from pybayeux_auth.flows import ClientCredentialsFlow
from pybayeux_replay import Replay, Stores
from pybayeux_salesforce import Salesforce

from .journal import journal, mark_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pybayeux import Message
    from pybayeux_replay import Gap, Position, Store

    from .journal import Note
    from .settings import Settings

__all__ = ("main",)


def main(settings: Settings, log: Path) -> None:
    """Handle events until killed."""
    with log.open("ab", buffering=0) as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    logging.basicConfig(level=logging.INFO, format=f"run {settings.run} %(relativeCreated)d %(name)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    with journal(Path(settings.journal), settings.run) as note:
        asyncio.run(_consume(settings, note))


async def _consume(settings: Settings, note: Note) -> None:
    def handle(event: Message) -> None:
        note("event", event.channel, mark_of(event.data))

    async with _client(settings, note) as client:
        async with asyncio.TaskGroup() as subscribing:
            for channel in settings.channels:
                subscribing.create_task(_subscribed(client, channel, handle))
        await asyncio.Event().wait()


async def _subscribed(client: AsyncClient, channel: str, handle: Callable[[Message], None]) -> None:
    await client.subscribe(channel, handle)


def _client(settings: Settings, note: Note) -> AsyncClient:
    flow = ClientCredentialsFlow(
        login_url=settings.url, client_id=settings.client_id, client_secret=settings.client_secret
    )

    def tell(gap: Gap) -> None:
        note("gap", str(gap.subscription), text=str(gap))

    replay = Replay(
        store=_Noted(Stores().open(f"sqlite:///{settings.store}"), note),
        since="earliest" if settings.since == "earliest" else "latest",
        on_gap=tell,
    )
    salesforce = Salesforce(active=True, busy_wait=(0.1, 0.3), quota_wait=(0.1, 0.3), max_interval=40 / settings.scale)
    return AsyncClient(
        f"{settings.url}/cometd/{settings.version}",
        discover=False,
        extensions=[salesforce, Auth(flow, refreshes=10, min_interval=0), replay],
        transports=["long-polling"],
        backoff=Backoff(increment=0.05, maximum=0.3),
        max_network_delay=25 / settings.scale,
    )


class _Noted:
    """A store that writes into the journal which channels have a position: whoever has one can know of a gap."""

    def __init__(self, store: Store, note: Note) -> None:
        self._store: Final = store
        self._note: Final = note
        self.blocking: Final = store.blocking
        self.get: Final = store.get
        self.delete: Final = store.delete
        self.items: Final = store.items
        self.close: Final = store.close

    def set(self, consumer: str, positions: Mapping[str, Position]) -> None:
        self._store.set(consumer, positions)
        for subscription in positions:
            self._note("position", str(subscription))
