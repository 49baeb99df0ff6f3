"""Redis as a store: its name, TLS, restarts, transactions, and other consumers."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import redis

from pybayeux.errors import UsageError
from pybayeux_redis import Redis, RedisStore
from pybayeux_replay import Position, Stores
from pybayeux_replay.shards import ShardRequest

if TYPE_CHECKING:
    from tests.servers.redis_engine import RedisEngine

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("name", ["redis://host:6379/0", "rediss://host/1"])
def test_it_is_found_by_its_schemes(name: str) -> None:
    stores = Stores()
    Redis().register_stores(stores)
    store = stores.open(name)
    assert isinstance(store, RedisStore)
    assert repr(store) == f"RedisStore({name!r})"


def test_the_password_and_the_parameters_are_not_shown() -> None:
    store = RedisStore("rediss://app:s3cret@host:6380/1?ssl_password=s3cret")
    assert repr(store) == "RedisStore('rediss://host:6380/1')"


@pytest.mark.parametrize("name", ["redis://app:s3cret@host:port/0", "redis://:s3cret@host/0?socket_timeout=soon"])
def test_a_wrong_name_is_an_error_without_the_password(name: str) -> None:
    with pytest.raises(ValueError, match="expected a name such as 'redis://") as error:
        RedisStore(name)
    assert "s3cret" not in str(error.value)


def test_without_this_package_a_client_names_it() -> None:
    with pytest.raises(UsageError, match=r"pip install pybayeux-redis"):
        Stores().open("rediss://host/0")


def test_tls_with_a_certificate_that_is_checked_and_a_password(redis_tls: RedisEngine) -> None:
    store = RedisStore(redis_tls.url)
    store.set("billing", {"/orders": 7})
    assert list(store.items("billing")) == ["/orders"]
    store.close()
    distrusting = RedisStore(redis_tls.url.partition("?")[0])  # without the certificate of the authority
    with pytest.raises(redis.ConnectionError, match="certificate"):
        distrusting.get("billing", "/orders")


def test_positions_outlive_a_kill_of_the_server(redis_engine: RedisEngine) -> None:
    store = RedisStore(redis_engine.url)
    store.set("billing", {"/orders": Position(7, NOON)})
    redis_engine.kill()
    with pytest.raises(redis.ConnectionError):
        store.set("billing", {"/orders": 8})
    redis_engine.start()
    assert store.get("billing", "/orders") == Position(7, NOON)
    store.set("billing", {"/orders": Position(9, NOON)})
    assert store.get("billing", "/orders") == Position(9, NOON)
    store.close()


def test_a_transaction_stores_the_program_s_commands_and_the_position_or_neither(redis_engine: RedisEngine) -> None:
    async def scenario() -> None:
        async with store.transaction("billing", {"/orders": Position(1, NOON)}) as pipe:
            pipe.rpush("orders", 1)
            assert client.llen("orders") == 0
        with pytest.raises(ZeroDivisionError):
            async with store.transaction("billing", {"/orders": Position(2, NOON)}) as pipe:
                pipe.rpush("orders", 2)
                raise ZeroDivisionError
        with pytest.raises(redis.WatchError):
            async with store.transaction("billing", {"/orders": Position(3, NOON)}) as pipe:
                pipe.rpush("orders", 3)
                other.set("billing", {"/orders": Position(7, NOON)})
        async with store.transaction("billing", {"/orders": Position(4, NOON)}) as pipe:
            pipe.rpush("orders", 4)
            other.set("billing", {"/cases": Position(7, NOON)})  # another channel disturbs nothing

    store, other = RedisStore(redis_engine.url), RedisStore(redis_engine.url)
    with redis_engine.connect() as connected:
        client: Any = connected
        asyncio.run(scenario())
        assert client.lrange("orders", 0, -1) == [b"1", b"4"]
    assert store.get("billing", "/orders") == Position(4, NOON)
    store.close()
    other.close()


def test_another_value_under_a_key_is_an_error_and_is_not_overwritten(redis_engine: RedisEngine) -> None:
    store = RedisStore(redis_engine.url)
    with redis_engine.connect() as connected:
        client: Any = connected
        client.set("pybayeux:{billing}:position:/orders", '{"replay_id": "seven"}')
        with pytest.raises(ValueError, match="replay_id"):
            store.fenced_set("billing", {"/orders": Position(1, NOON)}, lambda stored: {"/orders": Position(1, NOON)})
        assert client.get("pybayeux:{billing}:position:/orders") == b'{"replay_id": "seven"}'
    store.close()


def test_shards_are_read_again_when_others_have_changed_them_or_the_server_has_lost_them(
    redis_engine: RedisEngine,
) -> None:
    one, two = RedisStore(redis_engine.url), RedisStore(redis_engine.url)
    wants = {name: ShardRequest(name, timedelta(minutes=1), frozenset([f"/{name}"])) for name in ("a", "b")}
    for _ in range(2):
        assert not one.shards("billing").shards
        one.change_shards("billing", wants["a"].changes)
        assert one.shards("billing").shards.keys() == {"/a"}
        two.change_shards("billing", wants["b"].changes)
        assert one.shards("billing").shards.keys() == {"/a", "/b"}
        assert one.shards("billing").shards == two.shards("billing").shards
        with redis_engine.connect() as client:
            client.flushall()
    one.close()
    two.close()
