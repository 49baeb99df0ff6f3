"""The command `pybayeux salesforce` with an emulated org."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from pybayeux.cli import main
from pybayeux_salesforce.limits import EventUsage, Limit
from pybayeux_salesforce_emulator import SalesforceEmulator
from tests.support.command_line import CommandLine
from tests.support.surroundings import unconfigured

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from click.testing import Result

    from pybayeux_salesforce_emulator import BlockingEmulator

_ORDERS = "/event/Order__e"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, and an environment without configuration."""
    unconfigured(tmp_path, monkeypatch)
    return tmp_path


@pytest.fixture
def org() -> Iterator[BlockingEmulator]:
    with SalesforceEmulator(seed=1, max_clients=20) as emulator:
        emulator.define(_ORDERS)
        yield emulator


def _login(org: BlockingEmulator) -> list[str]:
    credentials = org.credentials
    options = {
        "flow": "client_credentials",
        "login_url": org.url,
        "client_id": credentials.client_id,
        "client_secret": credentials.client_secret,
    }
    return [word for name, value in options.items() for word in ("-x", f"auth.{name}={value}")]


def test_a_login_is_tried_with_the_org(org: BlockingEmulator) -> None:
    result = CliRunner().invoke(main, [*_login(org), "auth", "test"])
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[:2] == ["Logged in.", "  token     accepted by the org"]
    assert json.loads(CliRunner().invoke(main, [*_login(org), "auth", "test", "--json"]).stdout)["tried"] is True


def test_a_token_that_the_org_refuses_is_no_login(org: BlockingEmulator) -> None:
    token = org.issue_token()
    org.revoke()
    session = ("flow=session", f"session_id={token}", f"server_url={org.url}")
    words = [word for option in session for word in ("-x", f"auth.{option}")]
    result = CliRunner().invoke(main, [*words, "auth", "test"])
    assert result.exit_code == 1
    assert "Logged in" not in result.output
    assert "INVALID_SESSION_ID" in result.stderr


def test_the_doctor_knows_the_addresses(org: BlockingEmulator) -> None:
    address = org.url.replace("http", "salesforce").replace("127.0.0.1", "localhost")
    result = CliRunner().invoke(main, [*_login(org), "doctor", address])
    assert result.exit_code == 0, result.output
    assert "/cometd/67.0" in result.stdout


def _limits(*words: str, before: list[str] | None = None) -> Result:
    return CliRunner().invoke(main, [*(before or []), "salesforce", "limits", *words])


def test_limits_are_printed(org: BlockingEmulator) -> None:
    result = _limits(org.url.replace("http", "salesforce"), before=_login(org))
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [
        "DailyApiRequests                          14,999 of    15,000 left",
        "DailyDeliveredPlatformEvents              50,000 of    50,000 left",
        "DailyDurableGenericStreamingApiEvents  1,000,000 of 1,000,000 left",
        "DailyDurableStreamingApiEvents         1,000,000 of 1,000,000 left",
        "DurableStreamingApiConcurrentClients          20 of        20 left",
    ]
    assert org.logins == 1


def test_a_terminal_obeys_nothing_in_the_name_of_a_limit(
    org: BlockingEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def read_limits(*_: object) -> list[Limit]:
        return [Limit("Daily\x1b[2J\x9b", 10, 5)]

    async def read_usage(*_: object) -> list[EventUsage]:
        return [EventUsage("EVENTS\x1b[2J\x9b", 10, datetime.now(UTC))]

    monkeypatch.setattr("pybayeux_salesforce.commands.read_limits", read_limits)
    monkeypatch.setattr("pybayeux_salesforce.commands.read_usage", read_usage)
    for words in ((), ("--json",)):
        result = _limits(org.url.replace("http", "salesforce"), *words, before=_login(org))
        assert "Daily" in result.stdout
        assert not {"\x1b", "\x9b"} & set(result.output)


def test_the_usage_of_events_follows_the_limits(org: BlockingEmulator, monkeypatch: pytest.MonkeyPatch) -> None:
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)

    async def read_usage(*_: object) -> list[EventUsage]:
        return [EventUsage("CHANGE_EVENTS_DELIVERED", 1234, hour)]

    monkeypatch.setattr("pybayeux_salesforce.commands.read_usage", read_usage)
    lines = _limits(org.url, before=_login(org)).stdout.splitlines()
    assert lines[-3:] == ["", f"In the 24 hours until {hour:%Y-%m-%d %H}:00 UTC:", "CHANGE_EVENTS_DELIVERED  1,234"]


def test_limits_are_printed_where_the_usage_of_events_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    with SalesforceEmulator(instance_readable=False) as org:
        monkeypatch.setenv("PYBAYEUX_AUTH_TOKEN", org.issue_token())
        result = _limits(org.url)
    assert (result.exit_code, len(result.stdout.splitlines())) == (0, 5)


def test_limits_that_are_nearly_used_up_are_marked(org: BlockingEmulator) -> None:
    result = _limits(org.url, "--threshold", "0.00001", before=_login(org))
    marked = [line for line in result.stdout.splitlines() if "<-" in line]
    assert [line.split()[0] for line in marked] == ["DailyApiRequests"]
    assert marked[0].endswith("<- 0% used")


def test_the_doctor_shows_limits_and_finds_those_that_are_nearly_used_up(org: BlockingEmulator) -> None:
    address = org.url.replace("127.0.0.1", "localhost")
    words = ["-x", "salesforce.active=true", *_login(org)]
    result = CliRunner().invoke(main, [*words, "doctor", f"{address}/cometd/67.0"])
    assert result.exit_code == 0, result.output
    assert "DailyApiRequests: 14,999 of 15,000 left" in result.stdout
    words += ["-x", "salesforce.limits_threshold=0.00001"]
    near = CliRunner().invoke(main, [*words, "doctor", f"{address}/cometd/67.0"])
    assert near.exit_code == 1
    assert "DailyApiRequests is nearly used up" in near.stdout


def test_limits_are_printed_as_json(org: BlockingEmulator) -> None:
    result = _limits(org.url, "--json", before=_login(org))
    assert json.loads(result.stdout)[-1] == {
        "name": "DurableStreamingApiConcurrentClients",
        "most": 20,
        "left": 20,
        "near": False,
    }


def test_a_token_without_instance_url_uses_the_address(org: BlockingEmulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYBAYEUX_AUTH_TOKEN", org.issue_token())
    assert _limits(org.url).exit_code == 0
    shared = _limits("salesforce://login")
    assert shared.exit_code == 2
    assert "returned no instance URL" in shared.stderr


def test_the_instance_url_of_the_login_overrides_the_address(org: BlockingEmulator) -> None:
    result = _limits("salesforce://login", before=_login(org))
    assert result.exit_code == 0, result.output
    assert "DurableStreamingApiConcurrentClients" in result.stdout


def test_a_missing_login_is_an_error() -> None:
    result = _limits("salesforce://my-org")
    assert result.exit_code == 2
    assert "auth is not configured" in result.stderr


def test_a_refused_login_is_reported_once(org: BlockingEmulator) -> None:
    wrong = [word.replace(org.credentials.client_secret, "wrong") for word in _login(org)]
    result = _limits(org.url, before=wrong)
    assert result.exit_code == 1
    assert "invalid_client" in result.stderr


def test_an_invalid_token_is_reported(org: BlockingEmulator, monkeypatch: pytest.MonkeyPatch) -> None:
    token = org.issue_token()
    org.revoke(token)
    monkeypatch.setenv("PYBAYEUX_AUTH_TOKEN", token)
    result = _limits(org.url)
    assert result.exit_code == 1
    assert "INVALID_SESSION_ID" in result.stderr
    assert token not in result.output


def test_a_wrong_address_is_an_error(org: BlockingEmulator) -> None:
    result = _limits("salesforce://my_org", before=_login(org))
    assert result.exit_code == 2
    assert "neither a My Domain nor a host" in result.stderr


def test_listen_accepts_an_orgs_address(org: BlockingEmulator, folder: Path) -> None:
    """With discovered extensions: only the address and options of auth and replay are given."""
    org.publish(_ORDERS, {"Number__c": 1})
    address = org.url.replace("http", "salesforce")
    words = ["listen", "--since", "earliest", *_login(org), address, _ORDERS]
    with CommandLine(*words, folder=folder) as command:
        event = json.loads(command.line())
        assert event["data"]["payload"]["Number__c"] == 1
        org.rebalance()
        org.publish(_ORDERS, {"Number__c": 2})
        assert json.loads(command.line())["data"]["payload"]["Number__c"] == 2
        assert command.told("Unknown client")
    assert org.logins == 1
