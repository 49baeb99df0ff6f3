"""The command `pybayeux salesforce backfill` with an emulated org."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from extensions.salesforce.tests.backfill.filling import ACCOUNTS, account
from pybayeux.cli import main
from pybayeux_replay import Position
from pybayeux_replay.sqlite import SqliteStore
from pybayeux_salesforce_emulator import SalesforceEmulator
from tests.support.surroundings import unconfigured

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from click.testing import Result

    from pybayeux_salesforce_emulator import BlockingEmulator


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, and an environment without configuration."""
    unconfigured(tmp_path, monkeypatch)
    return tmp_path


@pytest.fixture
def org() -> Iterator[BlockingEmulator]:
    with SalesforceEmulator(seed=1) as emulator:
        emulator.define(ACCOUNTS)
        emulator.change_records("Account", "CREATE", [account(1)], {"Name": "old"})
        emulator.advance(3600)
        emulator.publish_change("Account", "CREATE", [account(2)], {"Name": "new"})
        emulator.publish_change("Account", "DELETE", [account(1)])
        yield emulator


def _run(org: BlockingEmulator, *words: str, answer: str | None = None) -> Result:
    token = ["-x", f"auth.token={org.issue_token()}"]
    return CliRunner().invoke(main, [*token, "salesforce", "backfill", f"{org.url}", *words], input=answer)


def _printed(result: Result) -> list[tuple[str, str]]:
    headers = [json.loads(line)["payload"]["ChangeEventHeader"] for line in result.stdout.splitlines()]
    return [(header["changeType"], header["recordIds"][0]) for header in headers]


def test_the_records_that_changed_are_printed_as_events(org: BlockingEmulator) -> None:
    since = datetime.fromtimestamp(org.now - 60, UTC).isoformat()
    result = _run(org, ACCOUNTS, "--changed-since", since, "--overlap", "0")
    assert result.exit_code == 0, result.output
    assert _printed(result) == [("DELETE", account(1)), ("CREATE", account(2))]
    assert "Account: 2 records" in result.stderr


def test_a_dry_run_reads_nothing(org: BlockingEmulator) -> None:
    result = _run(org, ACCOUNTS, "--all", "--dry-run")
    assert "Account, all records: 2 records, about 1 requests of the REST API" in result.stdout
    [plan] = json.loads(_run(org, ACCOUNTS, "--all", "--dry-run", "--json").stdout)
    assert (plan["channel"], plan["entity"], plan["since"], plan["records"]) == (ACCOUNTS, "Account", None, 2)


def test_it_begins_at_a_stored_position(org: BlockingEmulator, folder: Path) -> None:
    handled = datetime.fromtimestamp(org.now + 5, UTC)
    store = SqliteStore(folder / "positions.db")
    store.set("default", {f"{org.org_id[:15]}{ACCOUNTS}": Position(1, handled, handled)})
    store.close()
    assert _printed(_run(org, ACCOUNTS, "--store", "positions.db", "--overlap", "0")) == []
    assert len(_printed(_run(org, ACCOUNTS, "--store", "positions.db", "--overlap", "60"))) == 2


@pytest.mark.parametrize(("words", "answer", "code"), [([], "n\n", 1), ([], "y\n", 0), (["--yes"], None, 0)])
def test_it_asks_before_it_spends_the_daily_requests(
    org: BlockingEmulator, words: list[str], answer: str | None, code: int
) -> None:
    result = _run(org, ACCOUNTS, "--all", "--reserve", "1", *words, answer=answer)
    assert result.exit_code == code, result.output
    assert ("2 records, about 1 requests" in result.stderr) == (not words)
    assert len(_printed(result)) == (2 if code == 0 else 0)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["/event/Order__e", "--all"], "expected one channel of change events"),
        ([ACCOUNTS], "expected one of --changed-since, --all and --store"),
        ([ACCOUNTS, "--all", "--changed-since", "2026-11-28"], "expected one of --changed-since, --all and --store"),
        ([ACCOUNTS, "--changed-since", "yesterday"], "expected a time such as"),
        ([ACCOUNTS, "--store", "positions.db"], "does not exist"),
        ([ACCOUNTS, "--all", "--reserve", "2"], "reserve from 0 to 1"),
    ],
)
def test_wrong_use_is_explained(org: BlockingEmulator, words: list[str], text: str) -> None:
    result = _run(org, *words)
    assert result.exit_code == 2, result.output
    assert text in result.stderr
