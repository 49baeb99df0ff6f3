"""The command `pybayeux auth`, with a login server on a local port."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from extensions.auth.tests.login_server import (
    CLIENT_ID,
    CLIENT_SECRET,
    ORG,
    USER,
    USERNAME,
    Answer,
    LoginServer,
    key_pair,
    serving,
)
from pybayeux.cli import main
from tests.support.surroundings import unconfigured

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from click.testing import Result


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, and an environment without configuration."""
    unconfigured(tmp_path, monkeypatch)
    return tmp_path


@pytest.fixture
def server() -> LoginServer:
    return LoginServer()


@pytest.fixture
def url(server: LoginServer) -> Iterator[str]:
    with serving(server) as address:
        yield address


def run(*options: str, arguments: tuple[str, ...] = ()) -> Result:
    """`pybayeux -p no:salesforce -x auth.OPTION ... auth test ARGUMENTS`: the login server has no org behind it."""
    given = ["-p", "no:salesforce", *(word for option in options for word in ("-x", f"auth.{option}"))]
    return CliRunner().invoke(main, [*given, "auth", "test", *arguments])


def credentials(url: str) -> tuple[str, ...]:
    app = (f"client_id={CLIENT_ID}", f"client_secret={CLIENT_SECRET}")
    return ("flow=client_credentials", f"login_url={url}", *app)


def test_the_result_is_printed_without_the_token(server: LoginServer, url: str) -> None:
    result = run(*credentials(url))
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "Logged in.",
        "  token     not tried: no extension knows this server",
        "  instance  https://my-org.my.salesforce.com",
        f"  org       {ORG}",
        f"  user      {USER}",
        "  scope     api refresh_token",
        "  lifetime  set by the org's session settings, 2 hours without use by default",
    ]
    assert len(server.issued) == 1
    assert server.issued[0] not in result.output


def test_a_terminal_obeys_nothing_that_the_login_server_says(server: LoginServer, url: str) -> None:
    scope = "api \x1b[2J \x9b31m"
    server.script.append(Answer({"access_token": "t", "token_type": "Bearer", "scope": scope}))
    result = run(*credentials(url))
    assert "  scope     api \\x1b[2J \\x9b31m" in result.stdout.splitlines()
    server.script.append(Answer({"error": "invalid_grant\x1b[2J", "error_description": "\x9b31m\n"}, 400))
    refused = run(*credentials(url))
    assert refused.exit_code == 1
    assert not {"\x1b", "\x9b"} & set(refused.output)


def test_the_result_is_printed_as_json(server: LoginServer, url: str) -> None:
    result = run(*credentials(url), arguments=("--json",))
    facts = json.loads(result.stdout)
    assert (facts["org_id"], facts["user_id"], facts["expires_at"]) == (ORG, USER, None)
    assert facts["scope"] == ["api", "refresh_token"]
    assert facts["has_refresh_token"] is False
    assert server.issued[0] not in result.output


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(7200, "2 hours"), (600, "10 minutes"), (60, "60 seconds"), (1_000_000, "12 days"), (0, "expired")],
)
def test_the_lifetime_is_printed(seconds: int, words: str, server: LoginServer, url: str) -> None:
    server.script.append(Answer({"access_token": "abc", "expires_in": seconds + 0.4 if seconds else 0}))
    assert f"  lifetime  {words}" in run(*credentials(url)).stdout.splitlines()


def test_a_response_without_details(server: LoginServer, url: str) -> None:
    server.script.append(Answer({"access_token": "abc"}))
    assert run(*credentials(url)).stdout.splitlines() == [
        "Logged in.",
        "  token     not tried: no extension knows this server",
        "  lifetime  unknown",
    ]


def test_a_wrong_flow_is_told_with_the_right_ones() -> None:
    result = run("flow=jtw")
    assert result.exit_code == 2
    assert "expected one of jwt, client_credentials, refresh_token, password, sf, session; got 'jtw'" in result.stderr


def test_configuration_from_file_and_environment(folder: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "server.key").write_text(key_pair()[0])
    (folder / "pybayeux.toml").write_text(
        f'[auth]\nflow = "jwt"\nlogin_url = "{url}"\nclient_id = "{CLIENT_ID}"\nprivate_key = "file:server.key"\n'
    )
    monkeypatch.setenv("PYBAYEUX_AUTH_USERNAME", USERNAME)
    assert run().exit_code == 0


def test_without_a_configuration_the_error_says_how() -> None:
    result = run()
    assert result.exit_code == 2
    assert "auth is not configured: expected PYBAYEUX_AUTH_FLOW" in result.stderr
    assert "PYBAYEUX_AUTH_FLOW" in result.stderr


def test_an_incomplete_configuration_is_an_error() -> None:
    result = run("flow=jwt", "client_id=a")
    assert result.exit_code == 2
    assert "missing: username, private_key" in result.stderr


def test_a_missing_file_is_an_error() -> None:
    result = run("flow=jwt", f"client_id={CLIENT_ID}", f"username={USERNAME}", "private_key=file:no.key")
    assert result.exit_code == 2
    assert "private_key: the file no.key cannot be read" in result.stderr


def test_a_refused_login_is_tried_once(server: LoginServer, url: str) -> None:
    result = run(*credentials(url), "client_secret=wr0ng-s3cret")
    assert result.exit_code == 1
    assert f"login at {url} was refused: invalid_client" in result.stderr
    assert "client_secret does not belong to this client_id" in result.stderr
    assert "wr0ng-s3cret" not in result.output
    assert len(server.requests) == 1


def test_an_unreachable_server_is_an_error() -> None:
    result = run(*credentials("http://127.0.0.1:1"))
    assert result.exit_code == 1
    assert "login at http://127.0.0.1:1 is not possible now" in result.stderr


def test_the_output_contains_no_secret(server: LoginServer, url: str, caplog: pytest.LogCaptureFixture) -> None:
    server.script.append(Answer({"error": "invalid_grant", "error_description": f"no: {CLIENT_SECRET}"}, 400))
    with caplog.at_level(logging.DEBUG):
        results = [run(*credentials(url)), run(*credentials(url)), run(*credentials(url), "org=x", "flow=kerberos")]
    shown = "".join(result.output for result in results) + caplog.text
    assert [result.exit_code for result in results] == [1, 0, 2]
    assert CLIENT_SECRET not in shown
    assert server.issued[0] not in shown


def test_the_help_describes_every_flow() -> None:
    text = run(arguments=("--help",)).stdout
    for flow in ("jwt", "client_credentials", "refresh_token", "sf", "session", "password"):
        assert f"flow={flow}" in text
    for word in ("env:NAME", "file:PATH", "keyring:SERVICE/USER", "https://test.salesforce.com", "Exit codes:"):
        assert word in text
