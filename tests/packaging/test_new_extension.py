"""A new extension: what `pybayeux new-extension` makes is tested, built, installed and found, as its author does it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from click.testing import CliRunner

from pybayeux.cli import main
from pybayeux.cli.scaffold import HOOKS
from tests.packaging.uv import clean_environment, run_uv
from tests.packaging.workspace import CORE, ROOT, read_project
from tests.servers.fixtures import needs_tools

if TYPE_CHECKING:
    from tests.packaging.conftest import Built
    from tests.packaging.environment import Environment

pytestmark = pytest.mark.timeout(300)  # a machine without a cache has to fetch what builds and what is required

JOURNEY: Final = ROOT / "examples" / "stranger" / "journey.sh"


def _run_module(module: str, *arguments: str, cwd: Path, **environment: str | Path) -> None:
    """Run a module with the Python of the tests; it has to succeed."""
    command = [sys.executable, "-m", module, *arguments]
    variables = clean_environment() | {name: str(value) for name, value in environment.items()}
    done = subprocess.run(command, cwd=cwd, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def author(built: Built, own_environment: Environment) -> Environment:
    """An environment with the core and pytest, in a folder with nothing else."""
    own_environment.install(built.wheel(CORE), "pytest")
    return own_environment


def test_new_extension_is_tested_built_and_found(author: Environment, tmp_path: Path) -> None:
    author.run("pybayeux", "new-extension", "acme-tenant")
    package = tmp_path / "acme-tenant"
    run_uv("build", "--wheel", package, cwd=tmp_path)
    [wheel] = (package / "dist").glob("*.whl")
    author.install(wheel)
    assert "3 passed" in author.run("python", "-m", "pytest", package)
    [listed] = json.loads(author.run("pybayeux", "extensions", "--json"))
    assert listed == {
        "name": "acme-tenant",
        "dist": "acme-tenant",
        "version": "0.1.0",
        "state": "active",
        "order": 1,
        "hooks": ["outgoing"],
        "options": [
            {
                "name": "value",
                "type": "str",
                "default": "hello",
                "required": False,
                "value": "hello",
                "source": "default",
            }
        ],
        "brings": [],
        "commands": [],
        "reason": "",
    }


def test_wheel_of_a_new_extension_has_the_package_and_nothing_else(author: Environment, tmp_path: Path) -> None:
    author.run("pybayeux", "new-extension", "acme-tenant")
    (tmp_path / "acme-tenant" / "LICENSE").write_text("what the author chose")
    run_uv("build", "--out-dir", tmp_path / "dist", tmp_path / "acme-tenant", cwd=tmp_path)
    [path] = (tmp_path / "dist").glob("*.whl")
    with zipfile.ZipFile(path) as wheel:
        files = set(wheel.namelist())
        metadata = wheel.read("acme_tenant-0.1.0.dist-info/METADATA").decode()
    assert files == {
        "acme_tenant/__init__.py",
        "acme_tenant/py.typed",
        "acme_tenant-0.1.0.dist-info/METADATA",
        "acme_tenant-0.1.0.dist-info/RECORD",
        "acme_tenant-0.1.0.dist-info/WHEEL",
        "acme_tenant-0.1.0.dist-info/entry_points.txt",
        "acme_tenant-0.1.0.dist-info/licenses/LICENSE",
    }
    assert "License-Expression: Apache-2.0\n" in metadata
    assert "Requires-Dist: pybayeux<0.2,>=0.1\n" in metadata


@pytest.fixture(scope="module")
def one_of_each(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A new package for each hook, side by side in a folder."""
    folder = tmp_path_factory.mktemp("one-of-each")
    for hook in HOOKS:
        with contextlib.chdir(folder):
            made = CliRunner().invoke(main, ["new-extension", f"pybayeux-acme-{hook}", "--hook", hook])
        assert made.exit_code == 0, made.output
    return [folder / f"pybayeux-acme-{hook}" for hook in HOOKS]


@pytest.mark.parametrize("hook", HOOKS)
def test_each_template_passes_its_own_test(hook: str, one_of_each: list[Path]) -> None:
    package = one_of_each[HOOKS.index(hook)]
    _run_module("pytest", "-p", "no:cacheprovider", "-W", "error", cwd=package, PYTHONPATH=package / "src")


@pytest.mark.parametrize("hook", HOOKS)
def test_each_template_passes_linter_and_formatter(hook: str, one_of_each: list[Path]) -> None:
    """The rules of this project, with the shorter lines that a formatter has by default."""
    lint = read_project(ROOT)["tool"]["ruff"]["lint"]
    rules = ["--select", ",".join(lint["select"]), "--ignore", ",".join([*lint["ignore"], "D103"])]
    package, plain = one_of_each[HOOKS.index(hook)], ("--isolated", "--no-cache", "--line-length", "88")
    _run_module("ruff", "check", *plain, *rules, cwd=package)
    _run_module("ruff", "format", "--check", *plain, cwd=package)


def test_templates_are_typed(one_of_each: list[Path]) -> None:
    import_path = os.pathsep.join(str(package / "src") for package in one_of_each)
    options = ("--strict", "--cache-dir", os.devnull)
    _run_module("mypy", *options, *map(str, one_of_each), cwd=one_of_each[0].parent, MYPYPATH=import_path)


def test_stranger_sees_the_effect_on_the_wire(tmp_path: Path) -> None:
    """The whole way, from nothing to a server; neither a process nor a file is left."""
    uv = os.environ.get("UV") or shutil.which("uv")
    environment = clean_environment() | {"TMPDIR": str(tmp_path)}
    if uv is not None:
        environment["PATH"] = f"{Path(uv).parent}{os.pathsep}{environment['PATH']}"
    with needs_tools():
        run_uv("--version", cwd=tmp_path)
    journey = subprocess.Popen(
        [JOURNEY],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        output, _ = journey.communicate()
    finally:
        with pytest.raises(ProcessLookupError):
            os.killpg(journey.pid, signal.SIGKILL)
    assert journey.returncode == 0, output
    assert '"ext": {"acme-tenant": "tenant-7"}' in output
    assert output.splitlines()[-1].endswith(" seconds")
    assert list(tmp_path.iterdir()) == []
