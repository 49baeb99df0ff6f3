"""The page about orgs shows what its commands print, and its program works."""

from __future__ import annotations

import asyncio
import textwrap
from contextlib import redirect_stdout
from io import StringIO
from typing import TYPE_CHECKING

import httpx

import pybayeux_salesforce as salesforce
from extensions.salesforce.tests.org_page import PAGE, as_run, define_objects, served_org
from tests.docs.markdown import blocks
from tests.support.command_line import run_in_process
from tests.support.surroundings import unconfigured

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_commands_print_what_the_page_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unconfigured(tmp_path, monkeypatch)
    shown = PAGE.read_text(encoding="utf-8")
    assert as_run(PAGE, tmp_path) == shown, "python -m extensions.salesforce.tests.org_page writes it anew"


def test_the_program_of_the_page_receives_typed_events(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unconfigured(tmp_path, monkeypatch)
    monkeypatch.syspath_prepend(tmp_path)
    [block] = blocks(PAGE, "py")
    with served_org(tmp_path) as (at, token):
        define_objects(PAGE, at)
        words = ("salesforce", "types", f"salesforce://{at}", "Order__e", "-o", "events.py")
        assert run_in_process(*words, folder=tmp_path, environment={"PYBAYEUX_AUTH_TOKEN": token}).code == 0
        body = {"channel": "/event/Order__e", "payload": {"Number__c": 7, "State__c": "Paid"}}
        httpx.post(f"http://{at}/control/publish", json=body).raise_for_status()
        source = block.source.replace("salesforce://my-org", f"salesforce://{at}")
        source = textwrap.indent(source + "            break\n", "    ")
        scope: dict[str, object] = {"salesforce": salesforce, "login": lambda: token}
        exec(f"async def program():\n{source}", scope)
        printed = StringIO()
        with redirect_stdout(printed):
            asyncio.run(asyncio.wait_for(scope["program"](), 30))  # type: ignore[operator]
    assert printed.getvalue() == "7.0 Paid\n"
