"""The command as people run it, against an org."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from pybayeux.cli import main
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
    """An empty folder, and an environment that configures nothing."""
    unconfigured(tmp_path, monkeypatch)
    return tmp_path


@pytest.fixture
def org() -> Iterator[BlockingEmulator]:
    with SalesforceEmulator(seed=1, max_clients=20) as emulator:
        emulator.define(_ORDERS)
        yield emulator


def _login(org: BlockingEmulator) -> list[str]:
    known = org.credentials
    options = {
        "flow": "client_credentials",
        "login_url": org.url,
        "client_id": known.client_id,
        "client_secret": known.client_secret,
    }
    return [word for name, value in options.items() for word in ("-x", f"auth.{name}={value}")]


def _limits(*words: str, before: list[str] | None = None) -> Result:
    return CliRunner().invoke(main, [*(before or []), "salesforce", "limits", *words])


def test_the_limits_of_streaming_are_told(org: BlockingEmulator) -> None:
    result = _limits(org.url.replace("http", "salesforce"), before=_login(org))
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [
        "DailyDeliveredPlatformEvents          1,000,000 of 1,000,000 left",
        "DailyDurableStreamingApiEvents        1,000,000 of 1,000,000 left",
        "DailyStreamingApiEvents               1,000,000 of 1,000,000 left",
        "DurableStreamingApiConcurrentClients         20 of        20 left",
        "StreamingApiConcurrentClients                20 of        20 left",
    ]
    assert org.logins == 1


def test_they_are_told_in_json_too(org: BlockingEmulator) -> None:
    result = _limits(org.url, "--json", before=_login(org))
    assert json.loads(result.stdout)[-1] == {"name": "StreamingApiConcurrentClients", "most": 20, "left": 20}


def test_a_token_without_a_place_is_used_at_the_address(org: BlockingEmulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYBAYEUX_AUTH_TOKEN", org.issue_token())
    assert _limits(org.url).exit_code == 0
    shared = _limits("salesforce://login")
    assert shared.exit_code == 2
    assert "does not say where the org is" in shared.stderr


def test_a_login_that_says_where_the_org_is_goes_before_the_address(org: BlockingEmulator) -> None:
    result = _limits("salesforce://login", before=_login(org))
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == _limits(org.url, before=_login(org)).stdout.splitlines()


def test_without_a_login_it_says_what_is_missing() -> None:
    result = _limits("salesforce://my-org")
    assert result.exit_code == 2
    assert "auth is not configured" in result.stderr


def test_a_login_that_is_refused_is_told_once(org: BlockingEmulator) -> None:
    wrong = [word.replace(org.credentials.client_secret, "wrong") for word in _login(org)]
    result = _limits(org.url, before=wrong)
    assert result.exit_code == 1
    assert "invalid_client" in result.stderr


def test_a_dead_token_is_told(org: BlockingEmulator, monkeypatch: pytest.MonkeyPatch) -> None:
    token = org.issue_token()
    org.revoke(token)
    monkeypatch.setenv("PYBAYEUX_AUTH_TOKEN", token)
    result = _limits(org.url)
    assert result.exit_code == 1
    assert "INVALID_SESSION_ID" in result.stderr
    assert token not in result.output


def test_a_wrong_address_is_told(org: BlockingEmulator) -> None:
    result = _limits("salesforce://my_org", before=_login(org))
    assert result.exit_code == 2
    assert "neither a My Domain nor a host" in result.stderr


def test_listening_to_an_org_takes_its_address_and_a_login(org: BlockingEmulator, folder: Path) -> None:
    """By discovery alone: nothing but options, and no word of Salesforce beside the address."""
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
