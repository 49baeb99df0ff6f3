"""Redis is lost for a while, at the start or later. Nothing is lost, and nothing is done twice."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from extensions.replay.tests.engine_outages import OutageEvents, check_client_waits_for_engine, error_of
from extensions.replay.tests.replaying_server import ReplayingServer, client_of
from pybayeux_redis import Redis, RedisStore
from pybayeux_replay import Replay
from tests.support.loops import in_loop

if TYPE_CHECKING:
    import pytest

    from tests.servers.redis_engine import RedisEngine


def test_transactions_wait_until_the_server_is_back(redis_engine: RedisEngine) -> None:
    @in_loop
    async def scenario() -> None:
        async def add() -> None:
            async with client.subscribe("/orders", ack="manual") as events:
                async for event in events:
                    number = event.data["number"]
                    async with event.transaction() as tx:
                        tx.rpush("orders", number)
                    added[number].set()
                    if number == 5:
                        return

        server, watcher, added = ReplayingServer(), OutageEvents(), defaultdict[int, asyncio.Event](asyncio.Event)
        replay = Replay(RedisStore(redis_engine.url), since="earliest")
        async with client_of(server, replay, watcher) as client:
            adding = asyncio.create_task(add())
            server.publish("/orders", 0, 1)
            await added[1].wait()
            await asyncio.to_thread(redis_engine.kill)
            server.publish("/orders", 2, 3, 4, 5)
            await watcher.lost.wait()
            await asyncio.to_thread(redis_engine.start)
            await adding

    scenario()
    with redis_engine.connect() as connected:
        client: Any = connected
        assert [int(each) for each in client.lrange("orders", 0, -1)] == list(range(6))


def test_a_client_waits_for_a_server_that_is_not_there_yet(redis_engine: RedisEngine) -> None:
    in_loop(check_client_waits_for_engine)(redis_engine, redis_engine.url, Redis())


def test_which_errors_are_waited_for(redis_tls: RedisEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong_password = redis_tls.url.replace("s3cret", "wrong")
    wrong_database = redis_tls.url.replace("/0?", "/4711?")
    untrusted = redis_tls.url.partition("?")[0]
    for url in (wrong_password, wrong_database, untrusted):
        store, error = error_of(RedisStore(url))
        assert store.is_permanent(error), error
    store, error = error_of(RedisStore("redis://127.0.0.1:1/0"))
    assert not store.is_permanent(error)
    monkeypatch.setattr("pybayeux_redis.store.is_unknown_host", {"127.0.0.1": True}.__getitem__)
    assert store.is_permanent(error)
    assert store.is_permanent(TypeError("a bug"))
