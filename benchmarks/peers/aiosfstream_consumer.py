"""aiosfstream-ng as a consumer, used as its documentation has it for a stream that must not lose an event.

    python benchmarks/peers/aiosfstream_consumer.py SETTINGS

Positions are kept in a file, by hand, after each event is handled (`ReplayMarkerStoragePolicy.MANUAL`), and a refused
position falls back to everything that is kept. Where the client raises, the program ends, to be started anew.
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

from pybayeux_devserver.soak.journal import journal, mark_of
from pybayeux_devserver.soak.settings import Settings

if TYPE_CHECKING:
    from pybayeux_devserver.soak.journal import Note


class Positions(MutableMapping[str, Any]):
    """Markers in a JSON file, written whole with each change."""

    def __init__(self, path: Path, note: Note) -> None:
        self._path = path
        self._note = note
        kept = json.loads(path.read_text()) if path.exists() else {}
        self._markers = {channel: ReplayMarker(*marker) for channel, marker in kept.items()}

    def __getitem__(self, channel: str) -> Any:
        return self._markers[channel]

    def __setitem__(self, channel: str, marker: Any) -> None:
        self._markers[channel] = marker
        fresh = self._path.with_suffix(".new")
        fresh.write_text(json.dumps(self._markers))
        fresh.replace(self._path)
        self._note("position", channel)

    def __delitem__(self, channel: str) -> None:
        del self._markers[channel]

    def __iter__(self) -> Iterator[str]:
        return iter(self._markers)

    def __len__(self) -> int:
        return len(self._markers)


def authenticator(settings: Settings) -> Any:
    """The password flow, at the org's own address: the library knows the two public ones alone."""

    class Authenticator(PasswordAuthenticator):  # type: ignore[misc, unused-ignore]
        @property
        def _token_url(self) -> str:
            return f"{settings.url}/services/oauth2/token"

    return Authenticator(settings.client_id, settings.client_secret, settings.username, settings.password)


async def consume(settings: Settings, note: Note) -> None:
    """Handle events until killed."""
    start = ReplayOption.ALL_EVENTS if settings.since == "earliest" else ReplayOption.NEW_EVENTS
    storage = DefaultMappingStorage(Positions(Path(settings.store), note), start)
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
                note("event", message["channel"], mark_of(message["data"]))


if __name__ == "__main__":
    # The emulator is at an IP address, from which aiohttp takes no cookies unless it is told so; a real org is not.
    aiohttp.client.CookieJar = partial(aiohttp.CookieJar, unsafe=True)  # type: ignore[attr-defined, assignment]
    given = msgspec.json.decode(sys.argv[1], type=Settings)
    with journal(Path(given.journal), given.run) as writer:
        asyncio.run(consume(given, writer))
