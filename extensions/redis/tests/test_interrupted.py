"""Commits in Redis that are interrupted: by another replica that gets the lease, or by a connection that breaks."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import redis

from pybayeux_redis import RedisStore
from pybayeux_redis.leases import check_held
from pybayeux_replay import LeaseLostError, LeaseRequest, Position
from tests.servers.faults import Action, Fault
from tests.servers.proxy import Place
from tests.support.loops import in_loop

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.servers.fixtures import ProxyFactory
    from tests.servers.redis_engine import RedisEngine

_LENGTH = timedelta(milliseconds=20)


class _Conflict(Exception):
    """The stored position is another one."""


def _unchanged(stored: Mapping[str, Position]) -> Mapping[str, Position]:
    if stored:
        raise _Conflict
    return {"/orders": _position(1)}


def _position(replay_id: int) -> Position:
    return Position(replay_id, datetime.now(UTC))


def _let_another_take_over(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another replica gets the lease and stores a position, right after a commit has found that it holds the lease."""
    other = RedisStore(name)

    def check_first(*arguments: Any) -> None:
        check_held(*arguments)
        while other.request_lease("shipping", LeaseRequest("other", _LENGTH)).holder != "other":
            time.sleep(0.005)
        other.set("shipping", {"/orders": _position(7)})
        other.close()

    monkeypatch.setattr("pybayeux_redis.store.check_held", check_first)


def test_a_commit_whose_lease_is_lost_meanwhile_finds_no_other_consumer(
    redis_engine: RedisEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = RedisStore(redis_engine.url)
    lease = store.request_lease("shipping", LeaseRequest("mine", _LENGTH))
    _let_another_take_over(redis_engine.url, monkeypatch)
    with pytest.raises(LeaseLostError):
        store.fenced_set("shipping", {"/orders": _position(1)}, _unchanged, lease)
    store.close()


@in_loop
async def test_a_transaction_whose_lease_is_lost_meanwhile_finds_no_other_consumer(
    redis_engine: RedisEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = RedisStore(redis_engine.url)
    lease = store.request_lease("shipping", LeaseRequest("mine", _LENGTH))
    _let_another_take_over(redis_engine.url, monkeypatch)
    with pytest.raises(LeaseLostError):
        async with store.fenced_transaction("shipping", {"/orders": _position(1)}, _unchanged, lease) as pipe:
            pipe.rpush("orders", 1)
    store.close()


@in_loop
async def test_a_transaction_whose_answer_is_lost_is_no_conflict(
    redis_engine: RedisEngine, proxy_factory: ProxyFactory
) -> None:
    proxy = proxy_factory(Place(redis_engine.port))
    proxy.add(Fault(Action.RESET, b"+QUEUED"))
    store = RedisStore(f"redis://127.0.0.1:{proxy.port}/0")
    with pytest.raises(redis.ConnectionError):
        async with store.fenced_transaction("shipping", {"/orders": _position(1)}, _unchanged) as pipe:
            pipe.rpush("orders", 1)
    assert store.items("shipping")["/orders"].replay_id == 1  # it has taken effect
    store.close()
