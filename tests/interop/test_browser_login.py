"""`pybayeux auth login` as a person uses it: the command in a terminal, and a browser with the pages of an org."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from pybayeux_salesforce_emulator import BlockingEmulator, SalesforceEmulator
from tests.support.command_line import CommandLine

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.servers.browser import Browser

APP = "3MVG9mine"
WRONG = "Please check your username and password."
BODY = "return document.body.innerText"


@pytest.fixture
def org() -> Iterator[BlockingEmulator]:
    with SalesforceEmulator(hostname="localhost") as org:
        org.define("/event/Order__e")
        org.add_app(APP, rotate=True)
        yield org


@pytest.fixture
def environment(tmp_path: Path) -> Mapping[str, str]:
    """A user without a keyring, whose files are in the folder of the test."""
    return {
        "HOME": str(tmp_path / "home"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
    }


def _address(command: CommandLine) -> str:
    """The address that the command prints."""
    return command.told("  http").strip()


def _log_in(browser: Browser, org: BlockingEmulator, password: str, button: str) -> None:
    browser.element("#username").fill(org.credentials.username)
    browser.element("#password").fill(password)
    browser.element(button).click()


def _run(org: BlockingEmulator, folder: Path, environment: Mapping[str, str], *arguments: str) -> CommandLine:
    given = ("--no-browser", "--port", "0", "--client-id", APP, "--json", *arguments)
    return CommandLine("auth", "login", *given, org.url, folder=folder, environment=environment)


def test_a_login_in_a_browser_and_a_client_that_uses_it(
    browser: Browser, org: BlockingEmulator, tmp_path: Path, environment: Mapping[str, str]
) -> None:
    with _run(org, tmp_path, environment) as command:
        browser.open(_address(command))
        _log_in(browser, org, "wrong", "#allow")
        browser.wait("return document.getElementById('problem')?.innerText == arguments[0]", WRONG)
        _log_in(browser, org, org.credentials.password, "#allow")
        browser.wait("return document.title == 'pybayeux'")
        assert browser.run(BODY).split("\n\n") == ["Done", "Return to the terminal. You may close this page."]
        facts = json.loads(command.line())
        assert command.ended().code == 0
    assert browser.errors() == []
    assert facts["org_id"] == org.org_id
    org.publish("/event/Order__e", {"Number__c": 1})
    host = urlsplit(org.url).netloc
    listen = ("listen", "--count", "1", "--since", "earliest", f"salesforce://{host}", "/event/Order__e")
    for _ in range(2):  # each run logs in with a refresh token that the one before has left
        with CommandLine(*listen, folder=tmp_path, environment=environment) as command:
            assert json.loads(command.line())["data"]["payload"]["Number__c"] == 1
            assert command.ended().code == 0
    with CommandLine("auth", "logout", folder=tmp_path, environment=environment) as command:
        assert command.line() == "Logged out: the refresh token is revoked and deleted."
    with CommandLine(*listen, folder=tmp_path, environment=environment) as command:
        ended = command.ended()
    assert ended.code != 0
    assert "not logged in; run pybayeux auth login" in ended.err[-1]


def test_a_person_who_denies(
    browser: Browser, org: BlockingEmulator, tmp_path: Path, environment: Mapping[str, str]
) -> None:
    with _run(org, tmp_path, environment) as command:
        browser.open(_address(command))
        _log_in(browser, org, org.credentials.password, "#deny")
        browser.wait("return document.title == 'pybayeux'")
        assert browser.run(BODY).split("\n\n") == ["Not logged in", "The terminal says why. You may close this page."]
        ended = command.ended()
    assert ended.code == 1
    assert "access_denied: end-user denied authorization" in ended.err[-1]
    assert not (tmp_path / "pybayeux.toml").exists()


def test_an_app_with_another_callback_url(
    browser: Browser, org: BlockingEmulator, tmp_path: Path, environment: Mapping[str, str]
) -> None:
    """The browser shows the org's refusal and is sent nowhere, so the command waits until it is interrupted."""
    org.add_app(APP, callback_urls=["http://localhost:1717/OauthRedirect"])
    with _run(org, tmp_path, environment) as command:
        browser.open(_address(command))
        assert parse_qs(browser.run(BODY)) == {
            "error": ["redirect_uri_mismatch"],
            "error_description": ["redirect_uri must match configuration"],
        }
        command.process.send_signal(signal.SIGINT)
        ended = command.ended()
    assert ended.code == 130
    assert not [line for line in ended.err if "Traceback" in line]


def test_another_page_cannot_end_the_login(
    browser: Browser, org: BlockingEmulator, tmp_path: Path, environment: Mapping[str, str]
) -> None:
    with _run(org, tmp_path, environment) as command:
        address = _address(command)
        back = parse_qs(urlsplit(address).query)["redirect_uri"][0]
        browser.open(f"{back}?code=stolen&state=guessed")
        assert browser.run(BODY).startswith("Not this login")
        browser.open(address)
        _log_in(browser, org, org.credentials.password, "#allow")
        browser.wait("return document.title == 'pybayeux'")
        assert json.loads(command.line())["org_id"] == org.org_id


def test_a_login_with_a_device(browser: Browser, tmp_path: Path, environment: Mapping[str, str]) -> None:
    with SalesforceEmulator(hostname="localhost", time_scale=50) as org:
        org.add_app(APP)
        with _run(org, tmp_path, environment, "--device") as command:
            code = command.told("type the code").rpartition(" ")[2].rstrip(":")
            browser.open(_address(command))
            browser.element("#user_code").fill(code.lower())
            _log_in(browser, org, org.credentials.password, "#allow")
            browser.wait("return document.getElementById('message')?.innerText.startsWith('Return to your device')")
            assert json.loads(command.line())["org_id"] == org.org_id
            assert command.ended().code == 0


def test_ctrl_c_ends_the_wait_for_a_device(
    org: BlockingEmulator, tmp_path: Path, environment: Mapping[str, str]
) -> None:
    with _run(org, tmp_path, environment, "--device") as command:
        _address(command)
        command.process.send_signal(signal.SIGINT)
        ended = command.ended()
    assert ended.code == 130
    assert not [line for line in ended.err if "Traceback" in line]
