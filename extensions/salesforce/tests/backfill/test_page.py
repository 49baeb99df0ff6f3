"""The commands of the page about backfills print what the page shows, with an emulated org."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Final

from click.testing import CliRunner

from extensions.salesforce.tests.backfill.filling import ACCOUNTS, account
from pybayeux.cli import main
from pybayeux_salesforce_emulator import SalesforceEmulator
from tests.docs.markdown import ROOT
from tests.support.surroundings import unconfigured

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

_PAGE: Final = ROOT / "docs" / "salesforce-backfill.md"
_BLOCK: Final = re.compile(r"^```console\n\$ pybayeux (?P<command>[^\n]+)\n(?P<output>.*?)^```$", re.M | re.S)
_NOW: Final = 1_795_966_993.0


def test_commands_print_what_the_page_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unconfigured(tmp_path, monkeypatch)
    shown = list(_BLOCK.finditer(_PAGE.read_text(encoding="utf-8")))
    assert len(shown) == 2
    for block in shown:
        with SalesforceEmulator(seed=1, clock=lambda: _NOW) as org:
            org.define(ACCOUNTS)
            for number in (1, 2):
                org.change_records("Account", "CREATE", [account(number)], {"Name": f"Account {number}"})
            org.change_records("Contact", "CREATE", ["003000000000001AAA"], {"LastName": "Doe"})
            org.change_records("Contact", "DELETE", ["003000000000001AAA"])
            words = shlex.split(block["command"].replace("salesforce://my-org", org.url))
            result = CliRunner().invoke(main, ["-x", f"auth.token={org.issue_token()}", *words])
        assert result.output == block["output"]
