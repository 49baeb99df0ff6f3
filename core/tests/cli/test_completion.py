"""The scripts, run by the shells that are installed here."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from click.testing import CliRunner

from pybayeux.cli import main
from tests.support.terminal import program_in_terminal

if TYPE_CHECKING:
    from core.tests.extensions.packages import Packages

_REQUIRED: Final = os.environ.get("PYBAYEUX_REQUIRE_SERVERS") == "1"

COMPLETED: Final = {
    "pybayeux comp": "completion ",
    "pybayeux listen -p no:zebr": "no:zebra ",
    "pybayeux -p only:zebr": "only:zebra ",
    "pybayeux listen -x zebr": "zebra.",
    "pybayeux extensions --why zebr": "zebra ",
    "pybayeux listen http://localhost:8080/cometd --transp": "--transport ",
    "pybayeux listen --transport=w": "--transport=websocket ",
}
"""What is typed before Tab, and what the last word is then: a space follows where a new word may."""


@pytest.fixture
def environment(packages: Packages, tmp_path: Path) -> dict[str, str]:
    """That of a shell in which the command and one more extension are installed."""
    packages.add("zebra-dist", {"zebra": "zebra_module"}, commands={"none": "pybayeux"}, zebra_module="1 / 0")
    kept = {name: value for name, value in os.environ.items() if name not in ("EDITOR", "VISUAL")}
    home = {"HOME": str(tmp_path), "PYTHONPATH": str(tmp_path), "TERM": "dumb", "PS1": "ready> ", "HISTFILE": ""}
    return kept | home | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def _need(shell: str) -> str:
    found = shutil.which(shell)
    if found is None and _REQUIRED:
        pytest.fail(f"{shell} is not installed, and PYBAYEUX_REQUIRE_SERVERS is set")
    if found is None:
        pytest.skip(f"{shell} is not installed")
    return found


def _script(shell: str) -> str:
    result = CliRunner().invoke(main, ["completion", shell])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_a_script(shell: str) -> None:
    script = _script(shell)
    assert f"_PYBAYEUX_COMPLETE={shell}_complete" in script
    assert "%(" not in script


@pytest.mark.parametrize(
    ("shell", "own"), [("bash", "compopt -o nospace"), ("zsh", "compadd -U -V unsorted -S ''"), ("fish", "--max 1")]
)
def test_a_script_has_what_is_added_to_that_of_click(shell: str, own: str) -> None:
    assert own in _script(shell)


def test_another_shell_is_refused() -> None:
    result = CliRunner().invoke(main, ["completion", "tcsh"])
    assert result.exit_code == 2
    assert "'tcsh' is not one of 'bash', 'zsh', 'fish'" in result.stderr


@pytest.mark.parametrize(
    ("shell", "options", "keys"),
    [("bash", ("--norc", "--noprofile", "-i"), "set -o emacs"), ("zsh", ("-f", "-i"), "bindkey -e; compinit -D -u")],
)
def test_tab_completes_the_line_that_is_typed(
    shell: str, options: tuple[str, ...], keys: str, environment: dict[str, str], tmp_path: Path
) -> None:
    """In a terminal. What was completed is shown by having the shell print the line instead of running it."""
    tab, begin, end = "\t", "\x01", "\x05"
    # In octal, since the shell shows the line while it is typed. The x keeps zsh from taking the space away again.
    show, shown = r"printf '\074%s\076\n' '", re.compile(r"<(pybayeux [^>]*)x>")
    with program_in_terminal([_need(shell), *options], environment, folder=tmp_path, columns=200) as terminal:
        terminal.until("ready> ")
        compinit = "autoload -Uz compinit; " if shell == "zsh" else ""
        terminal.type(f"{compinit}{keys}; eval \"$(pybayeux completion {shell})\"; echo set''up\n")
        terminal.until("setup")
        for number, typed in enumerate(COMPLETED):
            terminal.type(f"{typed}{tab}x{begin}{show}{end}'; echo do''ne {number}\n")
            terminal.until(f"done {number}")
        lines = shown.findall(terminal.output)
    assert {typed: line[typed.rindex(" ") + 1 :] for typed, line in zip(COMPLETED, lines, strict=True)} == COMPLETED


def test_fish_completes_the_line_that_is_typed(environment: dict[str, str], tmp_path: Path) -> None:
    """Without a terminal: fish says what Tab would show. Where a space follows, it decides by itself."""
    fish = _need("fish")
    for typed, expected in COMPLETED.items():
        program = f"pybayeux completion fish | source; complete -C '{typed}'"
        done = subprocess.run(
            [fish, "--no-config", "-c", program],
            capture_output=True,
            text=True,
            timeout=60,
            cwd=tmp_path,
            env=environment,
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert [line.partition("\t")[0] for line in done.stdout.splitlines()] == [expected.strip()]


def test_fish_shows_descriptions_with_commas(environment: dict[str, str], tmp_path: Path) -> None:
    program = "pybayeux completion fish | source; complete -C 'pybayeux doct'"
    command = [_need("fish"), "--no-config", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path, env=environment)
    assert done.stdout == "doctor\tFind out what a server can do, and what is wrong.\n"
