"""The examples with four worker processes: each event takes effect once, in order per key, also over kills."""

from __future__ import annotations

import json
import os
import signal
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from extensions.relay.tests.program import start
from tests.docs.program import Program

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pybayeux_devserver import BlockingServer
    from pybayeux_devserver.pytest_plugin import ServerFactory
    from tests.servers.postgresql import PostgresEngine
    from tests.servers.redis_engine import RedisEngine

EVENTS: Final = 300
KEYS: Final = 12
KILLS: Final = 3


def _publish(server: BlockingServer) -> None:
    for number in range(EVENTS):
        server.publish("/orders", {"number": number, "buyer": f"buyer-{number % KEYS}"})


def _kill_some(program: Program, handled: Callable[[], Sequence[tuple[str, int]]]) -> list[tuple[str, int]]:
    """Kill workers in the middle of their work; return what was handled at the end, in order: key and number."""
    processes: dict[str, int] = {}
    for kill in range(KILLS):
        while len(processes) < 4 or str(kill) not in processes:
            _read_worker(program, processes)
        while len(handled()) < (kill + 1) * EVENTS // (KILLS + 2):
            time.sleep(0.005)
        os.kill(processes.pop(str(kill)), signal.SIGKILL)
    while len(handled()) < EVENTS:
        time.sleep(0.01)
    return list(handled())


def _read_worker(program: Program, processes: dict[str, int]) -> None:
    words = program.until_match(r"^worker \d is process \d+$")[-1].split()
    processes[words[1]] = int(words[4])


def _expect_each_once_in_order(handled: Sequence[tuple[str, int]]) -> None:
    by_key: dict[str, list[int]] = defaultdict(list)
    for key, number in handled:
        by_key[key].append(number)
    assert by_key == {f"buyer-{key}": list(range(key, EVENTS, KEYS)) for key in range(KEYS)}


def test_workers_on_a_table(postgres_engine: PostgresEngine, bayeux_server_factory: ServerFactory) -> None:
    server, target = bayeux_server_factory(), f"{postgres_engine.url}/orders"
    _publish(server)
    with postgres_engine.connect() as connection:

        def handled() -> Sequence[tuple[str, int]]:
            rows = connection.execute("SELECT key, (data->>'number')::int FROM handled ORDER BY place")
            return [(key, number) for key, number in rows]

        with start(server.url, "/orders", "--to", target, "--key", "buyer", "--batch", "20") as relay:
            while connection.execute("SELECT to_regclass('orders')").fetchone() == (None,):
                assert relay.poll() is None
                time.sleep(0.01)
            with Program("postgres_workers.py", postgres_engine.url, "orders") as program:
                seen = _kill_some(program, handled)
                program.terminate()
            relay.kill()
        _expect_each_once_in_order(seen)
        assert connection.execute("SELECT count(*) FROM orders").fetchone() == (0,)


def test_workers_on_streams(redis_engine: RedisEngine, bayeux_server_factory: ServerFactory) -> None:
    server, target = bayeux_server_factory(), f"{redis_engine.url}/orders?partitions=4"
    _publish(server)
    with redis_engine.connect() as connected:
        client: Any = connected

        def entries() -> list[Any]:
            return [json.loads(each) for each in client.lrange("handled", 0, -1)]

        def handled() -> Sequence[tuple[str, int]]:
            return [(key, data["number"]) for key, data, _ in entries()]

        with start(server.url, "/orders", "--to", target, "--key", "buyer", "--batch", "20") as relay:
            with Program("redis_workers.py", redis_engine.url, "orders") as program:
                seen = _kill_some(program, handled)
                program.terminate()
            relay.kill()
        _expect_each_once_in_order(seen)
        assert {worker for _, _, worker in entries()} == {*range(4)}
