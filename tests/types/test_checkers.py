"""What type checkers say about the public types, and about the documentation's own code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from shutil import which
from typing import Any, Final

import pytest

from tests.docs.markdown import PAGES, ROOT
from tests.types.pages import as_module

pytestmark = pytest.mark.timeout(300)

_SURFACES: Final = [Path(__file__).with_name(name) for name in ("surface.py", "surface_extensions.py")]
_STRICT: Final = {"typeCheckingMode": "strict", "reportUnnecessaryTypeIgnoreComment": "error"}

_PACKAGES: Final = {path.parent.name for path in ROOT.glob("*/src/*/py.typed")} | {
    path.parent.name for path in ROOT.glob("extensions/*/src/*/py.typed")
}


def mypy(*paths: Path) -> str:
    """What mypy says with the project's own settings."""
    command = [sys.executable, "-m", "mypy", "--no-error-summary", *map(str, paths)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False).stdout


def pyright(*arguments: str, cwd: Path) -> dict[str, Any]:
    """What pyright says, which is a program for Node.js."""
    if which("node") is None:
        missing = "Node.js is missing"
        if os.environ.get("PYBAYEUX_REQUIRE_SERVERS") == "1":
            pytest.fail(f"{missing}, and PYBAYEUX_REQUIRE_SERVERS is set")
        pytest.skip(missing)
    command = [sys.executable, "-m", "pyright", "--outputjson", *arguments]
    # It looks for installed packages where the first Python of the path has them.
    env = os.environ | {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=300, check=False)
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def test_mypy_finds_no_error_in_the_blocks_of_the_documentation(tmp_path: Path) -> None:
    for page in PAGES:
        name = "_".join(page.relative_to(ROOT).with_suffix("").parts).replace("-", "_")
        (tmp_path / f"{name}.py").write_text(as_module(page), encoding="utf-8")
    assert mypy(tmp_path) == ""


@pytest.mark.parametrize("surface", _SURFACES, ids=lambda path: path.stem)
def test_pyright_and_mypy_agree_on_the_public_types(surface: Path, tmp_path: Path) -> None:
    (tmp_path / surface.name).write_bytes(surface.read_bytes())
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(_STRICT), encoding="utf-8")
    report = pyright(cwd=tmp_path)
    assert report["summary"]["filesAnalyzed"] == 1
    assert [f"{each['range']['start']['line'] + 1}: {each['message']}" for each in report["generalDiagnostics"]] == []
    assert mypy(surface) == ""


@pytest.mark.parametrize("package", sorted(_PACKAGES))
def test_every_public_type_is_known_to_pyright(package: str, tmp_path: Path) -> None:
    found = pyright("--verifytypes", package, "--ignoreexternal", cwd=tmp_path)["typeCompleteness"]
    unknown = [each["name"] for each in found["symbols"] if each["isExported"] and not each["isTypeKnown"]]
    assert unknown == []
    assert found["completenessScore"] == 1
