"""Kafka as a target: its name, its store, one producer of a consumer, what ends a transaction, a large event."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka import KafkaException

from extensions.relay.tests.program import start
from pybayeux.errors import ConsumerConflictError, UsageError
from pybayeux_kafka import KafkaTarget
from pybayeux_kafka.names import kafka_store
from pybayeux_kafka.store import KafkaStore
from pybayeux_relay import Record, TargetError, open_target
from pybayeux_replay import Position
from pybayeux_replay.testing import STORE_CHECKS

if TYPE_CHECKING:
    from collections.abc import Callable

    from pybayeux_devserver.pytest_plugin import ServerFactory
    from tests.servers.kafka_engine import KafkaEngine

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
NOT_FOR_ONE_PRODUCER = {
    "fences_against_other_writers",
    "fences_transactions_against_other_writers",
    "stores_at_the_end_of_a_transaction",
    "keeps_consumers_apart",
    "takes_names_as_text",
}
"""Checks with two stores at the same time, or two consumers in one: Kafka admits one producer of a consumer."""


def _record(number: int) -> Record:
    return Record("/orders", number, None, NOON, None, str(number))


@pytest.mark.parametrize("name", ["kafka://host:9092/orders", "kafka://a:9092,b:9092/orders"])
def test_it_is_found_by_its_scheme_and_shown_without_parameters(name: str) -> None:
    target = open_target(f"{name}?security.protocol=SSL&partitions=3")
    assert isinstance(target, KafkaTarget)
    assert repr(target) == name


@pytest.mark.parametrize(
    "name",
    ["kafka:///orders", "kafka://host:9092", "kafka://host/a/b", "kafka://u:p@host/a", "kafka://h/a?partitions=x"],
)
def test_a_wrong_name_is_an_error(name: str) -> None:
    with pytest.raises(UsageError, match="expected"):
        open_target(name)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("kafka://127.0.0.1:9/orders?sokets=1", 'No such configuration property: "sokets"'),
        ("kafka://127.0.0.1:9/orders?socket.timeout.ms=x", "Invalid value"),
    ],
)
def test_a_wrong_parameter_is_an_error(name: str, expected: str) -> None:
    for use in (open_target(name).check, open_target(name).prepare):
        with pytest.raises(TargetError, match=f"^kafka://127.0.0.1:9/orders: .*{expected}"):
            asyncio.run(use())


def test_a_store_has_servers_alone() -> None:
    assert repr(kafka_store("kafka://a:9092,b:9092")) == "KafkaStore('a:9092,b:9092')"
    with pytest.raises(ValueError, match="expected servers alone"):
        kafka_store("kafka://host:9092/orders")


def test_the_name_of_a_consumer_is_part_of_a_topic() -> None:
    with pytest.raises(UsageError, match="got 'a consumer'"):
        KafkaStore({"bootstrap.servers": "127.0.0.1:9"}).get("a consumer", "/orders")


def test_a_store_is_that_of_one_consumer_until_it_is_closed(kafka_engine: KafkaEngine) -> None:
    store = KafkaStore(kafka_engine.config)
    store.set("billing", {"/orders": 7})
    with pytest.raises(UsageError, match="this store is that of consumer 'billing'"):
        store.get("shipping", "/orders")
    store.close()
    assert store.get("shipping", "/orders") is None
    store.close()


_CHECKS = [check for check in STORE_CHECKS if check.__name__ not in NOT_FOR_ONE_PRODUCER]


@pytest.mark.parametrize("check", _CHECKS, ids=lambda check: check.__name__)
def test_store(check: Callable[[Any], None], kafka_engine: KafkaEngine) -> None:
    check(lambda: KafkaStore(kafka_engine.config))


async def _write(target: KafkaTarget, number: int) -> None:
    async with target.store.transaction("relay", {"/orders": Position(number, NOON)}) as transaction:
        await target.write(transaction, [_record(number)])


def _numbers(engine: KafkaEngine) -> list[int]:
    return [json.loads(value)["replay_id"] for value in engine.values("orders")]


@pytest.mark.parametrize("noticed", [False, True], ids=["at-the-commit", "before"])
def test_a_second_producer_of_a_consumer_fences_off_the_first(noticed: bool, kafka_engine: KafkaEngine) -> None:
    async def scenario() -> None:
        first, second = (KafkaTarget(kafka_engine.config, "orders", 1) for _ in range(2))
        await first.prepare()
        await _write(first, 1)
        with pytest.raises(KafkaException, match="fenced"):
            async with first.store.transaction("relay", {"/orders": Position(2, NOON)}) as transaction:
                await first.write(transaction, [_record(2)])
                await _write(second, 3)
                if noticed:  # by the client library, before the next call
                    await asyncio.to_thread(transaction.flush)
                    await first.write(transaction, [_record(2)])
        for _ in range(2):  # it does not fence off the other one in turn
            with pytest.raises(ConsumerConflictError, match="another relay of consumer 'relay' has begun"):
                await _write(first, 4)
        await _write(second, 5)

    asyncio.run(scenario())
    assert _numbers(kafka_engine) == [1, 3, 5]


def test_a_transaction_that_was_open_for_too_long_is_rolled_back_and_the_next_one_goes_on(
    kafka_engine: KafkaEngine,
) -> None:
    async def scenario() -> None:
        target = KafkaTarget({**kafka_engine.config, "transaction.timeout.ms": 1000}, "orders", 1)
        await target.prepare()
        # The client library may have noticed it before its next call, which is in an erroneous state then.
        with pytest.raises(KafkaException, match=r"fenced|Erroneous state"):
            async with target.store.transaction("relay", {"/orders": Position(1, NOON)}) as transaction:
                await target.write(transaction, [_record(1)])
                await asyncio.to_thread(transaction.flush)
                # Readers do not see what comes after an open transaction.
                kafka_engine.publish("orders", _record(2).as_json())
                while await asyncio.to_thread(_numbers, kafka_engine) != [2]:
                    pass
        assert target.store.get("relay", "/orders") is None
        await _write(target, 3)

    asyncio.run(scenario())
    assert _numbers(kafka_engine) == [2, 3]


_KILLED_IN_A_TRANSACTION = """
import asyncio, os, signal, sys
from pybayeux_kafka import KafkaTarget
from pybayeux_replay import Position
from extensions.kafka.tests.test_kafka import NOON, _record, _write

async def main():
    # Longer than the test may take, so that the broker does not roll it back by itself.
    target = KafkaTarget({"bootstrap.servers": sys.argv[1], "transaction.timeout.ms": 600_000}, "orders", 1)
    await target.prepare()
    await _write(target, 1)
    async with target.store.transaction("relay", {"/orders": Position(2, NOON)}) as transaction:
        await target.write(transaction, [_record(2)])
        await asyncio.to_thread(transaction.flush)
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


def test_a_transaction_of_a_killed_relay_is_rolled_back_by_the_next_relay(kafka_engine: KafkaEngine) -> None:
    servers = kafka_engine.config["bootstrap.servers"]
    killed = subprocess.run([sys.executable, "-c", _KILLED_IN_A_TRANSACTION, servers], check=False)
    assert killed.returncode == -signal.SIGKILL

    async def scenario() -> None:
        target = KafkaTarget(kafka_engine.config, "orders", 1)
        position = await asyncio.to_thread(target.store.get, "relay", "/orders")
        assert position is not None
        assert position.replay_id == 1
        await _write(target, 3)

    asyncio.run(scenario())
    assert _numbers(kafka_engine) == [1, 3]


def test_a_broker_that_is_killed_loses_and_repeats_nothing(
    kafka_engine: KafkaEngine, bayeux_server_factory: ServerFactory
) -> None:
    server = bayeux_server_factory()
    for number in range(200):
        server.publish("/orders", {"number": number})
    with start(server.url, "/orders", "--to", f"{kafka_engine.url}/orders?partitions=1", "--batch", "3") as process:
        _wait_for(kafka_engine, process, 50)
        kafka_engine.kill()
        kafka_engine.start()
        _wait_for(kafka_engine, process, 200)
        process.kill()
    numbers = [json.loads(value)["data"]["number"] for value in kafka_engine.values("orders")]
    assert numbers == list(range(200))


def test_an_event_that_is_too_large_becomes_a_dead_letter(
    kafka_engine: KafkaEngine, bayeux_server_factory: ServerFactory
) -> None:
    server, text = bayeux_server_factory(), "x" * 1_100_000
    for number, event in enumerate(("small", text, "small")):
        server.publish("/orders", {"number": number, "text": event})
    with start(server.url, "/orders", "--to", f"{kafka_engine.url}/orders?partitions=1") as process:
        _wait_for(kafka_engine, process, 2)
        place = ["--store", kafka_engine.url, "--consumer", "relay"]
        (letter,) = json.loads(_replay("dead-letters", "list", "--json", *place))
        assert "MSG_SIZE_TOO_LARGE" in letter["error"]
        assert (letter["data"]["number"], letter["data"]["text"]) == (1, text)
        (position,) = json.loads(_replay("show", "--json", *place))
        assert position["replay_id"] == letter["replay_id"] + 1
        _replay("dead-letters", "delete", "--yes", *place)
        assert json.loads(_replay("dead-letters", "list", "--json", *place)) == []
        server.publish("/orders", {"number": 3})
        _wait_for(kafka_engine, process, 3)  # none of these commands has fenced it off
        process.kill()
    numbers = [json.loads(value)["data"]["number"] for value in kafka_engine.values("orders")]
    assert numbers == [0, 2, 3]


def _wait_for(engine: KafkaEngine, process: subprocess.Popen[str], count: int) -> None:
    while len(engine.values("orders")) < count:
        assert process.poll() is None, process.stderr and process.stderr.read()


def _replay(*arguments: str) -> str:
    command = [sys.executable, "-m", "pybayeux", "replay", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
