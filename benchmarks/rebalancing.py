"""Measures how long channels take to be divided anew as replicas come and go: ``python -m benchmarks.rebalancing``.

Each replica is a whole client, with its own way to the store. They share one process and a scripted server, so that the
figures are those of the division: the requests to the store, and the subscribes.
"""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Final

import click

from pybayeux import AsyncClient
from pybayeux.testing import ScriptedServer
from pybayeux_redis import Redis
from pybayeux_replay import Replay, ShardStore, Stores
from pybayeux_sql import Sql

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

__all__ = ("rebalancing",)

_IDLE: Final = 10.0


class Replica:
    """One replica of the consumer.

    Args:
        server: The server of all.
        store: The name of the store.
        lease: The seconds for which it may be silent.
    """

    def __init__(self, server: ScriptedServer, store: str, lease: float) -> None:
        self._server: Final = server
        self._store: Final[Any] = _open(store)
        self._replay: Final = Replay(self._store, consumer="rebalancing", lease=lease, shard=True)
        self._stack: Final = AsyncExitStack()

    async def join(self, channels: Collection[str]) -> None:
        """Start, and subscribe to all channels."""
        client = AsyncClient(
            "http://bayeux.test/cometd", discover=False, extensions=[self._replay, self._server], queue_size=10_000
        )
        await self._stack.enter_async_context(client)
        for channel in channels:
            await client.subscribe(channel, lambda event: None)

    async def leave(self) -> None:
        """End."""
        await self._stack.aclose()

    def fall_silent(self) -> None:
        """Lose the store: this replica renews nothing any more."""
        for name in ("shards", "change_shards", "fenced_set"):
            setattr(self._store, name, _lost)

    @property
    def channels(self) -> set[str]:
        """The channels that it handles."""
        return set(self._replay.shards)


def _open(name: str) -> ShardStore:
    stores = Stores()
    for extension in (Sql(), Redis()):
        extension.register_stores(stores)
    store = stores.open(name)
    if not isinstance(store, ShardStore):
        raise click.UsageError(f"{name} cannot divide channels; expected a database")
    return store


def _lost(*_: object) -> None:
    raise ConnectionError("lost, for the measurement")


class Measurement:
    """Replicas, and what it takes until each channel has one."""

    def __init__(self, store: str, channels: int, lease: float) -> None:
        self._server: Final = ScriptedServer(ext={"replay": True})
        self._store: Final = store
        self._channels: Final = [f"/event/Order_{number}__e" for number in range(channels)]
        self._lease: Final = lease
        self.replicas: Final[list[Replica]] = []

    async def step(self, what: str, *, joining: int = 0, leaving: int = 0, silent: int = 0) -> None:
        """Have replicas come and go, and print what followed."""
        before, count = self._handled_by(), len(self.replicas)
        started, used = time.monotonic(), time.process_time()
        gone = [self.replicas.pop() for _ in range(leaving + silent)]
        for replica in gone[leaving:]:
            replica.fall_silent()
        await asyncio.gather(*(replica.leave() for replica in gone[:leaving]))
        new = [Replica(self._server, self._store, self._lease) for _ in range(joining)]
        self.replicas.extend(new)
        await asyncio.gather(*(replica.join(self._channels) for replica in new))
        await self._divided()
        took, cost = time.monotonic() - started, time.process_time() - used
        await asyncio.gather(*(replica.leave() for replica in gone[leaving:]))
        after = self._handled_by()
        moved = sum(before.get(channel) is not replica for channel, replica in after.items())
        parts = sorted(len(replica.channels) for replica in self.replicas)
        replicas = f"{count:2} -> {len(self.replicas):2}"
        click.echo(f"{what:32} {replicas} {moved:6} {parts[0]:4} to {parts[-1]:4} {took:8.1f} {cost:8.2f}")

    def _handled_by(self) -> Mapping[str, Replica]:
        return {channel: replica for replica in self.replicas for channel in replica.channels}

    async def _divided(self) -> None:
        """Wait until each channel is handled by one, and no more of them change hands."""
        stable = 0
        while stable < 5:
            parts = [replica.channels for replica in self.replicas]
            await asyncio.sleep(0.2)
            is_whole = sum(map(len, parts)) == len(self._channels) == len(set().union(*parts))
            is_same = parts == [replica.channels for replica in self.replicas]
            stable = stable + 1 if is_whole and is_same and all(parts) else 0

    async def idle(self) -> float:
        """Return the share of one core that a replica takes when nothing happens."""
        used = time.process_time()
        await asyncio.sleep(_IDLE)
        return (time.process_time() - used) / _IDLE / len(self.replicas)


@click.command()
@click.option("--store", default="sqlite:///rebalancing.db", show_default=True, help="The store.")
@click.option("--channels", default=1000, show_default=True, help="How many channels.")
@click.option("--replicas", default=8, show_default=True, help="How many replicas.")
@click.option("--lease", default=10.0, show_default=True, help="For how many seconds a replica may be silent.")
def rebalancing(store: str, channels: int, replicas: int, lease: float) -> None:
    """Divide channels over replicas, and have replicas join, leave and fall silent.

    Each line says how many channels have moved, how many a replica has, after how many seconds each was subscribed to
    again (with the second for which it is watched whether more follows), and the processor time of all replicas.
    """
    click.echo(f"{'':32} replicas  moved    each      seconds  processor")

    async def measure() -> None:
        measurement = Measurement(store, channels, lease)
        try:
            await measurement.step("one starts", joining=1)
            await measurement.step("one joins", joining=1)
            await measurement.step("the others join at once", joining=replicas - 2)
            await measurement.step("one leaves", leaving=1)
            await measurement.step("one joins", joining=1)
            await measurement.step(f"one is silent, lease of {lease:g} s", silent=1)
            click.echo(f"at rest, a replica takes {await measurement.idle():.2%} of one core")
        finally:
            for replica in measurement.replicas:
                await replica.leave()

    try:
        asyncio.run(measure())
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    rebalancing(prog_name="python -m benchmarks.rebalancing")
