"""The files of a new package with an extension: rendering the templates, and writing the files.

The templates are the files in ``template/``, with `string.Template`'s placeholders.
"""

from __future__ import annotations

import re
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Final

from .. import __version__
from ..errors import UsageError
from ..extensions.options import environment_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from .package_names import PackageNames

__all__ = ("HOOKS", "check_folder", "render", "write")

HOOKS: Final = ("outgoing", "incoming", "request")
"""The hooks that have templates: ``<hook>.py.template`` and ``<hook>_test.py.template``."""

_PLACES: Final = {
    ".github/workflows/test.yml": "test.yml",
    ".gitignore": "gitignore",
    "README.md": "README.md",
    "pyproject.toml": "pyproject.toml",
    "src/$module/__init__.py": "$hook.py",
    "src/$module/py.typed": None,
    "tests/test_$module.py": "${hook}_test.py",
}
"""Each file of the package and its template; None if the file is empty."""


def render(names: PackageNames, hook: str) -> dict[str, str]:
    """The texts of a package's files, by path.

    Args:
        names: The names in the package.
        hook: The hook that the extension implements, one of `HOOKS`.
    """
    values = _values(names, hook)
    return {
        _filled(place, values): _filled(_template(_filled(template, values)), values) if template else ""
        for place, template in _PLACES.items()
    }


def _values(names: PackageNames, hook: str) -> dict[str, str]:
    return {
        "class_name": names.class_name,
        "distribution": names.distribution,
        "extension": names.extension,
        "header": "-".join(["X", *(word.capitalize() for word in names.extension.split("-"))]),
        "hook": hook,
        "module": names.module,
        "requirement": _requirement(__version__),
        "variable": environment_name(names.extension, "value"),
    }


def _requirement(release: str) -> str:
    """The same minor version before 1.0, the same major version after it: only the next one may change hooks."""
    major, minor = map(int, re.findall(r"\d+", release)[:2])
    return f"pybayeux>={major}.{minor},<{f'0.{minor + 1}' if major == 0 else major + 1}"


def _template(name: str) -> str:
    return files(__package__).joinpath("template", f"{name}.template").read_text(encoding="utf-8")


def _filled(text: str, values: Mapping[str, str]) -> str:
    return Template(text).substitute(values)


def check_folder(folder: Path) -> None:
    """Check that a package can be written to a folder without touching existing files.

    Raises:
        UsageError: The folder is not empty, or it is a file or a broken link.
        OSError: The folder cannot be read.
    """
    if folder.is_symlink() and not folder.exists():
        raise UsageError(f"{folder} is a broken link; choose another folder with --dir")
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; choose another folder with --dir")
    if folder.is_dir() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty; nothing was written; choose a new folder with --dir")


def write(package: Mapping[str, str], folder: Path) -> None:
    """Write the files of a package into a folder, which is created if it does not exist. Overwrites nothing.

    Raises:
        UsageError: The folder is not empty, or it is a file or a broken link; nothing was written.
        OSError: A file cannot be written.
    """
    check_folder(folder)
    for place, text in package.items():
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
