"""The release commands: the version is written everywhere, and a dry run tries what it built."""

from __future__ import annotations

import shutil
import subprocess
import tomllib
from typing import TYPE_CHECKING

import pytest

from tests.packaging.release.publication import NotReady, changes
from tests.packaging.release.trial import try_out
from tests.packaging.release.versions import set_version
from tests.packaging.workspace import CORE, MEMBERS, ROOT
from tests.servers.build import BuildError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.packaging.conftest import Built


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout that has the files with versions in them."""
    if not (ROOT / ".git").exists():
        pytest.skip("this is no git checkout")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "*.toml", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for name in filter(None, listed.split("\0")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "."], cwd=tmp_path, check=True)
    return tmp_path


def test_a_new_version_is_written_everywhere(checkout: Path) -> None:
    changed = set_version(checkout, "0.7.3")
    pages = [checkout / name for name in ("README.md", "docs/extensions.md")]
    files = [checkout / member.folder.relative_to(ROOT) / "pyproject.toml" for member in MEMBERS]
    assert {*pages, *files} <= set(changed)
    for path in files:
        project = tomllib.loads(path.read_text(encoding="utf-8"))["project"]
        own = [each for each in project["dependencies"] if each.startswith("pybayeux")]
        assert project["version"] == "0.7.3"
        assert all(each.endswith(">=0.7,<0.8") for each in own)
    assert all("pybayeux>=0.7,<0.8" in page.read_text(encoding="utf-8") for page in pages)
    set_version(checkout, CORE.project["version"])
    assert all(path.read_bytes() == (ROOT / path.relative_to(checkout)).read_bytes() for path in changed)


@pytest.mark.parametrize("text", ["", "1", "1.0", "v1.0.0", "1.0.0-rc1", "1.0.0.0"])
def test_another_form_of_a_version_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"expected MAJOR\.MINOR\.PATCH"):
        set_version(tmp_path, text)


def test_what_is_not_released_is_shown(checkout: Path) -> None:
    for path in (checkout / "changes").glob("+*"):
        path.unlink()
    with pytest.raises(NotReady, match="nothing to release"):
        changes("9.9.9", checkout)
    (checkout / "changes" / "+tea.added.md").write_text("Tea.", encoding="utf-8")
    assert changes("9.9.9", checkout).endswith("### Added\n\n- Tea.")


@pytest.mark.timeout(300)
def test_built_distributions_are_tried(built: Built, tmp_path: Path) -> None:
    wheels = [built.wheel(member) for member in MEMBERS]
    try_out(wheels, tmp_path / "right", CORE.project["version"])
    with pytest.raises(BuildError, match="expected version 9"):
        try_out(wheels, tmp_path / "wrong", "9.9.9")
