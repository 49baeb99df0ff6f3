from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner

from pybayeux.cli import main

if TYPE_CHECKING:
    from click.testing import Result

    from core.tests.extensions.packages import Packages

GREET = """
    import click

    print("noise of an import")

    class Greet:
        def __init__(self, name: str = "world") -> None:
            self.name = name

        @hookimpl
        def register_commands(self, cli):
            @cli.command()
            def greet():
                click.echo(f"hello {self.name}")
"""
FAULTY = """
    import click
    from pybayeux import BayeuxError

    @hookimpl
    def register_commands(cli):
        @cli.command()
        def unlucky():
            raise BayeuxError("no luck today")

        cli.add_command(click.Command("listen", callback=lambda: click.echo("stolen")))
"""
BROKEN = "import sys; sys.exit('no')"


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


@pytest.mark.parametrize("arguments", [(), ("--help",)])
def test_alone_it_prints_its_help(arguments: tuple[str, ...], packages: Packages) -> None:
    result = _run(*arguments)
    assert result.exit_code == 0
    assert "Usage: pybayeux [OPTIONS] [COMMAND]" in result.stdout
    assert "pybayeux listen http://" in result.stdout
    assert "Exit codes:" in result.stdout


@pytest.mark.parametrize("command", ["listen", "publish", "extensions", "new-extension"])
def test_each_help_teaches(command: str, packages: Packages) -> None:
    result = _run(command, "--help")
    assert result.exit_code == 0
    assert f"  pybayeux {command}" in result.stdout
    described = [each for each in main.commands[command].params if isinstance(each, click.Option)]
    assert all(option.help for option in described)


def test_the_version_is_shown() -> None:
    assert _run("--version").stdout.startswith("pybayeux, version 0.")


def test_the_module_is_the_command() -> None:
    ran = subprocess.run([sys.executable, "-m", "pybayeux", "--version"], capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("pybayeux, version 0.")


def test_extensions_add_commands(packages: Packages) -> None:
    packages.add("greeter", {"greet": "greet_module:Greet"}, greet_module=GREET)
    result = _run("greet")
    assert (result.stdout, result.exit_code) == ("hello world\n", 0)
    assert _run("-x", "greet.name=you", "greet").stdout == "hello you\n"
    assert "greet" in _run("--help").stdout


def test_options_of_extensions_come_from_the_file_too(packages: Packages) -> None:
    packages.add("greeter", {"greet": "greet_module:Greet"}, greet_module=GREET)
    Path("pyproject.toml").write_text('[tool.pybayeux.greet]\nname = "file"\n')
    assert _run("greet").stdout == "hello file\n"


def test_a_blocked_extension_adds_none(packages: Packages) -> None:
    packages.add("greeter", {"greet": "greet_module:Greet"}, greet_module=GREET)
    assert "greet" not in _run("-p", "no:greet", "--help").stdout
    result = _run("-p", "no:greet", "greet")
    assert result.exit_code == 2
    assert "No such command 'greet'" in result.stderr


def test_broken_ones_do_not_take_the_command_down(packages: Packages) -> None:
    packages.add("greeter", {"greet": "greet_module:Greet"}, greet_module=GREET)
    packages.add("broken", {"broken": "broken_module", "gone": "no_such_module"}, broken_module=BROKEN)
    packages.add("faulty", {"faulty": "faulty_module"}, faulty_module=FAULTY)
    for arguments in [("--help",), ("greet",), ("extensions",), ("-x", "greet.nome=you", "--help")]:
        assert _run(*arguments).exit_code == 0, arguments


def test_an_extension_cannot_take_a_command_over(packages: Packages) -> None:
    packages.add("faulty", {"faulty": "faulty_module"}, faulty_module=FAULTY)
    result = _run("--help")
    assert "extension 'faulty' failed in register_commands" in result.stderr
    assert "there is already a command 'listen'" in result.stderr
    assert "unlucky" in result.stdout
    assert "stolen" not in _run("listen", "x", "/a").stdout


def test_two_extensions_cannot_have_the_same_command(packages: Packages) -> None:
    packages.add("greeter", {"a": "greet_module:Greet", "b": "greet_module:Greet"}, greet_module=GREET)
    assert "there is already a command 'greet'" in _run("greet").stderr


@pytest.mark.parametrize(("typed", "meant"), [("lisen", "listen"), ("gret", "greet"), ("quite-another", None)])
def test_a_mistyped_command_is_told(typed: str, meant: str | None, packages: Packages) -> None:
    packages.add("greeter", {"greet": "greet_module:Greet"}, greet_module=GREET)
    result = _run(typed)
    assert result.exit_code == 2
    told = " ".join(result.stderr.split())
    assert f"No such command '{typed}'." in told
    assert (f"Did you mean '{meant}'?" in told) is (meant is not None)


def test_a_command_of_a_package_that_is_missing_names_the_package(packages: Packages) -> None:
    result = _run("relay", "http://localhost:1/", "/x", "--to", "-")
    assert result.exit_code == 2
    told = " ".join(result.stderr.split())
    assert "No such command 'relay'. It is one of pybayeux-relay: pip install pybayeux-relay" in told
    told = " ".join(_run("relya").stderr.split())
    assert "'relya'. Did you mean 'relay'? It is one of pybayeux-relay: pip install pybayeux-relay" in told


def test_errors_of_their_commands_are_one_line(packages: Packages) -> None:
    packages.add("faulty", {"faulty": "faulty_module"}, faulty_module=FAULTY)
    result = _run("unlucky")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == "Error: no luck today"


def test_in_strict_mode_a_broken_one_is_an_error_but_can_be_listed(
    packages: Packages, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = "class Bad:\n def __init__(self): 1 / 0\n @hookimpl\n def register_commands(self, cli): ..."
    packages.add("bad", {"bad": "bad_module:Bad"}, bad_module=source)
    monkeypatch.setenv("PYBAYEUX_STRICT", "1")
    result = _run("--help")
    assert result.exit_code == 1
    assert result.stderr == "Error: extension 'bad' of bad 1.2 cannot be made: ZeroDivisionError: division by zero\n"
    assert _run("extensions").exit_code == 0


def test_a_wrong_file_leaves_help_and_listing_alone(packages: Packages) -> None:
    Path("pybayeux.toml").write_text("[replay")
    for arguments in [("--help",), ("extensions",)]:
        result = _run(*arguments)
        assert result.exit_code == 0
        assert "warning: " in result.stderr
        assert "pybayeux.toml cannot be read" in result.stderr
    result = _run("listen", "http://127.0.0.1:9/", "/a")
    assert result.exit_code == 2
    assert "pybayeux.toml cannot be read" in result.stderr


def test_own_commands_do_not_load_extensions(packages: Packages) -> None:
    packages.add("greeter", {"greet": "greet_module:Greet"}, greet_module=GREET)
    assert _run("listen", "--help").exit_code == 0
    assert not packages.is_imported("greet_module")


NEEDY = """
    class Needy:
        def __init__(self, key: str) -> None: ...

        @hookimpl
        def register_commands(self, cli): ...
"""


def test_a_command_of_an_extension_that_is_not_configured_says_what_it_lacks(packages: Packages) -> None:
    packages.add("acme", {"acme-hmac": "needy_module:Needy"}, needy_module=NEEDY)
    packages.add("broken", {"broken": "broken_module"}, broken_module=BROKEN)
    result = _run("verify")
    assert result.exit_code == 2
    assert "No such command 'verify'" in result.stderr
    assert "extension 'acme-hmac' is not configured: missing options: key" in " ".join(result.stderr.split())
    assert "extension 'broken' is broken" in result.stderr


def test_mistyped_extensions_are_told(packages: Packages) -> None:
    packages.add("acme", {"acme-hmac": "needy_module:Needy"}, needy_module=NEEDY)
    result = _run("listen", "http://localhost:1/", "/x", "-x", "acme_hmac.key=abc")
    assert result.exit_code == 2
    assert "there is no such extension; did you mean 'acme-hmac'?" in result.stderr
    Path("pybayeux.toml").write_text('[acme_hmac]\nkey = "abc"\n')
    result = _run("listen", "http://localhost:1/", "/x")
    assert "there is no such extension; did you mean 'acme-hmac'?" in result.stderr
    result = _run("extensions", "-p", "no:acme")
    assert "did you mean 'acme-hmac'?" in result.stderr
    assert "disabled: extension 'acme' is not installed; did you mean 'acme-hmac'?" in result.stderr


@pytest.mark.parametrize("place", ["-p only", "PYBAYEUX_EXTENSIONS", "pybayeux.toml"])
def test_mistyped_extensions_among_the_only_ones_end_the_command(
    packages: Packages, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """Before it connects: without the extension that was meant, it may lose events."""
    packages.add("acme", {"acme-hmac": "greet_module:Greet"}, greet_module=GREET)
    arguments = ["-p", "only:acme-hmca"] if place == "-p only" else []
    if place == "PYBAYEUX_EXTENSIONS":
        monkeypatch.setenv(place, "acme-hmca")
    if place == "pybayeux.toml":
        Path(place).write_text('only = ["acme-hmca"]\n')
    told = f"{place}: extension 'acme-hmca' is not installed (did you mean 'acme-hmac'?); expected one of acme-hmac"
    for command, *words in (("listen", "/a"), ("publish", "/a", "1"), ("doctor",)):
        result = _run(command, *arguments, "http://127.0.0.1:9/", *words)
        assert (result.exit_code, result.stdout) == (2, "")
        assert told in result.stderr
    assert told in _run("listen", *arguments, "--since", "earliest", "http://127.0.0.1:9/", "/a").stderr
    result = _run("extensions", *arguments)
    assert (result.exit_code, "acme-hmac" in result.stdout) == (0, True)
    assert f"{told}; no client starts" in result.stderr
    assert _run("extensions", *arguments, "--why", "acme-hmac").exit_code == 0
    assert _run(*arguments, "--help").exit_code == 0
