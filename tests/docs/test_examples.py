"""Every example does what its docstring says, as a program of its own against a server."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.docs.program import EXAMPLES, Program

if TYPE_CHECKING:
    from pathlib import Path

    from pybayeux_devserver import BlockingServer
    from pybayeux_devserver.pytest_plugin import ServerFactory

TESTED = {"exactly_once.py", "fresh_token.py", "handled_once.py", "listen_async.py", "listen_sync.py", "publish.py"}
RECIPES = {"django_app.py", "many_threads.py", "stop_async.py", "stop_sync.py", "web_app.py"}  # in test_recipes.py
WORKERS = {"postgres_workers.py", "redis_workers.py"}  # in test_workers.py
OPERATIONS = {"several_orgs.py"}  # in test_several_orgs.py


def test_no_example_is_forgotten() -> None:
    assert {path.name for path in EXAMPLES.glob("*.py")} == TESTED | RECIPES | WORKERS | OPERATIONS


@pytest.mark.parametrize("name", ["listen_async.py", "listen_sync.py"])
def test_listener_prints_what_comes(name: str, bayeux_server_factory: ServerFactory) -> None:
    server = bayeux_server_factory(replay=False)
    with Program(name, server.url) as program:
        server.received("/meta/subscribe")
        server.publish("/orders/new", {"item": "tea"})
        server.publish("/orders/paid", {"item": "milk"})
        assert program.until("/orders/paid {'item': 'milk'}") == [
            "/orders/new {'item': 'tea'}",
            "/orders/paid {'item': 'milk'}",
        ]


def test_publisher_publishes_one_and_then_the_rest_together(bayeux_server: BlockingServer) -> None:
    with Program("publish.py", bayeux_server.url, "tea", "coffee", "milk") as program:
        code, output = program.result()
    assert output == ["published tea True", "published coffee", "published milk"]
    assert code == 0
    together = [request.messages for request in bayeux_server.recorder.requests if len(request.messages) == 2]
    assert [[message["data"] for message in messages] for messages in together] == [
        [{"item": "coffee"}, {"item": "milk"}]
    ]


def test_publisher_tells_what_was_refused(bayeux_server_factory: ServerFactory) -> None:
    server = bayeux_server_factory(deny_publish=("/orders/**",))
    with Program("publish.py", server.url, "tea") as program:
        code, output = program.result()
    assert code == 1
    assert output[-1].startswith("pybayeux.errors.PublishError: publish /orders/new failed: 403:")


def test_every_order_is_kept_once_over_a_kill(bayeux_server: BlockingServer, tmp_path: Path) -> None:
    arguments = (bayeux_server.url, tmp_path / "orders.db", tmp_path / "positions.db")
    with Program("handled_once.py", *arguments) as program:
        for number in (1, 2, 3):
            bayeux_server.publish("/orders", {"number": number, "item": "tea"})
        assert program.until("kept 3") == ["kept 1", "kept 2", "kept 3"]
        program.kill()
    bayeux_server.publish("/orders", {"number": 4, "item": "coffee"})
    with Program("handled_once.py", *arguments) as program:
        program.until("kept 4")
    with closing(sqlite3.connect(tmp_path / "orders.db")) as database:
        kept = database.execute("SELECT number, item FROM orders ORDER BY number").fetchall()
    assert kept == [(1, "tea"), (2, "tea"), (3, "tea"), (4, "coffee")]


def test_fresh_token_is_read_when_the_old_one_dies(bayeux_server_factory: ServerFactory, tmp_path: Path) -> None:
    server = bayeux_server_factory(tokens=("old",), replay=False)
    (tmp_path / "token.txt").write_text("old\n")
    with Program("fresh_token.py", server.url, tmp_path / "token.txt") as program:
        server.received("/meta/subscribe")
        server.tokens.add("new")
        (tmp_path / "token.txt").write_text("new\n")
        server.recorder.clear()
        server.faults.expire_token("old")
        server.received("/meta/subscribe")
        server.publish("/orders/new", {"item": "tea"})
        program.until("/orders/new {'item': 'tea'}")
