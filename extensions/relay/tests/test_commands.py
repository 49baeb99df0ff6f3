"""`pybayeux relay`, run as from a shell."""

from __future__ import annotations

import json
import signal
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from extensions.relay.tests.program import start
from pybayeux.cli import main

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from extensions.relay.tests.targets import TestTarget
    from pybayeux_devserver import BlockingServer
    from pybayeux_devserver.pytest_plugin import ServerFactory
    from tests.servers.postgresql import PostgresEngine
    from tests.servers.redis_engine import RedisEngine


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYBAYEUX_REPLAY_STORE", raising=False)
    return tmp_path


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["relay", *arguments])


def _until(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    while not condition():
        assert process.poll() is None, process.stderr and process.stderr.read()
        time.sleep(0.01)


def _publish(server: BlockingServer, *numbers: int) -> None:
    for number in numbers:
        server.publish("/orders", {"number": number})


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("/orders",), "Missing option '--to'"),
        (("orders", "--to", "-"), "channel 'orders'"),
        (("/meta/connect", "--to", "-"), "meta channels cannot be subscribed to"),
        (("/orders", "--to", "orders"), "target: expected '-' or a URL such as 'postgresql://"),
        (("/orders", "--to", "ftp://host/orders"), "no target for ftp://: expected one of "),
        (("/orders", "--to", "sqlite:///orders"), "expected a database and a table"),
        (("/orders", "--to", "postgresql://host/orders/"), "expected a database and a table"),
        (("/orders", "--to", "redis://host/orders"), "expected a database and a stream"),
        (("/orders", "--to", "redis://host/0/orders?partitions=0"), "partitions: expected a positive number; got '0'"),
        (("/orders", "--to", "sqlite:///e.db/o", "--store", "x.db"), "--store is for --to - only"),
        (("/orders", "--to", "-", "--lease", "5"), "--lease takes a database or a broker as the target"),
        (("/orders", "--to", "sqlite:///e.db/o", "--since", "soon"), "neither 'latest' nor 'earliest' nor a replay id"),
        (("/orders", "--to", "sqlite:///e.db/o", "--key", "a..b"), "key: expected names of members"),
    ],
)
def test_wrong_usage_is_told(folder: Path, arguments: tuple[str, ...], error: str) -> None:
    result = _run("http://127.0.0.1:9/cometd", *arguments)
    assert result.exit_code == 2
    assert error in result.stderr
    assert list(folder.iterdir()) == []


def test_what_never_began_has_no_progress(folder: Path) -> None:
    result = _run("host/cometd", "/orders", "--to", "sqlite:///e.db/orders")
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: url: expected the address of a server")


def test_the_password_of_a_target_is_not_shown(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Else it would be waited for.
    monkeypatch.setattr("pybayeux_sql.postgres.is_unknown_host", {"127.0.0.1": True}.__getitem__)
    result = _run("http://127.0.0.1:9/cometd", "/orders", "--to", "postgresql://app:s3cret@127.0.0.1:9/crm/orders")
    assert result.exit_code == 1
    assert "s3cret" not in result.output


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("there", [False, True])
def test_a_dry_run_says_what_would_be_done_and_writes_nothing(
    relay_target: TestTarget, bayeux_server: BlockingServer, there: bool
) -> None:
    if there:
        with start(bayeux_server.url, "/orders", "--to", relay_target.name) as process:
            _publish(bayeux_server, 0)
            _until(lambda: len(relay_target.replay_ids()) == 1, process)
            process.terminate()
    result = _run(bayeux_server.url, "/orders", "--to", relay_target.name, "--dry-run", "--consumer", "crm")
    assert result.exit_code == 0, result.output
    assert f"server:   {bayeux_server.url}, connected\nchannels: /orders\nconsumer: crm\n" in result.stdout
    assert ("is there" if there else "will be created") in result.stdout
    assert result.stdout.endswith("Nothing was subscribed to and nothing was written.\n")
    assert relay_target.numbers() == [0] * there


def test_a_dry_run_as_json(folder: Path, bayeux_server: BlockingServer) -> None:
    result = _run(bayeux_server.url, "/orders", "--to", "sqlite:///e.db/orders", "--dry-run", "--json")
    found = json.loads(result.stdout)
    assert found.pop("target") != []
    assert found == {"server": bayeux_server.url, "channels": ["/orders"], "consumer": "relay"}
    refused = _run(bayeux_server.url, "/orders", "--to", "-", "--json")
    assert (refused.exit_code, "--json goes with --dry-run" in refused.stderr) == (2, True)


def test_a_dry_run_makes_no_file(folder: Path, bayeux_server: BlockingServer) -> None:
    assert _run(bayeux_server.url, "/orders", "--to", "sqlite:///e.db/orders", "--dry-run").exit_code == 0
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("dry", [("--dry-run",), ()])
def test_a_table_with_other_columns_is_refused(
    folder: Path, bayeux_server: BlockingServer, dry: tuple[str, ...]
) -> None:
    with closing(sqlite3.connect(folder / "e.db")) as database:
        database.execute("CREATE TABLE orders (id INTEGER, channel TEXT, data TEXT)")
    result = _run(bayeux_server.url, "/orders", "--to", "sqlite:///e.db/orders", *dry)
    assert result.exit_code == 2
    assert "the table orders has no column replay_id, event_id, received_at, key; name another table" in result.stderr


@pytest.mark.parametrize("dry", [("--dry-run",), ()])
def test_a_key_that_is_no_stream_is_refused(
    redis_engine: RedisEngine, bayeux_server: BlockingServer, dry: tuple[str, ...]
) -> None:
    with redis_engine.connect() as client:
        client.set("orders", "7")
    result = _run(bayeux_server.url, "/orders", "--to", f"{redis_engine.url}/orders", *dry)
    assert result.exit_code == 2
    assert "the key orders holds a string, and no stream" in result.stderr


def test_a_user_without_the_right_is_told_so(postgres_engine: PostgresEngine, bayeux_server: BlockingServer) -> None:
    with postgres_engine.connect() as connection:
        connection.execute("DROP ROLE IF EXISTS reader")
        connection.execute("CREATE ROLE reader LOGIN")
    name = postgres_engine.url.replace("tests@", "reader@") + "/orders"
    result = _run(bayeux_server.url, "/orders", "--to", name, "--dry-run")
    assert result.exit_code == 2
    assert "has no right to create a table" in result.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_it_with_a_disconnect_and_what_was_written_stays(
    relay_target: TestTarget, bayeux_server_factory: ServerFactory, number: signal.Signals, code: int
) -> None:
    server = bayeux_server_factory()
    _publish(server, *range(20))
    with start(server.url, "/orders", "--to", relay_target.name) as process:
        _until(lambda: len(relay_target.replay_ids()) == 20, process)
        process.send_signal(number)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == code, errors
    assert "20 events relayed" in errors.splitlines()[-1]
    assert "Traceback" not in errors
    server.received("/meta/disconnect")
    store = relay_target.kit.make().store
    assert store.items("relay")["/orders"].replay_id == relay_target.replay_ids()[-1]
    store.close()


def test_progress_is_told_on_standard_error(folder: Path, bayeux_server_factory: ServerFactory) -> None:
    server = bayeux_server_factory()
    _publish(server, 0, 1)
    with start(server.url, "/orders", "--to", f"sqlite:///{folder}/e.db/orders", "--progress", "0.1") as process:
        assert process.stderr is not None
        line = next(line for line in process.stderr if "2 events relayed, " in line)
        process.kill()
    assert "/s, lag " in line
    assert "/orders at " in line


def test_lines_of_json_and_their_position(folder: Path, bayeux_server_factory: ServerFactory) -> None:
    server = bayeux_server_factory()
    arguments = ("/orders", "--to", "-", "--store", f"sqlite:///{folder}/p.db", "--key", "item")
    server.publish("/orders", {"number": 0, "item": "tea", "text": "a\nb\x1b[2J"})
    with start(server.url, *arguments) as process:
        assert process.stdout is not None
        line: dict[str, Any] = json.loads(process.stdout.readline())
        process.terminate()
        assert process.stdout.read() == ""
    assert list(line) == ["channel", "replay_id", "event_id", "received_at", "key", "data"]
    assert (line["channel"], line["key"], line["data"]["text"]) == ("/orders", "tea", "a\nb\x1b[2J")
    assert process.returncode == 143
    _publish(server, 1)
    with start(server.url, *arguments) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["data"]["number"] == 1
        process.kill()


def test_it_ends_when_the_reader_has_gone(folder: Path, bayeux_server_factory: ServerFactory) -> None:
    server = bayeux_server_factory()
    _publish(server, 0)
    with start(server.url, "/orders", "--to", "-", "--store", f"sqlite:///{folder}/p.db") as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr is not None
        errors = process.stderr.read()
        assert process.wait(30) == 0, errors
    assert "Traceback" not in errors


def test_what_postgresql_refuses_is_a_dead_letter(
    postgres_engine: PostgresEngine, bayeux_server_factory: ServerFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = bayeux_server_factory()
    _publish(server, 0, 1)
    server.publish("/orders", {"number": 2, "text": "\0"})
    _publish(server, 3)
    with start(server.url, "/orders", "--to", f"{postgres_engine.url}/orders", "--consumer", "crm") as process:
        with postgres_engine.connect() as connection:

            def numbers() -> list[int]:
                found = connection.execute("SELECT to_regclass('orders')").fetchone()
                if found == (None,):
                    return []
                rows = connection.execute("SELECT (data->>'number')::int FROM orders ORDER BY id").fetchall()
                return [number for (number,) in rows]

            _until(lambda: numbers() == [0, 1, 3], process)
        process.terminate()
    listed = ["replay", "dead-letters", "list", "--store", postgres_engine.url, "--consumer", "crm", "--json"]
    (letter,) = json.loads(CliRunner().invoke(main, listed).stdout)
    assert letter["data"]["number"] == 2
    assert "UntranslatableCharacter" in letter["error"]
