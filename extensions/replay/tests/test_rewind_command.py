"""`pybayeux replay rewind`: back to a time, or a refusal that says why."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from pybayeux.cli import main
from pybayeux_replay import LeaseRequest, Position
from pybayeux_replay.shards import ShardRequest
from pybayeux_replay.sqlite import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime.now(UTC).replace(microsecond=0)
HOUR = timedelta(hours=1)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SqliteStore]:
    monkeypatch.chdir(tmp_path)
    store = SqliteStore("positions.db")
    store.set("default", {"00D1/event/Order__e": Position(4711, NOW, NOW - HOUR, org="00D1/CS42")})
    store.set("default", {"/event/Case__e": Position(-2, NOW, NOW - 2 * HOUR)})
    yield store
    store.close()


def _run(*arguments: str, store: str = "positions.db", **settings: Any) -> Result:
    return CliRunner().invoke(main, ["replay", "rewind", *arguments, "--store", store], **settings)


def _places(store: SqliteStore) -> list[tuple[str, int, datetime | None]]:
    return sorted((key, each.replay_id, each.event_time) for key, each in store.items("default").items())


def test_all_subscriptions_go_back(store: SqliteStore) -> None:
    moment = NOW - 5 * HOUR
    result = _run("--to", moment.isoformat(), "--yes")
    text = f"the events from {moment:%Y-%m-%d %H:%M:%S} UTC on"
    assert (result.exit_code, result.stderr) == (0, "")
    assert sorted(result.stdout.splitlines()) == [
        f"/event/Case__e: the events from {NOW - 2 * HOUR:%Y-%m-%d %H:%M:%S} UTC on -> {text}",
        f"00D1/event/Order__e: after 4711 of {NOW - HOUR:%Y-%m-%d %H:%M:%S} UTC -> {text}",
    ]
    assert _places(store) == [("/event/Case__e", -2, moment), ("00D1/event/Order__e", -2, moment)]
    assert store.items("default")["00D1/event/Order__e"].org == "00D1/CS42"


def test_one_goes_back_and_a_dry_run_changes_nothing(store: SqliteStore) -> None:
    before, moment = _places(store), NOW - 100 * HOUR
    result = _run("/event/Order__e", "--to", moment.isoformat(), "--dry-run")
    assert (result.exit_code, len(result.stdout.splitlines())) == (0, 1)
    assert "Salesforce keeps events for 72 hours" in result.stderr
    assert "Nothing is changed" in result.stderr
    assert _places(store) == before
    assert _run("/event/Order__e", "--to", moment.isoformat(), input="n\n").exit_code == 1
    assert _places(store) == before
    assert _run("/event/Order__e", "--to", moment.isoformat(), input="y\n").exit_code == 0
    assert _places(store) == [before[0], ("00D1/event/Order__e", -2, moment)]


def test_the_result_as_json(store: SqliteStore) -> None:
    before, moment = _places(store), NOW - 5 * HOUR
    arguments = ("00D1/event/Order__e", "--to", moment.isoformat(), "--json")
    dry = _run(*arguments, "--dry-run")
    [change] = json.loads(dry.stdout)
    at, was = f"{moment:%Y-%m-%dT%H:%M:%SZ}", f"{NOW - HOUR:%Y-%m-%dT%H:%M:%SZ}"
    assert (change["subscription"], change["replay_id"], change["event_time"]) == ("00D1/event/Order__e", -2, at)
    assert (change["before"]["replay_id"], change["before"]["event_time"], change["made"]) == (4711, was, False)
    assert _places(store) == before
    asked = _run(*arguments, input="y\n")
    [change] = json.loads(asked.stdout)
    assert change["made"] is True
    assert "00D1/event/Order__e: after 4711" in asked.stderr
    assert _places(store) == [before[0], ("00D1/event/Order__e", -2, moment)]
    refused = _run("00D1/event/Order__e", "--to", (moment - HOUR).isoformat(), "--json", input="n\n")
    assert (refused.exit_code, refused.stdout) == (1, "")


@pytest.mark.parametrize(
    ("position", "why"),
    [
        (Position(7, NOW), 'has no time, so no event can be told from earlier ones: "set /orders earliest" has'),
        (Position(7, NOW, NOW - 9 * HOUR), "which is not after"),
        (Position(-2, NOW, NOW - 9 * HOUR), "which is not after"),
        (Position(-2, NOW), "begins with the earliest event already"),
        (Position(-1, NOW), "begins with new events"),
    ],
)
def test_what_cannot_go_back_is_refused_and_nothing_changes(position: Position, why: str, store: SqliteStore) -> None:
    store.set("default", {"/orders": position})
    before = _places(store)
    for option in ("--yes", "--dry-run"):
        result = _run("--to", (NOW - 5 * HOUR).isoformat(), option)
        assert (result.exit_code, why in result.stderr, result.stdout) == (2, True, "")
    assert _places(store) == before


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--to", "yesterday"], "expected a time such as 2026-11-28T10:00Z; got 'yesterday'"),
        (["--to", "4711"], "expected a time"),
        (["--to", "2199-01-01"], "is in the future"),
        ([], "Missing option '--to'"),
        (["/unknown", "--to", "2026-01-01"], "no position is stored for /unknown"),
        (["--to", "2026-01-01", "--consumer", "nobody"], "no positions are stored for the consumer 'nobody'"),
    ],
)
def test_wrong_usage_is_shown(arguments: list[str], why: str) -> None:
    result = _run(*arguments)
    assert (result.exit_code, why in result.stderr) == (2, True)


@pytest.mark.parametrize("divides", [False, True])
def test_a_consumer_that_is_active_is_left_alone(divides: bool, store: SqliteStore) -> None:
    if divides:
        asking = ShardRequest("host:4711:1f0c", timedelta(hours=1), frozenset(["/event/Order__e"]))
        store.change_shards("default", asking.changes)
    else:
        store.request_lease("default", LeaseRequest("host:4711:1f0c", timedelta(hours=1)))
    before, to = _places(store), ("--to", (NOW - 5 * HOUR).isoformat())
    result = _run(*to, "--yes")
    assert (result.exit_code, "stop host:4711:1f0c first" in result.stderr) == (2, True)
    assert _places(store) == before
    assert _run(*to, "--dry-run").exit_code == 0
