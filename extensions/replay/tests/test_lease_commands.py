"""The commands that show which replica is active."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from pybayeux.cli import main
from pybayeux_replay import LeaseRequest, Shard, ShardChanges
from pybayeux_replay.shards import ShardRequest
from pybayeux_replay.sqlite import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SqliteStore]:
    monkeypatch.chdir(tmp_path)
    store = SqliteStore("positions.db")
    store.set("billing", {"/orders": 7})
    yield store
    store.close()


def _run(command: str, *arguments: str) -> str:
    line = ["replay", command, "--store", "positions.db", "--consumer", "billing", *arguments]
    result = CliRunner().invoke(main, line, catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_without_a_lease(store: SqliteStore) -> None:
    assert store.lease("billing") is None
    assert "replica" not in _run("show")
    assert _run("lease") == "There never was a lease for the consumer 'billing'.\n"
    assert _run("lease", "--json") == "null\n"


def test_the_active_replica(store: SqliteStore) -> None:
    lease = store.request_lease("billing", LeaseRequest("host:4711:1f0c", timedelta(hours=1), waiting=17))
    text = (
        f"host:4711:1f0c is the active replica of 'billing' since {lease.since:%Y-%m-%d %H:%M:%S} UTC (just now), "
        "under lease number 1; 17 events received and not handled.\n"
    )
    assert _run("lease") == text
    assert _run("show").endswith(text)
    shown = json.loads(_run("lease", "--json"))
    assert (shown["holder"], shown["number"], shown["waiting"]) == ("host:4711:1f0c", 1, 17)
    assert {"since", "expires_at", "read_at"} <= shown.keys()
    assert [each["subscription"] for each in json.loads(_run("show", "--json"))] == ["/orders"]


def test_a_replica_that_is_gone(store: SqliteStore) -> None:
    store.request_lease("billing", LeaseRequest("host:4711:1f0c", timedelta()))
    assert _run("show").endswith(
        "No replica of 'billing' is active: the lease of host:4711:1f0c, number 1, ended just now.\n"
    )


def test_a_store_without_leases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "positions.json").touch()
    result = CliRunner().invoke(main, ["replay", "show", "--store", "positions.json"])
    assert result.output == "No positions are stored for the consumer 'default'.\n"


def test_replicas_that_share_channels(store: SqliteStore) -> None:
    one = ShardRequest("host:4711:1f0c", timedelta(hours=1), frozenset(["/orders", "/cases"]), waiting={"/orders": 17})
    table = store.change_shards("billing", one.changes)
    store.change_shards("billing", ShardRequest("host:4712:aaaa", timedelta()).changes)
    gone = Shard("/gone", "host:4712:aaaa", 3, table.read_at)
    store.change_shards("billing", lambda table: ShardChanges((), (), [gone]))
    lines = [line.split() for line in _run("show").splitlines()]
    assert lines[0][-4:] == ["Handled", "by", "Since", "Waiting"]
    assert lines[1] == ["/cases", "no", "position", "host:4711:1f0c", "just", "now", "0"]
    assert lines[2] == ["/gone", "no", "position", "no", "replica"]
    assert lines[3][-4:] == ["host:4711:1f0c", "just", "now", "17"]
    since = table.members["host:4711:1f0c"].since
    start = f"host:4711:1f0c handles 2 channels of 'billing', and is a replica since {since:%Y-%m-%d %H:%M:%S} UTC"
    assert _run("show").splitlines()[4:] == [
        f"{start} (just now); 17 events received and not handled.",
        "host:4712:aaaa is silent: its lease ended just now; 1 channel of 'billing' will go to others.",
    ]
    shown = {each["subscription"]: each for each in json.loads(_run("show", "--json"))}
    expected = {"replay_id": 7, "holder": "host:4711:1f0c", "number": 1, "waiting": 17}
    assert shown["/orders"] == shown["/orders"] | expected
    assert datetime.fromisoformat(shown["/orders"]["held_since"]) == since
    assert "replay_id" not in shown["/cases"]
    assert shown["/gone"]["holder"] is None
