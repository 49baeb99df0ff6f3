from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest
import yaml

from pybayeux import errors
from pybayeux.cli import scaffold
from pybayeux.cli.package_names import PackageNames
from pybayeux.cli.scaffold import HOOKS, check_folder, render, write
from pybayeux.extensions.catalogue import core_hooks

if TYPE_CHECKING:
    from pathlib import Path

NAMES = PackageNames.of("pybayeux-acme-tenant")


def test_package_is_complete() -> None:
    package = render(NAMES, "outgoing")
    assert sorted(package) == [
        ".github/workflows/test.yml",
        ".gitignore",
        "README.md",
        "pyproject.toml",
        "src/pybayeux_acme_tenant/__init__.py",
        "src/pybayeux_acme_tenant/py.typed",
        "tests/test_pybayeux_acme_tenant.py",
    ]
    assert [place for place, text in package.items() if not text] == ["src/pybayeux_acme_tenant/py.typed"]


@pytest.mark.parametrize(
    ("release", "requirement"),
    [
        ("0.1.0", "pybayeux>=0.1,<0.2"),
        ("0.9.3.dev1+g123", "pybayeux>=0.9,<0.10"),
        ("1.4.2", "pybayeux>=1.4,<2"),
        ("12.0rc1", "pybayeux>=12.0,<13"),
    ],
)
def test_project_requires_what_has_the_same_hooks(
    release: str, requirement: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scaffold, "__version__", release)
    project = tomllib.loads(render(NAMES, "outgoing")["pyproject.toml"])["project"]
    assert project["dependencies"] == [requirement]


def test_project_names_what_there_is() -> None:
    project = tomllib.loads(render(NAMES, "outgoing")["pyproject.toml"])
    assert project["project"]["name"] == "pybayeux-acme-tenant"
    assert project["project"]["license"] == "Apache-2.0"
    assert project["project"]["entry-points"] == {
        "pybayeux": {"acme-tenant": "pybayeux_acme_tenant:AcmeTenant"},
        "pybayeux.commands": {"none": "pybayeux"},
    }
    assert project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == ["src/pybayeux_acme_tenant"]


def test_readme_names_option_and_variable() -> None:
    readme = render(NAMES, "outgoing")["README.md"]
    assert readme.startswith("# pybayeux-acme-tenant\n")
    assert "PYBAYEUX_ACME_TENANT_VALUE=" in readme
    assert "-x acme-tenant.value=" in readme


def test_workflow_runs_the_tests_with_each_python() -> None:
    workflow = yaml.safe_load(render(NAMES, "outgoing")[".github/workflows/test.yml"])
    job = workflow["jobs"]["test"]
    assert job["strategy"]["matrix"] == {"python": ["3.11", "3.12", "3.13"]}
    assert job["steps"][1]["with"] == {"python-version": "${{ matrix.python }}"}
    assert [step["run"] for step in job["steps"][2:]] == ["pip install -e '.[test]'", "pytest"]


@pytest.mark.parametrize("hook", HOOKS)
def test_each_hook_is_one_and_has_its_test(hook: str) -> None:
    package = render(NAMES, hook)
    source, test = package["src/pybayeux_acme_tenant/__init__.py"], package["tests/test_pybayeux_acme_tenant.py"]
    assert hook in core_hooks()
    assert source.count("@hookimpl") == source.count(f"    @hookimpl\n    def {hook}(self, ") == 1
    assert f'AcmeTenant(value="tea").{hook}(' in test
    assert "$" not in source + test


def test_new_and_empty_folders_are_written_to(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "empty", tmp_path / "far" / "away"):
        write({"a/b.txt": "é\n", "c": ""}, folder)
        assert (folder / "a" / "b.txt").read_bytes() == "é\n".encode()
        assert (folder / "c").read_bytes() == b""


def test_what_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "kept").touch()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for place, why in [(".", "is not empty"), ("kept", "is a file"), ("link", "is a broken link")]:
        with pytest.raises(errors.UsageError, match=f"{why}.* --dir"):
            check_folder(tmp_path / place)
        with pytest.raises(errors.UsageError, match=why):
            write({"a": "text"}, tmp_path / place)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept", "link"]
