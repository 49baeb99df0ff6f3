"""Helper: what the workspace consists of, read from its pyproject files."""

from __future__ import annotations

import ast
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("CORE", "DISCOVERED", "EXTENSIONS", "MEMBERS", "ROOT", "Member", "imports", "read_project")

ROOT: Final = Path(__file__).parents[2]
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class Member:
    """One distribution of the workspace."""

    folder: Path

    def __str__(self) -> str:
        return self.name

    @property
    def project(self) -> dict[str, Any]:
        """The table ``[project]``."""
        return dict(read_project(self.folder)["project"])

    @property
    def name(self) -> str:
        """The name of the distribution."""
        return str(self.project["name"])

    @property
    def module(self) -> str:
        """The name of the package that is imported."""
        return self.name.replace("-", "_")

    @property
    def source(self) -> Path:
        """The folder of the package."""
        return self.folder / "src" / self.module

    @property
    def requirements(self) -> dict[str, str]:
        """From each distribution that it depends on to the rest of the requirement."""
        texts = [str(text) for text in self.project["dependencies"]]
        return {name: text[len(name) :] for text in texts for name in _NAME.findall(text)[:1]}


@cache
def read_project(folder: Path) -> dict[str, Any]:
    """The pyproject file of a folder."""
    return tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))


def _members() -> Iterator[Member]:
    for pattern in read_project(ROOT)["tool"]["uv"]["workspace"]["members"]:
        for project in sorted(ROOT.glob(f"{pattern}/pyproject.toml")):
            yield Member(project.parent)


MEMBERS: Final = tuple(_members())
CORE: Final = next(member for member in MEMBERS if member.name == "pybayeux")
EXTENSIONS: Final = tuple(member for member in MEMBERS if member is not CORE)
DISCOVERED: Final = tuple(member for member in EXTENSIONS if "pybayeux" in member.project["entry-points"])
"""The distributions that every client discovers: all but the servers, which have no hook."""


def imports(path: Path) -> Iterator[str]:
    """What a file imports, at any depth, as dotted names.

    ``from a.b import c`` is ``a.b.c``; a relative import begins with its dots.
    """
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = "." * node.level + (node.module or "")
            yield from (f"{origin}.{alias.name}" for alias in node.names)
