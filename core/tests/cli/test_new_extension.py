from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Final

import pytest
from click.testing import CliRunner

from pybayeux.cli import main
from pybayeux.cli import new_extension as module
from pybayeux.cli.scaffold import HOOKS
from pybayeux.extensions import discovery

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

    from core.tests.extensions.packages import Packages

OUTPUT: Final = """\
Created the extension 'acme-tenant' in acme-tenant:
  .github/workflows/test.yml
  .gitignore
  README.md
  pyproject.toml
  src/acme_tenant/__init__.py
  src/acme_tenant/py.typed
  tests/test_acme_tenant.py

Next:
  cd acme-tenant
  pip install -e '.[test]'
  pytest
"""


@pytest.fixture
def empty(packages: Packages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is the current one; nothing is installed but what the test installs."""
    monkeypatch.setattr(module, "find", lambda: packages.only(discovery.find()))
    folder = tmp_path / "empty"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def _run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["new-extension", *map(str, arguments)])


def _files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def _next(result: Result) -> list[str]:
    return [line.strip() for line in result.stdout.partition("Next:\n")[2].splitlines()]


def test_it_creates_the_listed_files_and_shows_the_next_steps(empty: Path) -> None:
    result = _run("Acme.Tenant")
    assert (result.exit_code, result.stdout, result.stderr) == (0, OUTPUT, "")
    assert _files(empty / "acme-tenant") == {line.strip() for line in OUTPUT.splitlines()[1:8]}


def test_the_result_as_json(empty: Path) -> None:
    made = json.loads(_run("Acme.Tenant", "--json").stdout)
    assert _files(empty / made["folder"]) == set(made.pop("files"))
    following = ["cd acme-tenant", "pip install -e '.[test]'", "pytest"]
    assert made == {"name": "acme-tenant", "dist": "acme-tenant", "folder": "acme-tenant", "next": following}


@pytest.mark.parametrize("hook", HOOKS)
def test_the_hook_can_be_chosen(hook: str, empty: Path) -> None:
    assert _run("acme-tenant", "--hook", hook).exit_code == 0
    assert f"    def {hook}(" in (empty / "acme-tenant" / "src" / "acme_tenant" / "__init__.py").read_text()


def test_an_unknown_hook_is_refused_with_the_known_ones(empty: Path) -> None:
    result = _run("acme-tenant", "--hook", "delivered")
    assert result.exit_code == 2
    assert all(hook in result.stderr for hook in HOOKS)
    assert _files(empty) == set()


def test_the_folder_can_be_chosen(empty: Path) -> None:
    result = _run("acme-tenant", "--dir", empty / "some where")
    assert result.exit_code == 0
    assert _next(result)[0] == f"cd '{empty / 'some where'}'"
    assert "pyproject.toml" in _files(empty / "some where")


def test_the_current_folder_needs_not_be_entered(empty: Path) -> None:
    result = _run("acme-tenant", "--dir", ".")
    assert result.exit_code == 0
    assert _next(result) == ["pip install -e '.[test]'", "pytest", "pybayeux extensions"]
    assert "pyproject.toml" in _files(empty)


def test_a_folder_with_something_in_it_is_left_alone(empty: Path) -> None:
    (empty / "acme-tenant").mkdir()
    (empty / "acme-tenant" / "mine").write_text("kept")
    result = _run("acme-tenant")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == ("Error: acme-tenant is not empty; nothing was written; choose a new folder with --dir\n")
    assert _files(empty) == {"acme-tenant/mine"}
    assert _run("acme-tenant", "--dir", "acme-tenant/mine").exit_code == 2


@pytest.mark.parametrize("name", ["json", "3d", "a b", "../up", "all", "pybayeux", ""])
def test_a_name_that_cannot_be_used_makes_nothing(name: str, empty: Path) -> None:
    result = _run(name)
    assert result.exit_code == 2
    assert "Error: Invalid value for 'NAME': " in result.stderr
    assert os.listdir(empty) == []


def test_a_failed_write_is_shown_in_one_line(empty: Path) -> None:
    (empty / "file").touch()
    result = _run("acme-tenant", "--dir", "file/folder")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert "file/folder" in result.stderr


def test_the_name_of_another_extension_is_made_with_a_warning(empty: Path, packages: Packages) -> None:
    packages.signature()
    result = _run("pybayeux-signature")
    assert result.exit_code == 0
    assert "warning: signature-extension 1.2 already has an extension 'signature'" in result.stderr
    assert "entry point in pyproject.toml" in result.stderr
    assert (empty / "pybayeux-signature").is_dir()


def test_the_name_of_an_installed_package_is_made_with_a_warning(empty: Path, packages: Packages) -> None:
    packages.signature()
    result = _run("signature.extension")
    assert result.exit_code == 0
    assert "warning: signature-extension 1.2 is installed here: installing the new package replaces it" in result.stderr
