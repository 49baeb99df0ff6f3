"""The commands that list and change what an org streams, with an emulated org."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from pybayeux.cli import main
from pybayeux_salesforce_emulator import SalesforceEmulator
from tests.support.surroundings import unconfigured

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from click.testing import Result

    from pybayeux_salesforce_emulator import BlockingEmulator

TOPIC = "SELECT Id, Name FROM Account"


@pytest.fixture
def org(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[BlockingEmulator]:
    unconfigured(tmp_path, monkeypatch)
    with SalesforceEmulator(seed=1) as emulator:
        emulator.define("/event/Order__e")
        monkeypatch.setenv("PYBAYEUX_AUTH_TOKEN", emulator.issue_token())
        monkeypatch.setenv("TEST_ORG", emulator.url)
        yield emulator


def _run(org: BlockingEmulator, command: str, *words: str) -> Result:
    return CliRunner().invoke(main, ["salesforce", *command.split(), org.url, *words])


def _printed(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.stdout


def test_an_object_is_enabled_listed_and_disabled(org: BlockingEmulator) -> None:
    assert _printed(_run(org, "enable", "Account")) == "done: put AccountChangeEvent on ChangeEvents\n"
    assert _printed(_run(org, "enable", "Account")).startswith("nothing to do: AccountChangeEvent is on ChangeEvents")
    assert _printed(_run(org, "channels")).splitlines() == [
        "/data/ChangeEvents        changes of every enabled object (1)",
        "/data/AccountChangeEvent  changes of Account",
        "/event/Order__e           Order",
    ]
    assert _printed(_run(org, "disable", "Account")) == "done: take AccountChangeEvent from ChangeEvents\n"
    assert "AccountChangeEvent" not in _printed(_run(org, "channels"))


def test_events_on_a_custom_channel_with_a_filter(org: BlockingEmulator) -> None:
    words = ("Account", "Contact", "--channel", "Sales__chn", "--filter", "Name != null", "--enrich", "Phone")
    missing = _run(org, "enable", *words)
    assert (missing.exit_code, "--create-channel creates it" in missing.stderr) == (2, True)
    assert len(_printed(_run(org, "enable", *words, "--create-channel")).splitlines()) == 3
    about = "AccountChangeEvent where Name != null with Phone; ContactChangeEvent where Name != null with Phone"
    assert f"/data/Sales__chn    {about}" in _printed(_run(org, "channels"))
    found = json.loads(_printed(_run(org, "channels", "--json")))
    [custom] = [each for each in found if each["kind"] == "custom channel"]
    assert custom["members"][0]["filter"] == "Name != null"


def test_platform_events_need_a_custom_channel(org: BlockingEmulator) -> None:
    refused = _run(org, "enable", "Order__e")
    assert (refused.exit_code, "give a custom channel" in refused.stderr) == (2, True)
    _printed(_run(org, "enable", "Order__e", "--channel", "Orders__chn", "--create-channel"))
    assert "/event/Orders__chn" in _printed(_run(org, "channels"))


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("enable", ("Account",)),
        ("enable", ("Account", "--channel", "New__chn", "--create-channel")),
        ("disable", ("Contact",)),
        ("pushtopic create", ("Hot", "--query", TOPIC)),
        ("pushtopic update", ("Won", "--description", "New")),
        ("pushtopic delete", ("Won",)),
    ],
)
def test_a_dry_run_changes_nothing(org: BlockingEmulator, command: str, words: tuple[str, ...]) -> None:
    org.define("/topic/Won")
    org.define("/data/ContactChangeEvent")
    before = _printed(_run(org, "channels", "--json"))
    org.recorder.clear()
    lines = _printed(_run(org, command, *words, "--dry-run")).splitlines()
    assert lines[0].startswith("would ")
    assert lines[1].split()[0] in ("POST", "PATCH", "DELETE")
    changes: list[Any] = json.loads(_printed(_run(org, command, *words, "--dry-run", "--json")))
    assert all(change["made"] is False and change["path"] for change in changes)
    assert {request.method for request in org.requests} <= {"GET"}
    assert _printed(_run(org, "channels", "--json")) == before


def test_a_refusal_comes_after_what_was_done(org: BlockingEmulator) -> None:
    result = _run(org, "enable", "Account", "Nothing", "Contact", "--json")
    assert (result.exit_code, "invalid event" in result.stderr) == (1, True)
    assert [change["text"] for change in json.loads(result.stdout)] == ["put AccountChangeEvent on ChangeEvents"]


def test_a_push_topic_from_creation_to_deletion(org: BlockingEmulator) -> None:
    assert _printed(_run(org, "pushtopic create", "Hot", "--query", TOPIC, "--operation", "create")) == (
        "done: create /topic/Hot\n"
    )
    assert _printed(_run(org, "pushtopic list")) == f"/topic/Hot  {TOPIC} (create; Referenced)\n"
    words = ("Hot", "--rename", "Warm", "--notify-for-fields", "All", "--operation", "create")
    assert _printed(_run(org, "pushtopic update", *words)) == "done: change Name, NotifyForFields of /topic/Hot\n"
    assert _printed(_run(org, "pushtopic update", "/topic/Warm")) == "nothing to do: /topic/Warm is so already\n"
    [topic] = json.loads(_printed(_run(org, "pushtopic list", "--json")))
    assert (topic["name"], topic["operations"], topic["notify_for_fields"]) == ("Warm", ["create"], "All")
    _printed(_run(org, "pushtopic delete", "Warm"))
    gone = _run(org, "pushtopic delete", "Warm")
    assert (gone.exit_code, "the org has none" in gone.stderr) == (2, True)


@pytest.mark.parametrize(
    ("command", "words", "text"),
    [
        ("pushtopic create", ("A" * 26, "--query", TOPIC), "at most 25"),
        ("pushtopic create", ("Hot", "--query", "x" * 1301), "1,301"),
        ("pushtopic create", ("Hot",), "--query: expected"),
        ("pushtopic create", ("Hot", "Cold", "--query", TOPIC), "expected one name"),
        ("enable", (), "expected the name of an object"),
        ("enable", ("../x",), "expected the name of an object"),
        ("enable", ("Account", "--channel", "Sales"), "ends with __chn"),
        ("types", ("Account", "--check"), "--check: expected --output"),
        ("types", (), "expected the name of an object"),
        ("types", ("Nothing",), "no event NothingChangeEvent"),
    ],
)
def test_wrong_usage(org: BlockingEmulator, command: str, words: tuple[str, ...], text: str) -> None:
    result = _run(org, command, *words)
    assert (result.exit_code, text in result.stderr) == (2, True), result.output


def test_the_org_of_the_login_is_used_without_an_address(
    org: BlockingEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = {"FLOW": "session", "SESSION_ID": org.issue_token(), "SERVER_URL": org.url}
    monkeypatch.delenv("PYBAYEUX_AUTH_TOKEN")
    for name, value in session.items():
        monkeypatch.setenv(f"PYBAYEUX_AUTH_{name}", value)
    for command in ("channels", "limits", "pushtopic list", "enable Account", "types Order__e"):
        result = CliRunner().invoke(main, ["salesforce", *command.split()])
        assert result.exit_code == 0, result.output


def test_without_an_address_the_login_has_to_name_the_org(org: BlockingEmulator) -> None:
    result = CliRunner().invoke(main, ["salesforce", "channels"])
    assert (result.exit_code, "returned no instance URL" in result.stderr) == (2, True)


def test_types_are_written_once(org: BlockingEmulator, tmp_path: Path) -> None:
    path = tmp_path / "events.py"
    words = ("Account", "Order__e", "-o", str(path))
    assert _run(org, "types", *words, "--check").exit_code == 1
    assert not path.exists()
    written = _run(org, "types", *words)
    assert "wrote the types of AccountChangeEvent, Order__e" in written.stderr
    stamp = path.stat().st_mtime_ns
    assert "is up to date" in _run(org, "types", *words).stderr
    assert _run(org, "types", *words, "--check").exit_code == 0
    assert path.stat().st_mtime_ns == stamp
    assert _printed(_run(org, "types", "Order__e", "Account")) == path.read_text()
    org.define_object("Order__e", [{"name": "New__c"}])
    changed = _run(org, "types", *words, "--check")
    assert (changed.exit_code, "is not up to date" in changed.stderr) == (1, True)
    _printed(_run(org, "types", *words))
    assert "New__c: str | None = None" in path.read_text()
