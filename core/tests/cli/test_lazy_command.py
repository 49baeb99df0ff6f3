from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner

from pybayeux.cli import main
from pybayeux.cli.lazy_command import LazyCommand, own_command
from pybayeux.errors import UsageError

if TYPE_CHECKING:
    from click.testing import Result

    from core.tests.extensions.packages import Packages

COMMANDS = """
    import click

    @click.command(short_help="Say hello.")
    @click.option("--name", default="world", help="Whom to greet.")
    def hello(name):
        '''Say hello to somebody. And more.'''
        click.echo(f"hello {name}")

    @click.group()
    def tools():
        '''Look after the tools. And more.'''

    @tools.command()
    def clean():
        click.echo("clean")

    made = click.Command("made", help="Do what is made.", callback=lambda: click.echo("made"))

    def _bare():
        return click.Command("computed", help="Be computed.", callback=lambda: click.echo("computed"))

    computed = _bare()
    wrong = 7
"""
NAMES = ("hello", "tools", "made")


@pytest.fixture
def acme(packages: Packages) -> Packages:
    commands = {name: f"acme_commands:{name}" for name in NAMES}
    packages.add("acme", {}, commands=commands, acme_commands=COMMANDS)
    return packages


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def _complete(words: str) -> list[str]:
    """What bash would get to choose from for the last word."""
    environment = {"_PYBAYEUX_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    output = CliRunner().invoke(main, [], prog_name="pybayeux", env=environment).stdout
    return [line.partition(",")[2] for line in output.splitlines()]


def test_the_help_lists_commands_without_importing_them(acme: Packages) -> None:
    shown = _run("--help").stdout
    for line in (
        "hello          Say hello.",
        "tools          Look after the tools.",
        "made           Do what is made.",
    ):
        assert line in shown
    assert not acme.is_imported("acme_commands")


def test_completion_imports_no_command_but_the_one_that_is_completed(acme: Packages) -> None:
    assert _complete("pybayeux he") == ["hello"]
    assert {"hello", "listen", "tools"} <= set(_complete("pybayeux "))
    assert not acme.is_imported("acme_commands")
    assert _complete("pybayeux hello --n") == ["--name"]
    assert _complete("pybayeux tools c") == ["clean"]


def test_values_are_completed(acme: Packages) -> None:
    acme.add("replay-dist", {"replay": "replay_module"}, commands={"none": "pybayeux"}, replay_module="")
    assert "replay" in _complete("pybayeux extensions --why re")
    assert _complete("pybayeux listen --transport w") == ["websocket"]
    assert not acme.is_imported("replay_module")


def test_a_command_runs(acme: Packages) -> None:
    assert _run("hello", "--name", "you").stdout == "hello you\n"
    assert _run("tools", "clean").stdout == "clean\n"
    assert _run("made").stdout == "made\n"
    assert "Whom to greet." in _run("hello", "--help").stdout


def test_extensions_of_the_package_are_not_loaded_for_the_help(packages: Packages) -> None:
    source = "class Acme:\n    @hookimpl\n    def register_commands(self, cli): 1 / 0"
    packages.add("acme", {"acme": "acme_extension:Acme"}, commands={"none": "pybayeux"}, acme_extension=source)
    result = _run("--help")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "none" not in result.stdout
    assert not packages.is_imported("acme_extension")
    assert "No such command 'nothing'" in _run("nothing").stderr
    assert not packages.is_imported("acme_extension")


def test_a_command_that_its_source_does_not_show_is_loaded_for_the_help(packages: Packages) -> None:
    packages.add("acme", {}, commands={"computed": "acme_commands:computed"}, acme_commands=COMMANDS)
    assert "computed       Be computed." in _run("--help").stdout


def test_one_that_cannot_be_loaded_says_why(packages: Packages) -> None:
    packages.add(
        "acme", {}, commands={"gone": "no_such_module:gone", "wrong": "acme_commands:wrong"}, acme_commands=COMMANDS
    )
    shown = _run("--help")
    assert shown.exit_code == 0
    assert "gone           cannot be loaded: ExtensionLoadError" in shown.stdout
    result = _run("gone")
    assert result.exit_code == 1
    expected = "command 'gone' of acme 1.2 cannot be loaded: ModuleNotFoundError: No module named 'no_such_module'"
    assert expected in result.stderr
    assert "expected a click command at acme_commands:wrong; got int" in _run("wrong").stderr


def test_one_for_another_version_is_not_loaded(packages: Packages) -> None:
    packages.add(
        "acme", {}, commands={"hello": "acme_commands:hello"}, requires=["pybayeux>=99"], acme_commands=COMMANDS
    )
    assert "command 'hello' of acme 1.2 requires pybayeux>=99, and" in " ".join(_run("hello").stderr.split())
    assert not packages.is_imported("acme_commands")


def test_of_two_commands_of_one_name_the_first_is_used(acme: Packages) -> None:
    acme.add(
        "bravo", {}, commands={"hello": "bravo_commands:hello", "listen": "bravo_commands:hello"}, bravo_commands=""
    )
    result = _run("hello")
    assert result.stdout == "hello world\n"
    assert "command 'hello' of bravo 1.2 is left out: acme 1.2 has a command of that name already" in result.stderr
    assert "Subscribe to channels" in _run("listen", "--help").stdout


def test_the_lines_of_our_own_commands_are_those_of_the_loaded_ones() -> None:
    for name in ("listen", "publish", "doctor", "extensions", "new-extension", "completion"):
        command = own_command(name)
        line = command.get_short_help_str(100)
        assert line == command.load().get_short_help_str(100)
        assert line


def test_what_is_no_command_is_refused() -> None:
    with pytest.raises(UsageError, match="expected a click command at somewhere:x; got str"):
        LazyCommand("x", "somewhere:x", lambda: "x").make_context("x", [])
    found = LazyCommand("x", "somewhere:x", lambda: click.Command("x", help="Do it."))
    assert found.get_short_help_str() == "Do it."


def test_the_help_needs_neither_the_client_nor_an_extension() -> None:
    """With everything installed: what costs time is imported by the command that needs it."""
    code = """
import sys
from pybayeux.cli import main
main(["--help"], standalone_mode=False)
slow = {"httpx", "msgspec", "rich", "sqlalchemy", "websockets", "pybayeux.client", "pybayeux.extensions.registry"}
found = sorted(name for name in sys.modules if name in slow or name.startswith("pybayeux_"))
assert not found, found
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60, stdout=subprocess.DEVNULL)
