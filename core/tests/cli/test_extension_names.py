from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner

from pybayeux.cli import extension_names, main
from pybayeux.cli.extension_names import complete_choice, complete_names, complete_value
from pybayeux.extensions import discovery

if TYPE_CHECKING:
    from core.tests.extensions.packages import Packages

CONTEXT = click.Context(click.Command("x"))
PARAMETER = click.Option(["-p"])


@pytest.fixture
def three(packages: Packages, monkeypatch: pytest.MonkeyPatch) -> Packages:
    """Three extensions that cannot be imported; two packages have the same one."""
    monkeypatch.setattr(extension_names, "find", lambda: packages.only(discovery.find()))
    packages.add("ack-dist", {"ack": "no_such_module"})
    packages.add("other-dist", {"ack": "no_such_module"})
    packages.add("replay-dist", {"replay": "no_such_module", "relay": "no_such_module"})
    return packages


def test_names(three: Packages) -> None:
    assert complete_names(CONTEXT, PARAMETER, "") == ["ack", "relay", "replay"]
    assert complete_names(CONTEXT, PARAMETER, "re") == ["relay", "replay"]


def test_choices(three: Packages) -> None:
    assert complete_choice(CONTEXT, PARAMETER, "no:") == ["no:all", "no:ack", "no:relay", "no:replay"]
    assert complete_choice(CONTEXT, PARAMETER, "o") == ["only:ack", "only:relay", "only:replay"]
    assert len(complete_choice(CONTEXT, PARAMETER, "")) == 7
    assert complete_choice(CONTEXT, PARAMETER, "re") == []


def test_values(three: Packages) -> None:
    assert complete_value(CONTEXT, PARAMETER, "re") == ["relay.", "replay."]
    assert complete_value(CONTEXT, PARAMETER, "replay.") == ["replay."]
    assert complete_value(CONTEXT, PARAMETER, "replay.store=") == []


def test_extensions_without_a_package(three: Packages) -> None:
    Path("pybayeux.toml").write_text('[local-extensions]\nreally = "nowhere"\n')
    assert complete_names(CONTEXT, PARAMETER, "re") == ["really", "relay", "replay"]
    Path("pybayeux.toml").write_text("[replay")
    assert "replay" in complete_names(CONTEXT, PARAMETER, "re")


@pytest.mark.parametrize("words", ["pybayeux -p no:re", "pybayeux comp"])
def test_nothing_is_written_into_the_line_that_is_typed(three: Packages, words: str) -> None:
    Path("pybayeux.toml").write_text("[replay")
    environment = {"_PYBAYEUX_COMPLETE": "fish_complete", "COMP_WORDS": words, "COMP_CWORD": words.rpartition(" ")[2]}
    result = CliRunner().invoke(main, [], prog_name="pybayeux", env=environment)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.strip()


@pytest.mark.parametrize("words", ["pybayeux -p no:re", "pybayeux -x re", "pybayeux listen -p no:re"])
def test_a_client_is_not_needed_for_names(words: str) -> None:
    """With everything installed: it runs at each press of Tab."""
    code = f"""
import os, sys
os.environ.update(_PYBAYEUX_COMPLETE="zsh_complete", COMP_WORDS={words!r}, COMP_CWORD={str(words.count(" "))!r})
from pybayeux.cli import main
try:
    main([], prog_name="pybayeux")
except SystemExit:
    pass
slow = {{"httpx", "rich", "sqlalchemy", "websockets", "pybayeux.client", "pybayeux.extensions.registry"}}
found = sorted(name for name in sys.modules if name in slow or name.startswith("pybayeux_"))
assert not found, found
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60, stdout=subprocess.DEVNULL)
