"""The commands `pybayeux auth login`, `status` and `logout`, with the Salesforce emulator and a person."""

from __future__ import annotations

import asyncio
import json
import queue
import re
import tomllib
import webbrowser
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from click.testing import CliRunner

from extensions.auth.tests.fake_keyring import FakeKeyring
from pybayeux.cli import main
from pybayeux_auth.login import opening
from pybayeux_auth.login.device_flow import log_in_with_device
from pybayeux_salesforce_emulator import BlockingEmulator, SalesforceEmulator
from tests.support.surroundings import unconfigured

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from click.testing import Result

    from pybayeux_auth import Grant
    from pybayeux_auth.login.device_flow import DeviceCodes

APP = "3MVG9mine"
SECRET = "the s3cret of the app"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, and a user without a keyring and without any configuration."""
    project = tmp_path / "project"
    project.mkdir()
    unconfigured(project, monkeypatch)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    FakeKeyring({}, priority=0).install(monkeypatch)
    return project


@pytest.fixture
def org() -> Iterator[BlockingEmulator]:
    with SalesforceEmulator(hostname="localhost") as org:
        org.add_app(APP, rotate=True)
        yield org


class Person:
    """Does what a person does who sees an address: opens it, logs in, and allows or denies.

    Attributes:
        decision: ``allow`` or ``deny``.
    """

    def __init__(self, org: BlockingEmulator) -> None:
        self.decision = "allow"
        self._form = {"username": org.credentials.username, "password": org.credentials.password}
        self._pages: queue.SimpleQueue[str] = queue.SimpleQueue()

    def open(self, address: str, **code: str) -> None:
        form = self._form | code | {"decision": self.decision}
        self._pages.put(httpx.post(address, data=form, follow_redirects=True, trust_env=False).text)

    def page(self) -> str:
        """The page that was shown at the end."""
        return self._pages.get(timeout=30)

    @property
    def has_seen_nothing(self) -> bool:
        return self._pages.empty()


@pytest.fixture
def person(org: BlockingEmulator, monkeypatch: pytest.MonkeyPatch) -> Person:
    """A person at this machine."""
    person = Person(org)
    monkeypatch.setattr(webbrowser, "open", person.open)
    monkeypatch.setenv("BROWSER", "theirs")
    return person


def run(*arguments: str, options: tuple[str, ...] = ()) -> Result:
    given = [word for option in options for word in ("-x", f"auth.{option}")]
    return CliRunner().invoke(main, [*given, "auth", *arguments], catch_exceptions=False)


def log_in(org: BlockingEmulator, *arguments: str, options: tuple[str, ...] = ()) -> Result:
    return run("login", "--port", "0", "--client-id", APP, *arguments, org.url, options=options)


def stored(tmp_path: Path) -> Any:
    [file] = (tmp_path / "state" / "pybayeux" / "logins").glob("*.json")
    assert file.stat().st_mode & 0o777 == 0o600
    return json.loads(file.read_text())


def test_a_login_is_used_without_further_configuration(
    org: BlockingEmulator, person: Person, folder: Path, tmp_path: Path
) -> None:
    result = log_in(org)
    assert result.exit_code == 0
    assert "Log in with the browser that opens." in result.stderr
    assert "You may close this page." in person.page()
    token = stored(tmp_path)["refresh_token"]
    config = tomllib.loads((folder / "pybayeux.toml").read_text())["auth"]
    place = config.pop("token_store")
    assert config == {"flow": "refresh_token", "login_url": org.url, "client_id": APP}
    lines = result.stdout.splitlines()
    assert lines[0] == "Logged in."
    assert f"  org        {org.org_id}" in lines
    assert f"  token in   {place}" in lines
    assert token not in result.output

    tested = run("test")
    assert tested.exit_code == 0
    assert "accepted by the org" in tested.stdout
    rotated = stored(tmp_path)
    assert rotated["refresh_token"] != token  # the app replaces it with each use
    assert rotated["login"]["org_id"] == org.org_id
    assert run("test").exit_code == 0


def test_the_status_has_no_secrets(org: BlockingEmulator, person: Person, folder: Path, tmp_path: Path) -> None:
    before = run("status")
    assert (before.exit_code, before.stdout.splitlines()) == (
        1,
        ["Not logged in: no login is configured. Log in with: pybayeux auth login"],
    )
    log_in(org)
    shown, facts = run("status"), json.loads(run("status", "--json").stdout)
    assert shown.exit_code == 0
    for line in (
        f"server     {org.url}",
        f"app        {APP}",
        f"org        {org.org_id}",
        "scope      api refresh_token",
    ):
        assert f"  {line}" in shown.stdout.splitlines()
    assert f"  options in {folder / 'pybayeux.toml'}" in shown.stdout.splitlines()
    assert re.search(r"^  since      20\d\d-\d\d-\d\d \d\d:\d\d[+-]", shown.stdout, re.MULTILINE)
    assert facts["user_id"].startswith("005")
    assert facts["has_refresh_token"] is True
    assert stored(tmp_path)["refresh_token"] not in shown.output + json.dumps(facts)


def test_a_logout_revokes_and_forgets(org: BlockingEmulator, person: Person, folder: Path, tmp_path: Path) -> None:
    log_in(org)
    token = stored(tmp_path)["refresh_token"]
    assert run("logout").stdout == "Logged out: the refresh token is revoked and deleted.\n"
    refused = httpx.post(
        org.credentials.token_url, data={"grant_type": "refresh_token", "client_id": APP, "refresh_token": token}
    )
    assert refused.json()["error_description"] == "expired access/refresh token"
    assert not [*tmp_path.rglob("logins/*.json")]
    assert run("logout").stdout == "Not logged in.\n"
    status = run("status")
    assert status.exit_code == 1
    assert "has no refresh token. Log in with: pybayeux auth login" in status.stdout
    tested = run("test")
    assert tested.exit_code == 2
    assert "run pybayeux auth login" in tested.stderr
    assert log_in(org).exit_code == 0  # everything is still configured, but for the app's callback URL
    assert run("test").exit_code == 0


def test_a_logout_of_a_token_that_is_not_valid_any_more(org: BlockingEmulator, person: Person, tmp_path: Path) -> None:
    log_in(org)
    httpx.post(f"{org.url}/services/oauth2/revoke", data={"token": stored(tmp_path)["refresh_token"]})
    tested = run("test")
    assert tested.exit_code == 1
    assert "authorise the app again with pybayeux auth login" in tested.stderr
    assert run("logout").stdout == "Logged out: the refresh token is deleted. It was not valid any more.\n"


def test_a_logout_without_the_server(org: BlockingEmulator, person: Person, tmp_path: Path) -> None:
    log_in(org)
    org.fail_next("http-503", 1, path="/services/oauth2/revoke")
    result = run("logout")
    assert result.exit_code == 1
    assert "is not possible now: HTTP 503" in result.stderr
    assert stored(tmp_path)  # it can be revoked later
    assert run("logout", "--local").stdout == "Logged out here: the refresh token is deleted, and still valid.\n"
    assert not [*tmp_path.rglob("logins/*.json")]


def test_the_outcome_of_a_logout_as_json(org: BlockingEmulator, person: Person, folder: Path) -> None:
    log_in(org)
    assert json.loads(run("logout", "--json").stdout) == {"outcome": "revoked"}
    assert json.loads(run("logout", "--json").stdout) == {"outcome": "nothing"}
    log_in(org)
    assert json.loads(run("logout", "--json", "--local").stdout) == {"outcome": "forgotten"}


def test_a_login_with_a_device(org: BlockingEmulator, monkeypatch: pytest.MonkeyPatch) -> None:
    person, shown = Person(org), []

    async def log_in_shown(*arguments: Any, show: Callable[[DeviceCodes], None], **options: Any) -> Grant:
        def show_and_note(codes: DeviceCodes) -> None:
            show(codes)
            shown.append(codes)

        return await log_in_with_device(*arguments, show=show_and_note, sleep=sleep, **options)

    async def sleep(seconds: float) -> None:
        org.advance(seconds)
        if len(org.requests) == 2:  # the codes, and a first poll
            await asyncio.to_thread(person.open, shown[0].address, user_code=shown[0].user_code)

    monkeypatch.setattr("pybayeux_auth.login.person.log_in_with_device", log_in_shown)
    result = log_in(org, "--device")
    assert result.exit_code == 0
    assert f"type the code {shown[0].user_code}:" in result.stderr
    assert f"  {shown[0].address}" in result.stderr.splitlines()
    assert shown[0].device_code not in result.output
    assert "Connected" in person.page()
    assert [request.path.rpartition("/")[2] for request in org.requests] == ["token", "token", "connect", "token"]
    assert run("test").exit_code == 0


def test_a_person_who_denies(org: BlockingEmulator, person: Person, folder: Path, tmp_path: Path) -> None:
    person.decision = "deny"
    result = log_in(org)
    assert result.exit_code == 1
    assert "was refused: access_denied: end-user denied authorization; the request was denied" in result.stderr
    assert "Not logged in" in person.page()
    assert [*folder.iterdir()] == []
    assert not [*tmp_path.rglob("*.json")]


def test_an_app_without_the_device_flow(org: BlockingEmulator) -> None:
    org.add_app("other", device_flow=False)
    result = run("login", "--device", "--client-id", "other", org.url)
    assert result.exit_code == 2
    assert "Enable for Device Flow" in result.stderr
    result = run("login", "--device", "--client-id", "nobody", org.url)
    assert result.exit_code == 1
    assert "this server has no app with this client_id" in result.stderr


def test_nobody_logs_in(org: BlockingEmulator) -> None:
    result = log_in(org, "--no-browser", "--timeout", "0.01")
    assert result.exit_code == 1
    assert "the browser did not come back within 0 s; if it cannot reach this machine, use --device" in result.stderr
    assert f"{org.url}/services/oauth2/authorize?response_type=code" in result.stderr
    assert "code_challenge_method=S256" in result.stderr


def test_a_server_without_a_refresh_token(org: BlockingEmulator, person: Person, folder: Path) -> None:
    result = log_in(org, "--scope", "api")
    assert result.exit_code == 2
    assert "the server returned no refresh token; request it with --scope" in result.stderr
    assert [*folder.iterdir()] == []


def test_the_keyring(org: BlockingEmulator, person: Person, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keyring = FakeKeyring({})
    keyring.install(monkeypatch)
    assert log_in(org).exit_code == 0
    [(service, user)] = keyring.secrets
    assert service == "pybayeux"
    config = tomllib.loads((folder / "pybayeux.toml").read_text())["auth"]
    assert config["token_store"] == f"keyring:pybayeux/{user}"
    assert run("test").exit_code == 0
    assert run("logout").exit_code == 0
    assert keyring.secrets == {}


def test_a_store_of_ones_own(org: BlockingEmulator, person: Person, folder: Path) -> None:
    assert log_in(org, "--token-store", "file:token.json").exit_code == 0
    assert (folder / "token.json").stat().st_mode & 0o777 == 0o600
    assert run("test").exit_code == 0


def test_a_store_that_cannot_be_read_is_an_error_before_the_login(org: BlockingEmulator, folder: Path) -> None:
    result = log_in(org, "--token-store", f"file:{folder}")
    assert result.exit_code == 1
    assert "cannot be read: Is a directory" in result.stderr
    assert org.requests == ()


@pytest.mark.parametrize(
    ("secret", "written"),
    [("env:APP_SECRET", True), (SECRET, False)],
)
def test_a_secret_is_written_as_a_reference_only(
    secret: str, written: bool, org: BlockingEmulator, person: Person, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APP_SECRET", SECRET)
    org.add_app(APP, SECRET)
    result = log_in(org, options=(f"client_secret={secret}",))
    assert result.exit_code == 0
    text = (folder / "pybayeux.toml").read_text()
    assert SECRET not in text + result.output
    assert ('client_secret = "env:APP_SECRET"' in text) is written
    assert ("client_secret was given as plain text" in result.stdout) is not written
    assert (run("test").exit_code == 0) is written
    assert run("logout", options=(f"client_secret={secret}",)).exit_code == 0


def test_without_a_file(org: BlockingEmulator, person: Person, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = log_in(org, "--no-config", options=(f"client_secret={SECRET}",))
    assert result.exit_code == 0
    assert [*folder.iterdir()] == []
    exports = re.findall(r"^  export (\w+)=(.*)$", result.stdout, re.MULTILINE)
    assert ("PYBAYEUX_AUTH_CLIENT_SECRET", "...") in exports
    for name, value in exports:
        monkeypatch.setenv(name, value)
    assert run("test").exit_code == 0


def test_a_second_login_writes_nothing_new(org: BlockingEmulator, person: Person, folder: Path, tmp_path: Path) -> None:
    log_in(org)
    before, first = (folder / "pybayeux.toml").stat().st_mtime_ns, stored(tmp_path)["refresh_token"]
    assert run("login", "--port", "0").exit_code == 0
    assert (folder / "pybayeux.toml").stat().st_mtime_ns == before
    assert stored(tmp_path)["refresh_token"] != first


def test_the_result_as_json(org: BlockingEmulator, person: Person, tmp_path: Path) -> None:
    result = log_in(org, "--json")
    facts = json.loads(result.stdout)
    assert facts["org_id"] == org.org_id
    assert facts["options"]["client_id"] == APP
    assert stored(tmp_path)["refresh_token"] not in result.output


def test_an_address_in_the_scheme_of_an_extension(org: BlockingEmulator, person: Person, folder: Path) -> None:
    address = org.url.replace("http://", "salesforce://")
    assert run("login", "--port", "0", "--client-id", APP, address).exit_code == 0
    assert tomllib.loads((folder / "pybayeux.toml").read_text())["auth"]["login_url"] == org.url
    wrong = run("login", "--client-id", APP, "salesforce://")
    assert wrong.exit_code == 2
    assert "salesforce://" in wrong.stderr
    unknown = run("login", "--client-id", APP, "gopher://my-org")
    assert unknown.exit_code == 2
    assert "no installed extension knows the scheme of 'gopher://my-org'\n" in unknown.stderr


def test_an_address_of_a_missing_package_names_the_package(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYBAYEUX_DISABLE_EXTENSIONS", "salesforce")
    refused = run("login", "--client-id", APP, "salesforce://my-org")
    assert refused.exit_code == 2
    assert "'salesforce://my-org'; it takes pybayeux-salesforce: pip install pybayeux-salesforce" in refused.stderr


def test_without_an_app_the_error_says_how() -> None:
    result = run("login")
    assert result.exit_code == 2
    assert "client_id is missing: expected --client-id, PYBAYEUX_AUTH_CLIENT_ID" in result.stderr


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("FLOW", "jwt", "PYBAYEUX_AUTH_FLOW configures the flow 'jwt'"),
        ("TOKEN", "a-t0ken", "PYBAYEUX_AUTH_TOKEN configures a token"),
        ("LOGIN_URL", "https://test.salesforce.com", "PYBAYEUX_AUTH_LOGIN_URL is set to another value"),
        ("TOKEN_ENDPOINT_AUTH_METHOD", "magic", "expected one of client_secret_post"),
    ],
)
def test_what_clients_would_use_instead_is_an_error(
    name: str, value: str, error: str, org: BlockingEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"PYBAYEUX_AUTH_{name}", value)
    result = log_in(org)
    assert result.exit_code == 2
    assert error in result.stderr
    assert org.requests == ()


def test_a_file_with_another_flow_is_named(folder: Path) -> None:
    (folder / "pybayeux.toml").write_text('[auth]\nflow = "sf"\norg = "mine"\n')
    result = run("login", "--client-id", APP)
    assert result.exit_code == 2
    assert "pybayeux.toml configures the flow 'sf'" in result.stderr
    status = run("status")
    assert status.exit_code == 0
    assert "The flow sf is configured by" in status.stdout


def test_over_ssh_no_browser_opens(org: BlockingEmulator, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BROWSER")
    monkeypatch.setenv("SSH_CONNECTION", "1")
    assert not opening.has_browser()
    result = log_in(org, "--timeout", "0.01")
    assert "Open this address in a browser that can reach http://localhost:" in result.stderr
    assert "or use --device" in result.stderr
    assert person.has_seen_nothing
