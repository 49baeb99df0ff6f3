"""The commands of `pybayeux replay`, run as from a shell."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from pybayeux.cli import main
from pybayeux_replay import Position
from pybayeux_replay.sqlite import SqliteStore
from tests.servers.ports import free_port

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("STORE", "CONSUMER"):
        monkeypatch.delenv(f"PYBAYEUX_REPLAY_{name}", raising=False)
    store, now = SqliteStore("positions.db"), datetime.now(UTC)
    full = Position(4711, now - timedelta(minutes=5), now - timedelta(hours=3), "2ec0", "00D1/CS42")
    store.set("default", {"/event/Order__e": full, "/orders": Position(7, now - timedelta(days=3))})
    store.set("billing", {"/cases": Position(-2, now)})
    store.close()
    return tmp_path


def _run(*arguments: str, **options: Any) -> Result:
    return CliRunner().invoke(main, arguments, **options)


def _kept(consumer: str = "default") -> dict[str, int]:
    store = SqliteStore("positions.db")
    kept = {name: each.replay_id for name, each in store.items(consumer).items()}
    store.close()
    return kept


@pytest.mark.usefixtures("folder")
def test_show_lists_where_each_subscription_goes_on() -> None:
    result = _run("replay", "show", "--store", "positions.db")
    assert result.exit_code == 0
    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines[1] == ["/event/Order__e", "4711", "5", "minutes", "ago", "3", "hours", "ago", "00D1/CS42"]
    assert lines[2] == ["/orders", "7", "3", "days", "ago"]
    billing = _run("replay", "show", "--store", "positions.db", "--consumer", "billing").stdout.split()
    assert "/cases earliest" in " ".join(billing)
    long = f"/topic/Cases?Owner={'x' * 90}"
    _run("replay", "set", long, "7", "--store", "positions.db", "--consumer", "long")
    assert long in _run("replay", "show", "--store", "positions.db", "--consumer", "long").stdout
    empty = _run("replay", "show", "--store", "positions.db", "--consumer", "nobody")
    assert empty.stdout == "No positions are stored for the consumer 'nobody'.\n"


@pytest.mark.parametrize("store", ["typo.db", "typo.json"])
@pytest.mark.parametrize("command", [("show",), ("export",), ("clear", "--yes")])
def test_a_store_that_does_not_exist_is_not_created(folder: Path, command: tuple[str, ...], store: str) -> None:
    result = _run("replay", *command, "--store", store)
    assert result.exit_code == 2
    assert f"store: {store} does not exist" in result.stderr
    assert [path.name for path in folder.iterdir()] == ["positions.db"]


@pytest.mark.usefixtures("folder")
def test_a_store_that_cannot_be_reached_is_told_in_one_line() -> None:
    result = _run("replay", "show", "--store", f"redis://user:hunter2@127.0.0.1:{free_port()}/0")
    assert result.exit_code == 1
    [line] = result.stderr.splitlines()
    assert "cannot be read: ConnectionError" in line
    assert "hunter2" not in line


def test_a_terminal_obeys_nothing_in_the_name_of_a_subscription() -> None:
    channel = "/topic/\x1b[2J\x9b31m\u202e"
    store = SqliteStore("positions.db")
    store.set("evil", {channel: Position(7, datetime.now(UTC), org="\x1b[2J")})
    store.close()
    place = ("--store", "positions.db", "--consumer", "evil")
    for command in (("show",), ("show", "--json"), ("export",)):
        assert not {"\x1b", "\x9b", "\u202e"} & set(_run("replay", *command, *place).output)
    [shown] = json.loads(_run("replay", "show", "--json", *place).stdout)
    assert shown["subscription"] == channel


@pytest.mark.usefixtures("folder")
def test_show_in_json() -> None:
    shown = json.loads(_run("replay", "show", "--json", "--store", "positions.db").stdout)
    assert [(each["subscription"], each["replay_id"], each.get("org")) for each in shown] == [
        ("/event/Order__e", 4711, "00D1/CS42"),
        ("/orders", 7, None),
    ]


def test_the_options_are_those_of_the_clients(folder: Path) -> None:
    given = _run("-x", "replay.store=positions.db", "-x", "replay.consumer=billing", "replay", "show", "--json")
    assert [each["subscription"] for each in json.loads(given.stdout)] == ["/cases"]
    environment = {"PYBAYEUX_REPLAY_STORE": "positions.db"}
    assert "/orders" in _run("replay", "show", env=environment).stdout
    (folder / "pybayeux.toml").write_text('[replay]\nstore = "sqlite:///positions.db"\nconsumer = "billing"\n')
    assert "/cases" in _run("replay", "show").stdout
    assert "/orders" in _run("replay", "show", "--consumer", "default").stdout


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("place", "number", "text"),
    [
        ("12", 12, "goes on after 12."),
        ("earliest", -2, "goes on at the earliest."),
        ("latest", -1, "goes on at the latest."),
    ],
)
def test_set(place: str, number: int, text: str) -> None:
    result = _run("replay", "set", "/orders", place, "--store", "positions.db")
    assert (result.exit_code, result.stdout) == (0, f"/orders {text}\n")
    assert _kept() == {"/event/Order__e": 4711, "/orders": number}


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("place", ["12", "earliest", "2026-11-29T08:00"])
def test_what_changes_positions_writes_json_as_show_does(place: str) -> None:
    def shown() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(_run("replay", "show", "--json", "--store", "positions.db").stdout)
        return found

    result = _run("replay", "set", "/orders", place, "--json", "--store", "positions.db")
    assert json.loads(result.stdout) in shown()
    before = shown()
    deleted = _run("replay", "clear", "--yes", "--json", "--store", "positions.db")
    assert (json.loads(deleted.stdout), shown()) == (before, [])
    stored = _run("replay", "import", "-", "--json", "--store", "positions.db", input=deleted.stdout)
    assert json.loads(stored.stdout) == shown() == before
    assert json.loads(_run("replay", "clear", "/orders", "--yes", "--json", "--store", "positions.db").stdout) == [
        each for each in before if each["subscription"] == "/orders"
    ]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("moment", ["2026-11-29T08:00", "2026-11-29T10:00+02:00", "2026-11-29 08:00:00Z"])
def test_set_to_a_time(moment: str) -> None:
    result = _run("replay", "set", "/orders", moment, "--store", "positions.db")
    assert result.stdout == "/orders goes on with the events from 2026-11-29 08:00:00 UTC on.\n"
    store = SqliteStore("positions.db")
    stored = store.items("default")["/orders"]
    store.close()
    assert (stored.replay_id, stored.event_time) == (-2, datetime(2026, 11, 29, 8, tzinfo=UTC))
    assert "/orders events of" in " ".join(_run("replay", "show", "--store", "positions.db").stdout.split())


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["set", "orders", "12"], "expected a channel that begins with a slash; got 'orders'"),
        (["set", "/orders", "newest"], "a replay id; got 'newest'"),
        (["set", "/orders", "1.5"], "a replay id; got '1.5'"),
        (["clear", "/unknown", "--yes"], "no position is stored for /unknown"),
        (["show", "--store", "nowhere"], "file; got 'nowhere'"),
        (["show", "--store", "shelf://host"], "no store for shelf://: expected one of file, "),
        (["show", "--store", "memory"], "the store 'memory' keeps nothing"),
    ],
)
def test_wrong_arguments_are_an_error_and_change_nothing(arguments: list[str], complaint: str) -> None:
    result = _run("replay", *arguments, *([] if "--store" in arguments else ["--store", "positions.db"]))
    assert result.exit_code == 2
    assert complaint in result.stderr
    assert _kept() == {"/event/Order__e": 4711, "/orders": 7}


@pytest.mark.usefixtures("folder")
def test_without_a_store_the_error_names_the_option() -> None:
    result = _run("replay", "show")
    assert result.exit_code == 2
    assert "name the store of your clients with --store" in result.stderr


_OF_TWO_ORGS = {"00D1/event/Order__e": 1, "00D2/event/Order__e": 2, "00D2/orders": 3}


def _two_orgs() -> None:
    store = SqliteStore("positions.db")
    store.set("two", {key: Position(number, datetime.now(UTC)) for key, number in _OF_TWO_ORGS.items()})
    store.close()


@pytest.mark.usefixtures("folder")
def test_a_subscription_is_found_under_the_key_of_its_org() -> None:
    _two_orgs()
    where = ("--store", "positions.db", "--consumer", "two")
    assert _run("replay", "set", "/orders", "9", *where).exit_code == 0
    assert _kept("two") == _OF_TWO_ORGS | {"00D2/orders": 9}
    assert _run("replay", "clear", "/orders", "--yes", *where).exit_code == 0
    assert "00D2/orders" not in _kept("two")
    for command in (["set", "/event/Order__e", "9"], ["clear", "/event/Order__e", "--yes"]):
        result = _run("replay", *command, *where)
        assert result.exit_code == 2
        assert "name one of 00D1/event/Order__e, 00D2/event/Order__e" in result.stderr
    assert _run("replay", "set", "00D1/event/Order__e", "9", *where).exit_code == 0
    assert _kept("two") == {"00D1/event/Order__e": 9, "00D2/event/Order__e": 2}
    lines = [line.split() for line in _run("replay", "show", *where).stdout.splitlines()]
    assert [(line[0], line[-1]) for line in lines[1:]] == [("/event/Order__e", "00D1"), ("/event/Order__e", "00D2")]


@pytest.mark.usefixtures("folder")
def test_an_import_of_an_earlier_version_is_stored_by_org() -> None:
    old = '[{"subscription": "/orders", "replay_id": 7, "stored_at": "2026-01-01T12:00:00Z", "org": "00D1@host"}]'
    where = ("--store", "positions.db", "--consumer", "old")
    assert _run("replay", "import", "-", *where, input=old).exit_code == 0
    assert _kept("old") == {"00D1/orders": 7}
    exported = _run("replay", "export", *where).stdout
    assert _run("replay", "import", "-", *where, input=exported).exit_code == 0
    assert _kept("old") == {"00D1/orders": 7}


@pytest.mark.usefixtures("folder")
def test_clear_asks_unless_yes_is_given() -> None:
    asked = _run("replay", "clear", "/orders", "--store", "positions.db", input="n\n")
    assert asked.exit_code == 1
    assert "Delete the positions of /orders for the consumer 'default'?" in asked.stderr
    assert "/orders" in _kept()
    agreed = _run("replay", "clear", "/orders", "--store", "positions.db", input="y\n")
    assert agreed.stdout == "1 position deleted.\n"
    assert _kept() == {"/event/Order__e": 4711}
    assert _run("replay", "clear", "--yes", "--store", "positions.db").stdout == "1 position deleted.\n"
    assert _run("replay", "clear", "--store", "positions.db").stdout == "0 positions deleted.\n"
    assert _kept() == {}
    assert _kept("billing") == {"/cases": -2}


@pytest.mark.usefixtures("folder")
def test_export_and_import_copy_positions_into_another_store() -> None:
    exported = _run("replay", "export", "--store", "positions.db").stdout
    result = _run("replay", "import", "-", "--store", "other.json", "--consumer", "new", input=exported)
    assert (result.exit_code, result.stdout) == (0, "2 positions stored.\n")
    assert _run("replay", "export", "--store", "other.json", "--consumer", "new").stdout == exported


def test_import_changes_nothing_if_anything_is_wrong(folder: Path) -> None:
    exported = _run("replay", "export", "--store", "positions.db").stdout
    (folder / "p.json").write_text(exported.replace("4711", "9").replace('"replay_id": 7', '"replay_id": "7"'))
    result = _run("replay", "import", "p.json", "--store", "positions.db")
    assert result.exit_code == 2
    assert "p.json, line 3: Expected `int`, got `str` - at `$.replay_id`" in result.stderr
    (folder / "p.json").write_bytes(b"\xff\xfe")
    assert _run("replay", "import", "p.json", "--store", "positions.db").exit_code == 2
    assert _kept() == {"/event/Order__e": 4711, "/orders": 7}


@pytest.mark.parametrize("command", [[], ["show"], ["set"], ["clear"], ["export"], ["import"]])
def test_every_command_has_help(command: list[str]) -> None:
    result = _run("replay", *command, "--help")
    assert result.exit_code == 0
    assert "Usage:" in result.stdout
    if not command:
        assert "pybayeux replay set /event/Order__e earliest" in result.stdout
