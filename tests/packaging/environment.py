"""Helper: virtual environments that have nothing but what a test puts there."""

from __future__ import annotations

import importlib.metadata
import os
import sys
from typing import TYPE_CHECKING, Final, Self

from tests.packaging.uv import run, run_uv
from tests.packaging.workspace import MEMBERS

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ("Environment",)

_BINARIES: Final = "Scripts" if os.name == "nt" else "bin"


class Environment:
    """A virtual environment that `create` has made, of the Python that runs the tests.

    Args:
        folder: Where it is; commands run there too.
    """

    def __init__(self, folder: Path) -> None:
        self.folder: Final = folder
        self._home: Final = folder / "environment"

    @classmethod
    def create(cls, folder: Path) -> Self:
        """Make a new one, with nothing in it."""
        made = cls(folder)
        run_uv("venv", "--no-project", "--python", sys.executable, made._home, cwd=folder)
        return made

    def install(self, *packages: str | Path) -> None:
        """Install wheels and named packages, what they require in the versions that the tests run with."""
        tested = self.folder / "tested.txt"
        tested.write_text("\n".join(_tested_versions()))
        python = self._home / _BINARIES / "python"
        run_uv("pip", "install", "--python", python, "--constraint", tested, *packages, cwd=self.folder)

    def uninstall(self, *names: str) -> None:
        """Take distributions out again, and leave what they require."""
        python = self._home / _BINARIES / "python"
        run_uv("pip", "uninstall", "--python", python, *names, cwd=self.folder)

    def run(self, program: str, *arguments: str | Path, cwd: Path | None = None) -> str:
        """What an installed program prints; raises BuildError where it fails."""
        return run(self._home / _BINARIES / program, *arguments, cwd=cwd or self.folder)

    def run_script(self, source: str, *arguments: str) -> str:
        """What a Python script prints; it sees the environment alone, not the folder it is in."""
        return self.run("python", "-I", "-c", source, *arguments)


def _tested_versions() -> list[str]:
    own = {member.name for member in MEMBERS}
    found = {each.metadata["Name"]: each.version for each in importlib.metadata.distributions()}
    return [f"{name}=={version}" for name, version in found.items() if name.lower() not in own]
