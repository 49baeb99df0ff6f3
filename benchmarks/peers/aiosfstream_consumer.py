"""The consumer with aiosfstream-ng, as its documentation recommends for a stream that must not lose an event.

    python -m benchmarks.peers.aiosfstream_consumer SETTINGS

Positions are stored in a file after each event is handled (`ReplayMarkerStoragePolicy.MANUAL`). After a refused
position the client replays every event that is kept. If the client raises, the program ends and is started again.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator, MutableMapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp.client
import msgspec
from aiosfstream_ng.auth import PasswordAuthenticator
from aiosfstream_ng.client import Client, ReplayMarkerStoragePolicy
from aiosfstream_ng.replay import DefaultMappingStorage, ReplayMarker, ReplayOption

from tests.soak.journal import mark_of, open_journal
from tests.soak.settings import Settings

if TYPE_CHECKING:
    from tests.soak.journal import JournalWriter


class Positions(MutableMapping[str, Any]):
    """Replay markers in a JSON file, which every change rewrites."""

    def __init__(self, path: Path, write: JournalWriter) -> None:
        self._path = path
        self._write = write
        kept = json.loads(path.read_text()) if path.exists() else {}
        self._markers = {channel: ReplayMarker(*marker) for channel, marker in kept.items()}

    def __getitem__(self, channel: str) -> Any:
        return self._markers[channel]

    def __setitem__(self, channel: str, marker: Any) -> None:
        self._markers[channel] = marker
        new = self._path.with_suffix(".new")
        new.write_text(json.dumps(self._markers))
        new.replace(self._path)
        self._write("position", channel)

    def __delitem__(self, channel: str) -> None:
        del self._markers[channel]

    def __iter__(self) -> Iterator[str]:
        return iter(self._markers)

    def __len__(self) -> int:
        return len(self._markers)


def authenticator(settings: Settings) -> Any:
    """The password flow at the org's own address: the library has only the two public ones."""

    class Authenticator(PasswordAuthenticator):  # type: ignore[misc, unused-ignore]
        @property
        def _token_url(self) -> str:
            return f"{settings.url}/services/oauth2/token"

    return Authenticator(settings.client_id, settings.client_secret, settings.username, settings.password)


async def consume(settings: Settings, write: JournalWriter) -> None:
    """Handle events until the process is killed."""
    start = ReplayOption.ALL_EVENTS if settings.since == "earliest" else ReplayOption.NEW_EVENTS
    storage = DefaultMappingStorage(Positions(Path(settings.store), write), start)
    client = Client(
        authenticator(settings),
        replay=storage,
        replay_fallback=ReplayOption.ALL_EVENTS,
        replay_storage_policy=ReplayMarkerStoragePolicy.MANUAL,
    )
    async with client:
        for channel in settings.channels:
            await client.subscribe(channel)
        async for message in client:
            async with storage(message):
                write("event", message["channel"].partition("?")[0], mark_of(message["data"]))


if __name__ == "__main__":
    # aiohttp accepts no cookies from an IP address by default. The emulator has one; a real org has a name.
    aiohttp.client.CookieJar = partial(aiohttp.CookieJar, unsafe=True)  # type: ignore[attr-defined, assignment]
    settings = msgspec.json.decode(sys.argv[1], type=Settings)
    with open_journal(Path(settings.journal), settings.run) as writer:
        asyncio.run(consume(settings, writer))
