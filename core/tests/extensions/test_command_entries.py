from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pybayeux.errors import ExtensionLoadError
from pybayeux.extensions import command_entries as entries
from pybayeux.extensions import discovery

if TYPE_CHECKING:
    from pathlib import Path

    from core.tests.extensions.packages import Packages

MODULE = "def hello(): ...\n"


def _of(name: str) -> discovery.Installed:
    return next(each for each in discovery.find() if each.name == name)


def test_commands_are_listed_by_name_without_an_import(packages: Packages) -> None:
    packages.add("acme", {"acme": "acme_module"}, commands={"hello": "acme_module:hello", "bye": "acme_module:bye"})
    packages.add("mute", {"mute": "mute_module"}, commands={"none": "pybayeux"})
    assert list(entries.command_entries()) == ["bye", "hello"]
    assert entries.commands_of(_of("acme")) == ("bye", "hello")
    assert entries.commands_of(_of("mute")) == ()


def test_of_two_of_a_name_the_first_counts_and_a_warning_says_so(
    packages: Packages, caplog: pytest.LogCaptureFixture
) -> None:
    packages.add("acme", {}, commands={"hello": "acme_module:hello"})
    packages.add("bravo", {}, commands={"hello": "bravo_module:hello"})
    assert entries.command_entries()["hello"].dist == "acme"
    assert "command 'hello' of bravo 1.2 is left out: acme 1.2 has a command of that name already" in caplog.text


def test_extensions_of_packages_that_name_their_commands_need_not_be_asked(packages: Packages) -> None:
    packages.add("acme", {"acme": "acme_module"}, commands={"none": "pybayeux"})
    packages.add("older", {"older": "older_module"})
    assert [each.name for each in entries.unasked()] == ["older"]
    assert entries.may_add_commands(_of("older"))
    assert not entries.may_add_commands(_of("acme"))


def test_a_command_is_loaded_or_the_error_names_it(packages: Packages) -> None:
    commands = {"hello": "acme_module:hello", "gone": "no_such_module:gone"}
    packages.add("acme", {}, commands=commands, acme_module=MODULE)
    packages.add("late", {}, commands={"late": "acme_module:hello"}, requires=["pybayeux>=99"])
    found = entries.command_entries()
    assert entries.load_command(found["hello"]).__name__ == "hello"
    with pytest.raises(ExtensionLoadError, match=r"'gone' of acme 1\.2 cannot be loaded: ModuleNotFoundError"):
        entries.load_command(found["gone"])
    with pytest.raises(ExtensionLoadError, match="requires pybayeux>=99"):
        entries.load_command(found["late"])


def test_the_source_of_a_module_is_read_without_importing_its_packages(packages: Packages, tmp_path: Path) -> None:
    below = tmp_path / "acme_package" / "inner"
    below.mkdir(parents=True)
    (below.parent / "__init__.py").write_text("1 / 0")
    (below / "__init__.py").write_text("1 / 0")
    (below / "commands.py").write_text(MODULE)
    assert entries.source_of("acme_package.inner.commands") == MODULE
    assert not packages.is_imported("acme_package")


@pytest.mark.parametrize(
    "module", ["no_such_module", "no_such_module.commands", "sys", "", "json.nothing", "os.path.x"]
)
def test_a_module_without_source_has_none(module: str) -> None:
    assert entries.source_of(module) is None


def test_a_loader_that_returns_something_else_has_no_source(monkeypatch: pytest.MonkeyPatch) -> None:
    class Loader:
        def get_source(self, name: str) -> Any:
            return b"bytes"

    class Spec:
        loader = Loader()

    monkeypatch.setattr(entries, "find_spec", lambda name: Spec())
    assert entries.source_of("frozen_module") is None
