from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from pybayeux.cli import main

if TYPE_CHECKING:
    from click.testing import Result

    from core.tests.extensions.packages import Packages

PLAIN = """
    print("noise of an import")

    class Plain:
        def __init__(self, size: int = 3, names: tuple[str, ...] = (), empty: str = "") -> None: ...

        @hookimpl
        def incoming(self, message): ...

        @hookimpl
        def delivered(self, message): ...
"""


def _run(*arguments: str) -> Result:
    result = CliRunner().invoke(main, ["extensions", *arguments])
    assert result.exit_code == 0, result.output
    return result


def _listed(*arguments: str) -> dict[str, dict[str, Any]]:
    listed = json.loads(_run("--json", *arguments).stdout)
    assert isinstance(listed, list)
    return {each["name"]: each for each in listed}


@pytest.fixture
def three(packages: Packages) -> Packages:
    """One that works, one that lacks an option, one that cannot be imported."""
    packages.add("plain-dist", {"plain": "plain_module:Plain"}, plain_module=PLAIN)
    packages.add("broken", {"broken": "broken_module"}, broken_module="import [red]\x1b")
    packages.signature()
    return packages


def test_the_list_has_everything(three: Packages) -> None:
    listed = _listed()
    assert list(listed) == ["broken", "plain", "signature"]
    assert listed["plain"] == {
        "name": "plain",
        "dist": "plain-dist",
        "version": "1.2",
        "state": "active",
        "hooks": ["delivered", "incoming"],
        "options": [
            {"name": "size", "type": "int", "default": 3, "required": False, "value": 3, "source": "default"},
            {
                "name": "names",
                "type": "tuple[str, ...]",
                "default": "()",
                "required": False,
                "value": "()",
                "source": "default",
            },
            {"name": "empty", "type": "str", "default": "", "required": False, "value": "", "source": "default"},
        ],
        "brings": [],
        "reason": "",
        "order": 1,
        "commands": [],
    }
    assert (listed["broken"]["state"], listed["broken"]["hooks"]) == ("broken", [])
    assert "extension 'broken' of broken 1.2 cannot be loaded" in listed["broken"]["reason"]
    assert (listed["signature"]["state"], listed["signature"]["reason"]) == ("not configured", "missing options: key")


def test_options_change_the_states(three: Packages) -> None:
    listed = _listed("-x", "signature.key=abc", "-p", "no:plain", "-p", "no:nothing")
    assert (listed["signature"]["state"], listed["plain"]["state"]) == ("active", "disabled")
    assert _listed("-x", "plain.size=many")["plain"]["state"] == "broken"


def test_options_before_the_sub_command_count(three: Packages) -> None:
    result = CliRunner().invoke(main, ["-p", "no:plain", "-x", "signature.key=abc", "extensions", "--json"])
    states = {each["name"]: each["state"] for each in json.loads(result.stdout)}
    assert states == {"broken": "broken", "plain": "disabled", "signature": "active"}


def test_no_reason_contains_a_secret(packages: Packages) -> None:
    packages.signature(token="int = 0")
    listed = _listed("-x", "signature.key=abc", "-x", "signature.token=hunter2hunter2")
    assert listed["signature"]["state"] == "broken"
    assert "hunter2" not in json.dumps(listed)


@pytest.mark.parametrize("is_terminal", [False, True])
def test_a_line_for_each(three: Packages, is_terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pybayeux.cli.extensions_text._is_terminal", lambda: is_terminal)
    lines = [line.rstrip() for line in _run("-p", "no:plain").stdout.splitlines()]
    assert lines[0] == "Extension  Package                  Hooks  State"
    assert lines[1].startswith("broken     broken 1.2               -      broken: extension 'broken' of broken 1.2")
    assert lines[2:4] == [
        "plain      plain-dist 1.2           -      disabled",
        "signature  signature-extension 1.2  1      not configured: missing options: key",
    ]
    assert len(lines) == (6 if is_terminal else 4)
    assert "\x1b" not in lines[1]
    # What does not fit is cut off on a terminal alone.
    assert (lines[1].endswith("…"), len(lines[1]) <= 100) == (is_terminal, is_terminal)


def test_on_a_narrow_terminal_the_reason_is_cut_off_first(three: Packages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pybayeux.cli.extensions_text._is_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", "60")
    assert "signature  signature-extension 1.2  1      not configured: …" in _run().stdout.splitlines()


def test_a_long_name_leaves_room_for_the_state(packages: Packages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pybayeux.cli.extensions_text._is_terminal", lambda: True)
    packages.add("long-" * 20 + "dist", {"long": "long_module"}, long_module="@hookimpl\ndef incoming(message): ...")
    monkeypatch.setenv("COLUMNS", "80")
    [line] = [line for line in _run().stdout.splitlines() if line.startswith("long ")]
    assert "…  1      active" in line
    assert len(line) <= 80


def test_names_choose(three: Packages) -> None:
    lines = _run("SIGNATURE").stdout.splitlines()
    assert lines[0] == "signature: not configured: missing options: key"
    assert "  option header: str = com.example.sig" in lines
    assert not any(line.startswith("plain") for line in lines)
    assert _run("signature", "--long").stdout.splitlines() == lines
    assert list(_listed("signature", "plain")) == ["plain", "signature"]
    result = CliRunner().invoke(main, ["extensions", "plan"])
    expected = "Error: extension 'plan': there is no such extension; did you mean 'plain'?\n"
    assert (result.exit_code, result.stdout, result.stderr.endswith(expected)) == (2, "", True)


@pytest.mark.parametrize("is_terminal", [False, True])
def test_the_long_form_has_everything_and_obeys_no_text(
    three: Packages, is_terminal: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pybayeux.cli.extensions_text._is_terminal", lambda: is_terminal)
    monkeypatch.setenv("COLUMNS", "200")
    table = _run("--long").stdout
    assert ("│" in table) is is_terminal
    for text in [
        "broken 1.2",
        "cannot be loaded",
        "plain-dist 1.2",
        "delivered",
        "size: int = 3",
        "names: tuple[str, ...] = ()",
        "empty: str = ''",
        "not configured",
        "order",
        "key: str (required)",
        "header: str = com.example.sig",
    ]:
        assert text in table
    assert "\x1b" not in table


def test_an_empty_table_says_what_to_do(packages: Packages) -> None:
    assert "pip install pybayeux-replay" in _run().stdout
    assert json.loads(_run("--json").stdout) == []


def test_values_in_use_and_where_they_come_from(packages: Packages, monkeypatch: pytest.MonkeyPatch) -> None:
    packages.signature(rounds="int = 1", database="str = ''", hosts="dict[str, str] = {}")
    Path("pybayeux.toml").write_text('[signature]\nrounds = 7\nheader = "file"\nhosts = {a = "b", token = "hunter2"}\n')
    monkeypatch.setenv("PYBAYEUX_SIGNATURE_ROUNDS", "8")
    monkeypatch.setenv("PYBAYEUX_SIGNATURE_DATABASE", "postgresql://me:hunter2@host/x")
    arguments = ("-x", "signature.key=hunter2", "-x", "signature.header=line")
    options = {each["name"]: each for each in _listed(*arguments)["signature"]["options"]}
    file = str(Path("pybayeux.toml").resolve())
    assert {name: (each["value"], each["source"]) for name, each in options.items()} == {
        "key": ("***", "-x"),
        "header": ("line", "-x"),
        "rounds": (8, "PYBAYEUX_SIGNATURE_ROUNDS"),
        "database": ("postgresql://me:***@host/x", "PYBAYEUX_SIGNATURE_DATABASE"),
        "hosts": ({"a": "b", "token": "***"}, file),
    }
    lines = _run("--long", *arguments).stdout.splitlines()
    assert lines[0] == "signature: active"
    assert "  option rounds: int = 8 (from PYBAYEUX_SIGNATURE_ROUNDS)" in lines
    assert "  option key: str = *** (from -x)" in lines


def test_extensions_without_a_package_are_listed_and_used(packages: Packages, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("pybayeux.toml").write_text(
        '[local-extensions]\ntenant = "local_rules:Tenant"\nbroken = "nowhere_at_all"\n[tenant]\nname = "acme"\n'
    )
    Path("local_rules.py").write_text(LOCAL)
    monkeypatch.setattr(sys, "path", [*sys.path])
    listed = _listed()
    file = str(Path("pybayeux.toml").resolve())
    assert {each: listed[each]["state"] for each in listed} == {"broken": "broken", "tenant": "active"}
    assert (listed["tenant"]["dist"], listed["tenant"]["hooks"]) == (file, ["register_commands"])
    assert f"extension 'broken' of {file} cannot be loaded: ModuleNotFoundError" in listed["broken"]["reason"]
    assert CliRunner().invoke(main, ["who"]).stdout == "acme\n"
    Path("pybayeux.toml").write_text("[local-extensions]\ntenant = 3\n")
    assert "[local-extensions] tenant: expected 'module' or 'module:attribute'; got 3" in _run().stderr


LOCAL = """
import click
from pybayeux import hookimpl


class Tenant:
    def __init__(self, name: str) -> None:
        self.name = name

    @hookimpl
    def register_commands(self, cli: click.Group) -> None:
        cli.add_command(click.Command("who", callback=lambda: click.echo(self.name)))
"""


def test_why_explains_one_that_acts(packages: Packages) -> None:
    source = """
    class Acme:
        def __init__(self, size: int = 3, key: str = "") -> None: ...

        @hookimpl(trylast=True)
        async def outgoing(self, message): ...

        @hookimpl
        def incoming(self, message): ...
    """
    packages.add(
        "acme-dist", {"acme": "acme_module:Acme"}, commands={"acme": "acme_module:command"}, acme_module=source
    )
    packages.add("other", {"zulu": "zulu_module"}, zulu_module="@hookimpl\ndef incoming(message): ...")
    lines = _run("--why", "ACME", "-x", "acme.key=hunter2").stdout.splitlines()
    assert lines[0] == "acme: active"
    for line in [
        "  why: installed, and nothing says otherwise",
        "  package: acme-dist 1.2",
        "  entry point: acme = acme_module:Acme",
        "  order: 1 of 2, by name",
        "  hook: incoming",
        "  hook: outgoing (trylast, async)",
        "  command: pybayeux acme",
        "  option: size: int = 3, by default",
        "  option: key: str = '***', from -x",
    ]:
        assert line in lines
    assert any(line.startswith("  import: ") for line in lines)
    assert not any(line.startswith("  help: ") for line in lines)
    assert any(line.startswith("  help: ") for line in _run("--why", "zulu").stdout.splitlines())


def test_why_explains_those_that_do_not(three: Packages, monkeypatch: pytest.MonkeyPatch) -> None:
    def why(name: str, *arguments: str) -> str:
        found = json.loads(_run("--why", name, "--json", *arguments).stdout)
        assert isinstance(found["decision"], str)
        return f"{found['extension']['state']}: {found['decision']}"

    assert why("signature") == "not configured: missing options: key"
    assert "broken: extension 'broken' of broken 1.2 cannot be loaded" in why("broken")
    assert why("plain", "-p", "no:plain") == "disabled: disabled by -p no or disabled="
    assert why("plain", "-p", "only:broken") == "disabled: not among the extensions in -p only: broken"
    Path("pybayeux.toml").write_text('only = ["broken"]\n')
    assert why("plain").startswith("disabled: not among the extensions in /")
    monkeypatch.setenv("PYBAYEUX_DISABLE_EXTENSIONS", "all")
    assert why("plain") == "disabled: disabled by PYBAYEUX_DISABLE_EXTENSIONS"


def test_why_of_an_unknown_one_says_which_was_meant(three: Packages) -> None:
    result = CliRunner().invoke(main, ["extensions", "--why", "plan"])
    assert (result.exit_code, result.stderr) == (
        2,
        "Error: extension 'plan': there is no such extension; did you mean 'plain'?\n",
    )


def test_freeze_and_check(three: Packages) -> None:
    Path("extensions.lock").write_text(_run("--freeze", "-p", "no:broken").stdout)
    assert _run("--check", "extensions.lock", "-p", "no:broken").stdout == "All extensions are as expected.\n"
    result = CliRunner().invoke(main, ["extensions", "--check", "extensions.lock"])
    assert (result.exit_code, result.stdout) == (1, "extension 'broken' of broken==1.2 is not expected\n")
    result = CliRunner().invoke(main, ["extensions", "--check", "extensions.lock", "--json"])
    [change] = json.loads(result.stdout)
    assert (change["name"], change["kind"]) == ("broken", "appeared")


def test_the_file_has_the_command_line_check_before_it_connects(three: Packages) -> None:
    Path("extensions.lock").write_text("plain plain-dist==1.1\n")
    Path("pybayeux.toml").write_text('expected = "extensions.lock"\nonly = ["plain"]\n')
    result = CliRunner().invoke(main, ["listen", "http://127.0.0.1:9/", "/a"])
    assert result.exit_code == 1
    assert "extension 'plain' is of plain-dist==1.2, and plain-dist==1.1 is expected" in result.stderr


def test_one_thing_is_asked_at_a_time(packages: Packages) -> None:
    expected = "Error: expected one of --why, --freeze, --check, and names or --long\n"
    for arguments in (
        ["--freeze", "--why", "ack"],
        ["ack", "--freeze"],
        ["--long", "--check", "x"],
        ["a", "--why", "b"],
    ):
        result = CliRunner().invoke(main, ["extensions", *arguments])
        assert (result.exit_code, result.stderr) == (2, expected)
