"""Positions in Redis, and transactions in which a program writes its own keys in the same database.

What is written together goes into one MULTI. What depends on what is stored is read after a WATCH, so that Redis
refuses the transaction if another process has written meanwhile. Then nothing has changed, and it is tried again, or
fails where a program's own block has run.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit, urlunsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from pybayeux_replay.diagnosis import is_permanent_by_type, is_unknown_host
from pybayeux_replay.leases import check_lease
from pybayeux_replay.shards import check_shards
from pybayeux_replay.store import as_positions

from .dead_letters import add_dead_letter, delete_dead_letters, read_dead_letters
from .keys import Keys, decode_position, encode_position
from .leases import check_held, read_lease, release_lease, request_lease
from .shards import ShardCache, change_shards, check_shards_held, named_shards, read_shards

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Mapping
    from contextlib import AbstractAsyncContextManager

    from pybayeux_replay import (
        DeadLetter,
        Fence,
        Lease,
        LeaseRequest,
        Position,
        ShardChanges,
        ShardTable,
        ShardTerms,
    )

__all__ = ("RedisStore",)

_TIMEOUTS: Final = {"socket_connect_timeout": 5.0, "socket_timeout": 5.0}
"""Seconds, unless the name of the store has others."""

_REFUSED: Final = (redis.AuthenticationError, redis.exceptions.AuthorizationError, redis.exceptions.NoPermissionError)
_REFUSALS: Final = ("DB index", "CERTIFICATE_VERIFY_FAILED", "certificate verify failed")
"""What the texts contain of other errors that stay."""

_CONNECTION_LOST: Final = "occurred while watching"
"""What redis-py says in a `WatchError` that is none: the connection was lost, maybe after the server got EXEC."""


class RedisStore:
    """Keeps positions in Redis, for programs on many machines.

    How safe a position is, is up to the server: without ``appendfsync always`` a crash of the machine loses the last
    moments, and a fail-over to a replica may. Older positions are still good: the server sends the later events again.

    Args:
        name: ``redis://user:password@host:6379/0``, or ``rediss://`` for TLS, with any arguments of redis-py's
            connections, such as ``?ssl_ca_certs=ca.pem``.

    Attributes:
        client: The client of redis-py; threads may share it.
        name: The name without the user, the password and the arguments.

    Raises:
        ValueError: The name is not of this form.
    """

    blocking: Final = True

    def __init__(self, name: str) -> None:
        try:
            parts = urlsplit(name)
            self._host: Final = parts.hostname
            address = f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)
            # A command that has no answer may have taken effect: replay decides whether it is sent again.
            retry = Retry(NoBackoff(), 0)
            self._pool: Final = redis.ConnectionPool.from_url(name, **_TIMEOUTS, retry=retry, health_check_interval=10)
        except (TypeError, ValueError):
            raise ValueError("store: expected a name such as 'redis://host:6379/0' or 'rediss://host/0'") from None
        self._caches: Final = defaultdict[str, ShardCache](ShardCache)
        self.client: Final[Any] = redis.Redis(connection_pool=self._pool)
        self.name: Final = urlunsplit((parts.scheme, address, parts.path, "", ""))

    def __repr__(self) -> str:
        return f"RedisStore({self.name!r})"

    # -- positions

    def get(self, consumer: str, subscription: str) -> Position | None:
        """Return the position of a subscription, or None."""
        stored = self.client.get(Keys(consumer).position(subscription))
        return None if stored is None else decode_position(stored)

    def set(self, consumer: str, positions: Mapping[str, Position | int]) -> None:
        """Store these positions by subscription, all or none; a bare replay id is a position stored now."""
        with self.client.pipeline() as pipe:
            _write(pipe, Keys(consumer), as_positions(positions))
            pipe.execute()

    def fenced_set(
        self,
        consumer: str,
        positions: Mapping[str, Position],
        fence: Fence,
        lease: Lease | None = None,
        shards: ShardTerms | None = None,
    ) -> None:
        """Store what `fence` returns when it is called with the stored positions, all or none.

        Raises:
            LeaseLostError: Another replica has got the lease or one of the shards that are named.
        """
        keys = Keys(consumer)
        while True:
            with self.client.pipeline() as pipe:
                stored = _read_watched(pipe, keys, positions)
                check_held(pipe, keys, consumer, lease)  # after that: see `fenced_transaction`
                check_shards_held(pipe, keys, consumer, shards)
                chosen = fence(stored)
                pipe.multi()
                _write(pipe, keys, chosen)
                try:
                    pipe.execute()
                except redis.WatchError:
                    continue
                return

    def delete(self, consumer: str, subscription: str) -> None:
        """Delete a position, if there is one."""
        keys = Keys(consumer)
        with self.client.pipeline() as pipe:
            pipe.delete(keys.position(subscription))
            pipe.srem(keys.subscriptions, subscription)
            pipe.execute()

    def items(self, consumer: str) -> Mapping[str, Position]:
        """Return all positions of a consumer, by subscription."""
        keys = Keys(consumer)
        return _read(self.client, keys, sorted(each.decode() for each in self.client.smembers(keys.subscriptions)))

    # -- transactions of a program

    def transaction(self, consumer: str, positions: Mapping[str, Position]) -> AbstractAsyncContextManager[Any]:
        """Return a transaction as `fenced_transaction` does, whatever is stored."""
        return self.fenced_transaction(consumer, positions, lambda stored: positions)

    @asynccontextmanager
    async def fenced_transaction(
        self,
        consumer: str,
        positions: Mapping[str, Position],
        fence: Fence,
        lease: Lease | None = None,
        shards: ShardTerms | None = None,
    ) -> AsyncIterator[Any]:
        """Run a transaction, at whose end the positions are stored that `fence` returned at its beginning.

        Yields:
            A pipeline of redis-py after MULTI. The commands of the program wait in it, without an answer, until the
            block has ended; then all take effect together with the positions, or none.

        Raises:
            Exception: What `fence` raises, at the beginning, or when another process has stored one of the positions
                meanwhile. Nothing has changed then.
            LeaseLostError: Another replica has got the lease or one of the shards that are named, before the block or
                during it.
            redis.WatchError: Another process has stored a position, and `fence` does not mind.
            redis.ConnectionError: The connection was lost at the end: the transaction may have taken effect or not.
        """
        keys = Keys(consumer)
        with self.client.pipeline() as pipe:
            # The lease comes after the positions. Had it been checked before, another replica could have got it and
            # stored positions in between, and a lost lease would look like another consumer of the same name.
            stored = await asyncio.to_thread(_read_watched, pipe, keys, positions)
            await asyncio.to_thread(check_held, pipe, keys, consumer, lease)
            await asyncio.to_thread(check_shards_held, pipe, keys, consumer, shards)
            chosen = fence(stored)
            pipe.multi()
            yield pipe
            _write(pipe, keys, chosen)
            try:
                await asyncio.to_thread(pipe.execute)
            except redis.WatchError as error:
                if _CONNECTION_LOST in str(error):
                    raise redis.ConnectionError(str(error)) from error
                stored = await asyncio.to_thread(_read, self.client, keys, positions)
                check_lease(consumer, lease, await asyncio.to_thread(read_lease, self.client, keys))
                if shards is not None:
                    names = [each.subscription for each in shards.shards]
                    check_shards(consumer, shards, await asyncio.to_thread(named_shards, self.client, keys, names))
                fence(stored)  # raises what it finds
                raise

    # -- dead letters

    def add_dead_letter(self, consumer: str, letter: DeadLetter) -> int:
        """Keep a dead letter, and count on its attempts if the same event is there; return its number."""
        return add_dead_letter(self.client, Keys(consumer), letter)

    def dead_letters(self, consumer: str) -> list[DeadLetter]:
        """Return all dead letters of a consumer, in the order of their numbers."""
        return read_dead_letters(self.client, Keys(consumer))

    def delete_dead_letters(self, consumer: str, numbers: Iterable[int]) -> None:
        """Delete the dead letters of these numbers; numbers that are not there are ignored."""
        delete_dead_letters(self.client, Keys(consumer), numbers)

    # -- leases

    def request_lease(self, consumer: str, request: LeaseRequest) -> Lease:
        """Give the lease to the replica that asks, if nobody else holds it; return the lease that is stored then."""
        return request_lease(self.client, Keys(consumer), request)

    def release_lease(self, consumer: str, lease: Lease) -> None:
        """Let the lease expire now, if it is of the same term."""
        release_lease(self.client, Keys(consumer), lease)

    def lease(self, consumer: str) -> Lease | None:
        """Return the lease of a consumer, or None if there never was one."""
        return read_lease(self.client, Keys(consumer))

    # -- shards

    def shards(self, consumer: str) -> ShardTable:
        """Return the members and the shards of a consumer."""
        return read_shards(self.client, Keys(consumer), self._caches[consumer])

    def change_shards(self, consumer: str, change: Callable[[ShardTable], ShardChanges]) -> ShardTable:
        """Store what `change` returns when it is called with the table; return the table that is stored then."""
        return change_shards(self.client, Keys(consumer), self._caches[consumer], change)

    def is_permanent(self, error: Exception) -> bool:
        """Whether an error stays: an unknown host or database, refused credentials, missing rights, a certificate."""
        if not isinstance(error, redis.RedisError):
            return is_permanent_by_type(error)
        if isinstance(error, _REFUSED) or any(words in str(error) for words in _REFUSALS):
            return True
        return isinstance(error, redis.ConnectionError) and self._host is not None and is_unknown_host(self._host)

    def close(self) -> None:
        """Close the connections. The store may be used again."""
        self._pool.disconnect()


def _read(client: Any, keys: Keys, subscriptions: Iterable[str]) -> dict[str, Position]:
    names = list(subscriptions)
    stored = client.mget([keys.position(name) for name in names]) if names else []
    return {name: decode_position(each) for name, each in zip(names, stored, strict=True) if each is not None}


def _read_watched(pipe: Any, keys: Keys, subscriptions: Iterable[str]) -> dict[str, Position]:
    """Read positions, and have the transaction that follows refused if one of them changes until then."""
    names = list(subscriptions)
    if names:
        pipe.watch(*[keys.position(name) for name in names])
    return _read(pipe, keys, names)


def _write(pipe: Any, keys: Keys, positions: Mapping[str, Position]) -> None:
    if positions:
        pipe.mset({keys.position(name): encode_position(each) for name, each in positions.items()})
        pipe.sadd(keys.subscriptions, *positions)
