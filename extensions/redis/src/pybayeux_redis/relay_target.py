"""``redis://HOST:PORT/DB/STREAM`` as the target of a relay (pybayeux-relay): each record is an entry of a stream.

The transaction is that of the store, a pipeline after MULTI. Redis rolls nothing back: where the stream's key holds
something else, the entries would be refused and the position stored. So that is asked before each batch.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from zlib import crc32

from pybayeux.errors import UsageError

from .store import RedisStore

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pybayeux_relay import Record

__all__ = ("RedisTarget", "redis_target")

_OWN_PARAMETERS: Final = ("maxlen", "partitions")


def redis_target(name: str) -> RedisTarget:
    """Return the target ``redis://host:port/db/stream``, or ``rediss://`` for TLS.

    Raises:
        ValueError: The name is not of this form.
    """
    parts = urlsplit(name)
    _, _, path = parts.path.partition("/")
    database, _, stream = path.partition("/")
    if not database.isdigit() or not stream:
        raise ValueError("expected a database and a stream, such as 'redis://host:6379/0/orders'")
    parameters = dict(parse_qsl(parts.query))
    own = {key: _number(key, parameters.pop(key)) for key in _OWN_PARAMETERS if key in parameters}
    store = RedisStore(urlunsplit((parts.scheme, parts.netloc, f"/{database}", urlencode(parameters), "")))
    return RedisTarget(store, stream, **own)


def _number(name: str, value: str) -> int:
    if not value.isdigit() or int(value) < 1:
        raise ValueError(f"{name}: expected a positive number; got {value!r}")
    return int(value)


class RedisTarget:
    """A stream, or several among which records are divided by their keys.

    Args:
        store: Keeps the positions in the same database.
        stream: The key of the stream.
        partitions: Into how many streams records are divided, ``orders:0`` and so on; None: all are in ``orders``.
            Records of one key are in one stream, and those of a channel that have no key.
        maxlen: How many entries a stream keeps, roughly; older ones are deleted. None: all.
    """

    def __init__(
        self, store: RedisStore, stream: str, partitions: int | None = None, maxlen: int | None = None
    ) -> None:
        self.store: Final = store
        self.streams: Final = [stream] if partitions is None else [f"{stream}:{each}" for each in range(partitions)]
        self._stream: Final = stream
        self._maxlen: Final = maxlen

    def __repr__(self) -> str:
        return f"{self.store.name}/{self._stream}"

    async def check(self) -> Sequence[str]:
        """Ask what is under the keys of the streams, and change nothing.

        Raises:
            UsageError: One of them holds something else.
        """
        missing = await asyncio.to_thread(self._missing)
        return [
            f"{self!r}: the stream {stream} {'will be created' if stream in missing else 'is there'}"
            for stream in self.streams
        ]

    async def prepare(self) -> None:
        """Check that the keys hold streams, or nothing: the first entry creates a stream.

        Raises:
            UsageError: One of them holds something else.
        """
        await asyncio.to_thread(self._missing)

    def _missing(self) -> set[str]:
        """Return the streams that are not there yet."""
        with self.store.client.pipeline(transaction=False) as pipe:
            for stream in self.streams:
                pipe.type(stream)
            kinds = dict(zip(self.streams, map(bytes.decode, pipe.execute()), strict=True))
        if wrong := {stream: kind for stream, kind in kinds.items() if kind not in ("none", "stream")}:
            stream, kind = wrong.popitem()
            raise UsageError(f"{self!r}: the key {stream} holds a {kind}, and no stream; name another one")
        return {stream for stream, kind in kinds.items() if kind == "none"}

    async def write(self, transaction: Any, records: Sequence[Record]) -> None:
        """Add an entry for each record.

        Raises:
            UsageError: A key holds something else than a stream now.
        """
        await asyncio.to_thread(self._missing)
        for record in records:
            fields = {
                "channel": record.channel,
                "replay_id": record.replay_id,
                "event_id": record.event_id,
                "received_at": record.received_at.isoformat(),
                "key": record.key,
                "data": record.data,
            }
            known = {name: value for name, value in fields.items() if value is not None}
            transaction.xadd(self.stream_of(record), known, maxlen=self._maxlen)

    def stream_of(self, record: Record) -> str:
        """Return the stream that a record belongs to."""
        subject = record.channel if record.key is None else record.key
        return self.streams[crc32(subject.encode()) % len(self.streams)]

    def refuses(self, error: Exception) -> bool:
        """Return False: a stream takes any record, and Redis's limit for one (512 MB) is beyond that of a message."""
        return False

    async def aclose(self) -> None:
        """Do nothing: all connections are those of the store."""
