from __future__ import annotations

import json
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
            {"name": "size", "type": "int", "default": 3, "required": False},
            {"name": "names", "type": "tuple[str, ...]", "default": "()", "required": False},
            {"name": "empty", "type": "str", "default": "", "required": False},
        ],
        "brings": [],
        "reason": "",
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


def test_the_table_has_everything_and_obeys_no_text(three: Packages) -> None:
    table = _run().stdout
    for text in [
        "broken 1.2",
        "cannot be loaded",
        "plain-dist 1.2",
        "delivered",
        "size: int = 3",
        "names: tuple[str, ...] = ()",
        "empty: str = ''",
        "not configured",
        "key: str (required)",
        "header: str = com.example.sig",
    ]:
        assert text in table
    assert "\x1b" not in table


def test_an_empty_table_says_what_to_do(packages: Packages) -> None:
    assert "pip install pybayeux-replay" in _run().stdout
    assert json.loads(_run("--json").stdout) == []
