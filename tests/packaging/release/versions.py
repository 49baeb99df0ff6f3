"""The version of the workspace: it is the same in every distribution, and this writes it.

Each pyproject file has it as text, so that a source distribution can be built without the repository around it.
"""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ("set_version",)

_FORM: Final = re.compile(r"(\d+)\.(\d+)\.\d+((a|b|rc)\d+)?")
_OWN: Final = re.compile(r'^(name = "pybayeux(?:-[a-z-]+)?"\nversion = )".*"$', re.MULTILINE)
_REQUIRED: Final = re.compile(r"\b(pybayeux(?:-[a-z]+)*(?:\[[^\]]*\])?)>=\d+\.\d+,<\d+\.\d+")


def set_version(root: Path, new: str) -> list[Path]:
    """Write a version into the members' pyproject files, and its minor version wherever one of them is required.

    Args:
        root: The checkout. Its tracked TOML and Markdown files are read, examples and documentation among them.
        new: The version.

    Returns:
        The files that have changed.

    Raises:
        ValueError: It is no version of the form ``MAJOR.MINOR.PATCH``, perhaps with ``a1``, ``b1`` or ``rc1`` behind.
    """
    if (form := _FORM.fullmatch(new)) is None:
        raise ValueError(f"expected MAJOR.MINOR.PATCH, such as 0.2.0 or 0.2.0rc1; got {new!r}")
    major, minor = int(form[1]), int(form[2])
    changed = []
    for path in _tracked(root):
        text = path.read_text(encoding="utf-8")
        written = _REQUIRED.sub(rf"\g<1>>={major}.{minor},<{major}.{minor + 1}", text)
        if path.name == "pyproject.toml" and path.parent != root:  # the workspace itself is no package
            written = _OWN.sub(rf'\g<1>"{new}"', written)
        if written != text:
            path.write_text(written, encoding="utf-8")
            changed.append(path)
    return changed


def _tracked(root: Path) -> list[Path]:
    command = ["git", "ls-files", "-z", "*.toml", "*.md"]
    listed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    return [root / name for name in listed.split("\0") if name and name != "CHANGELOG.md"]
