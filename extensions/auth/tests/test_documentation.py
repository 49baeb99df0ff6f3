"""The pages about authentication: their flows, configurations and commands log in to an emulated org.

The section about the login by a person is in `test_documentation_login`.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import tomllib
from typing import TYPE_CHECKING, Any, Final

import pytest
from click.testing import CliRunner

from extensions.auth.tests.fake_sf import FakeCli
from extensions.auth.tests.test_documentation_login import is_about_persons
from pybayeux.cli import main
from pybayeux_auth import Auth
from pybayeux_auth.configured import ConfiguredAuth
from pybayeux_auth.flows import token_endpoint
from pybayeux_auth.flows.login_url import SALESFORCE, LoginUrl, parse_login_url
from pybayeux_salesforce_emulator import SalesforceEmulator
from tests.docs.markdown import ROOT, blocks
from tests.support.surroundings import unconfigured

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pybayeux_salesforce_emulator import BlockingEmulator

GUIDE: Final = ROOT / "docs" / "authentication.md"
README: Final = ROOT / "extensions" / "auth" / "README.md"
LOGINS: Final = {GUIDE: 5, README: 1}
"""How many Python blocks of a page log in to the org; others use a token, the CLI or an existing session."""
SECRET: Final = "s3cret-0f-the-app"


class Pages:
    """Sets up what the pages use: an org with their apps and users, files, and environment variables.

    Args:
        org: The emulated org.
        folder: The current directory.
        monkeypatch: Changes the environment.
    """

    def __init__(self, org: BlockingEmulator, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        credentials = org.credentials
        for client_id in ("my-app", "3MVG9..."):
            user = "integration@example.com"
            refresh_token = org.add_app(client_id, SECRET, _public(credentials.private_key), username=user, rotate=True)
            org.add_user(user, "pa55word", "t0ken")
        (folder / "server.key").write_text(credentials.private_key)
        (folder / "app-secret").write_text(SECRET)
        environment = {"APP_SECRET": SECRET, "PASSWORD": "pa55word", "SECURITY_TOKEN": "t0ken"}
        environment |= {"REFRESH_TOKEN": refresh_token, "SESSION_ID": org.issue_token()}
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        cli = FakeCli(folder)
        cli.displays(org.issue_token(), instanceUrl=org.url, id=org.org_id)
        monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
        monkeypatch.setattr(token_endpoint, "parse_login_url", self._parse)
        self._org = org

    def with_org_urls(self, text: str) -> str:
        """Replace the page's URLs by those of the org."""
        text = text.replace("https://id.example.com/oauth/token", f"{self._org.url}/services/oauth2/token")
        for host in ("https://MyDomainName.my.salesforce.com", "https://example.my.salesforce.com"):
            text = text.replace(host, self._org.url)
        return text

    def _parse(self, url: str) -> LoginUrl:
        return parse_login_url(self._org.login_url if url == SALESFORCE else url)


def _public(private_key: str) -> str:
    from cryptography.hazmat.primitives import serialization

    key = serialization.load_pem_private_key(private_key.encode(), None).public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.PEM, form).decode()


@pytest.fixture
def org() -> Iterator[BlockingEmulator]:
    with SalesforceEmulator(hostname="localhost", control=False) as running:
        yield running


@pytest.fixture
def pages(org: BlockingEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pages:
    unconfigured(tmp_path, monkeypatch)
    return Pages(org, tmp_path, monkeypatch)


def _log_in(org: BlockingEmulator, auth: Auth) -> bool:
    """Log in. Returns whether that was a login at the org."""
    before: int = org.logins
    grant = asyncio.run(auth.log_in())
    assert (grant.org_id, grant.instance_url) in ((org.org_id, org.url), (None, None))
    return bool(org.logins > before)


@pytest.mark.parametrize("path", LOGINS, ids=lambda path: path.name)
def test_flows_of_the_page_log_in(path: Path, pages: Pages, org: BlockingEmulator) -> None:
    names: dict[str, Any] = {}
    logins = 0
    for block in blocks(path, "python"):
        names |= {"auth": None, "flow": None, "options": None}
        exec(compile(pages.with_org_urls(block.source), f"{path.name}:{block.line}", "exec"), names)
        if names["options"] is not None:
            names["auth"] = ConfiguredAuth(**names["options"]["auth"])
        if names["auth"] is None and names["flow"] is not None:
            names["auth"] = Auth(names["flow"])
        if names["auth"] is not None and "/run/secrets" not in block.source:
            logins += _log_in(org, names["auth"])
    assert logins == LOGINS[path]


@pytest.mark.parametrize("path", LOGINS, ids=lambda path: path.name)
def test_configurations_of_the_page_log_in(path: Path, pages: Pages, org: BlockingEmulator) -> None:
    found = [block for block in blocks(path, "toml") if not is_about_persons(block)]
    tables = [tomllib.loads(pages.with_org_urls(block.source))["auth"] for block in found]
    assert tables
    assert all(_log_in(org, ConfiguredAuth(**table)) for table in tables)


def test_commands_of_the_page_log_in(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = 0
    for block in [each for each in blocks(GUIDE, "sh") if not is_about_persons(each)]:
        for line in map(shlex.split, pages.with_org_urls(block.source).splitlines()):
            if line[0] == "export":
                name, _, value = line[1].partition("=")
                monkeypatch.setenv(name, value)
            elif line[0] != "pip":
                assert line[0] == "pybayeux"
                result = CliRunner().invoke(main, line[1:])
                assert result.output.startswith("Logged in.\n"), result.output
                ran += 1
    assert ran == 2
