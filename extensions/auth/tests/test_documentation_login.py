"""The guide's section about the login by a person: its commands, with an emulated org and a person with a browser."""

from __future__ import annotations

import shlex
import tomllib
import webbrowser
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import httpx
from click.testing import CliRunner

from extensions.auth.tests.fake_keyring import FakeKeyring
from pybayeux.cli import main
from pybayeux_auth.login.token_place import choose_place
from pybayeux_salesforce_emulator import SalesforceEmulator
from tests.docs.markdown import ROOT, blocks
from tests.support.command_line import CommandLine
from tests.support.surroundings import unconfigured

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from pybayeux_salesforce_emulator import BlockingEmulator
    from tests.docs.markdown import Block

__all__ = ("is_about_persons",)

GUIDE: Final = ROOT / "docs" / "authentication.md"
LINES: Final = GUIDE.read_text(encoding="utf-8").splitlines()
SECTION: Final = range(LINES.index("## Log in yourself"), LINES.index("## JWT bearer"))
CLIENT_ID: Final = "3MVG9..."
CALLBACK: Final = "http://localhost:1717/OauthRedirect"


def is_about_persons(block: Block) -> bool:
    """Whether a block of the guide is in this section."""
    return block.path == GUIDE and block.line in SECTION


def _run(command: str, org: BlockingEmulator, folder: Path) -> str:
    """The output of a command of the page, with the org that it is about."""
    here = command.replace("https://my-org.my.salesforce.com", org.url)
    arguments = shlex.split(here.replace("salesforce://my-org", f"salesforce://{urlsplit(org.url).netloc}"))
    assert arguments[0] == "pybayeux"
    if "login" in arguments:
        arguments += ["--port", "0"]  # that of the page may be taken on this machine
    if "listen" in arguments:
        with CommandLine(*arguments[1:], folder=folder) as listening:
            ended = listening.ended()
        assert ended.code == 0, ended.err
        return "\n".join(ended.out)
    result = CliRunner().invoke(main, arguments[1:])
    assert result.exit_code == 0, result.output
    return result.output


def test_the_commands_log_in_and_use_the_login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unconfigured(tmp_path, monkeypatch)
    FakeKeyring({}, priority=0).install(monkeypatch)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    with SalesforceEmulator(hostname="localhost", control=False) as org:
        org.define("/event/Order__e")
        org.publish("/event/Order__e", {"Number__c": 1})
        org.add_app(CLIENT_ID)

        def person(address: str) -> None:
            form = {"username": org.credentials.username, "password": org.credentials.password, "decision": "allow"}
            httpx.post(address, data=form, follow_redirects=True, trust_env=False)

        monkeypatch.setattr(webbrowser, "open", person)
        monkeypatch.setenv("BROWSER", "theirs")
        found = [block for block in blocks(GUIDE, "sh") if is_about_persons(block) and not block.not_run]
        outputs = [_run(line, org, tmp_path) for block in found for line in block.source.splitlines()]
        login, test, listen, status = outputs
        assert "accepted by the org" in test
        assert '"Number__c":1' in listen
        assert status.startswith("Logged in.")

        [printed, *_] = [block.source for block in blocks(GUIDE, "text") if is_about_persons(block)]
        assert _names(printed) == _names(login)
        [table] = [tomllib.loads(block.source)["auth"] for block in blocks(GUIDE, "toml") if is_about_persons(block)]
        written = tomllib.loads((tmp_path / "pybayeux.toml").read_text())["auth"]
        assert list(table) == list(written)
        assert (table["flow"], table["client_id"]) == (written["flow"], written["client_id"])
        place = {"login_url": table["login_url"], "client_id": CLIENT_ID, "user_id": None}
        assert table["token_store"][:-12] == choose_place("keyring", **place)[:-12]

        assert [*tmp_path.rglob("logins/*.json")]
        assert "revoked and deleted" in _run("pybayeux auth logout", org, tmp_path)
        assert not [*tmp_path.rglob("logins/*.json")]


def _names(output: str) -> list[str]:
    """What a login tells: its sentences, and the names of its facts, which stand in a column."""
    lines = [line for line in output.splitlines() if line and not line.startswith("  http")]
    return [line[:12] if line.startswith("  ") else line for line in lines]
