"""The pages about Salesforce: Python blocks print what is shown, commands run, with an emulated org."""

from __future__ import annotations

import asyncio
import os
import shlex
import sys
from dataclasses import replace
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import pytest

from extensions.auth.tests.fake_sf import FakeCli
from pybayeux_salesforce_emulator import SalesforceEmulator
from pybayeux_salesforce_emulator.org.credentials import key_pair
from tests.docs.markdown import ROOT, blocks
from tests.docs.page import Page
from tests.support.command_line import CommandLine
from tests.support.surroundings import unconfigured

if TYPE_CHECKING:
    from pathlib import Path

GUIDE: Final = ROOT / "docs" / "salesforce.md"
README: Final = ROOT / "extensions" / "salesforce" / "README.md"
PAGES: Final = [GUIDE, README]
COMMANDS: Final = {GUIDE: 5, README: 1}
"""The number of commands on each page."""
_ORDERS: Final = "/event/Order__e"
_SECRET: Final = "s3cret-0f-the-app"
_ITEMS: Final = ("tea", "coffee", "milk")
_OUTPUT: Final = ("tea", "Logged in.", "ConcurrentClients")
"""What the commands print; each prints one of these."""


def _org() -> SalesforceEmulator:
    org = SalesforceEmulator(seed=1, control=False)
    org.add_app("3MVG9...", _SECRET, key_pair().public, username="integration@example.com")
    for channel in (_ORDERS, "/data/ChangeEvents"):
        org.define(channel)
    return org


async def _publish(org: SalesforceEmulator) -> dict[str, Any]:
    """Publish three events on each channel; returns the variables that the pages use."""
    ids = []
    for number, item in enumerate(_ITEMS, 1):
        ids.append(await org.publish(_ORDERS, {"Number__c": float(number), "Item__c": item}))
        await org.publish_change("Account", "CREATE", [f"001xx000000000{number}AAA"], {"Name": item})
    return {"first_replay_id": ids[0]}


def _set_up(org: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Create the files and variables that the pages use."""
    unconfigured(folder, monkeypatch)
    (folder / "server.key").write_text(key_pair().private)
    monkeypatch.setenv("APP_SECRET", _SECRET)
    monkeypatch.setenv("REFRESH_TOKEN", org.credentials.refresh_token)
    monkeypatch.setenv("SESSION_ID", org.issue_token())
    cli = FakeCli(folder)
    cli.displays(org.issue_token(), instanceUrl=org.url, id=org.org_id)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)


def _with_local_urls(org: Any, text: str) -> str:
    """Replace the page's addresses by those of the emulated org."""
    at = org.url.removeprefix("http://")
    return text.replace("salesforce://my-org", f"salesforce://{at}").replace(
        "https://my-org.my.salesforce.com", org.url
    )


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_python_blocks_print_what_the_page_shows(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    module = ModuleType("page")
    monkeypatch.setitem(sys.modules, module.__name__, module)  # where type hints are looked up

    async def run() -> None:
        async with _org() as org:
            _set_up(org, tmp_path, monkeypatch)
            vars(module).update(await _publish(org))
            page = Page(module, SimpleNamespace(url=org.endpoint), request.getfixturevalue)  # type: ignore[arg-type]
            ran = 0
            for block in blocks(path, "python"):
                assert block.not_run, "the runner of all pages has no emulated org"
                await page.run(replace(block, source=_with_local_urls(org, block.source)))
                ran += 1
            assert ran

    asyncio.run(asyncio.wait_for(run(), 100))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_commands_of_the_page_run(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with _org() as org:
        _set_up(org, tmp_path, monkeypatch)
        for number, item in enumerate(_ITEMS, 1):
            org.publish(_ORDERS, {"Number__c": float(number), "Item__c": item})
        org.publish_change("Account", "CREATE", ["001xx0000000001AAA"], {"Name": "tea"})
        words = [
            shlex.split(line)
            for block in blocks(path, "sh")
            for line in _with_local_urls(org, block.source).splitlines()
        ]
        exported = dict(word.split("=", 1) for line in words for word in line[1:] if line[0] == "export")
        commands = [line[1:] for line in words if line[0] == "pybayeux"]
        assert len(commands) == COMMANDS[path]
        for command in commands:
            with CommandLine(*command, folder=tmp_path, environment=exported) as process:
                code, out, err = process.ended()
            assert code == 0, err
            assert any(word in line for word in _OUTPUT for line in out), out
