"""Helper: runs uv, apart from the environment that the tests run in."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Final

from tests.servers.build import BuildError, MissingTool
from tests.support.run_setup import real_authorities

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ("clean_environment", "run", "run_uv")

_OF_THE_TESTS: Final = ("PYBAYEUX_", "PYTEST_", "PYTHON", "UV_PROJECT", "UV_PYTHON", "VIRTUAL_ENV")


def clean_environment() -> dict[str, str]:
    """The environment variables without those that lead back to the project's own virtual environment."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_OF_THE_TESTS)}
    return inherited | real_authorities()


def run(*command: str | Path, cwd: Path) -> str:
    """What a command prints to stdout.

    Raises:
        BuildError: It failed.
    """
    done = subprocess.run(command, cwd=cwd, env=clean_environment(), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BuildError(f"{' '.join(map(str, command))} failed:\n{done.stdout}\n{done.stderr}")
    return done.stdout


def run_uv(*arguments: str | Path, cwd: Path) -> str:
    """What uv prints to stdout.

    Raises:
        MissingTool: There is no uv.
        BuildError: It failed.
    """
    uv = os.environ.get("UV") or shutil.which("uv")  # `uv run` tells where it is itself
    if uv is None:
        raise MissingTool("uv is not installed")
    return run(uv, *arguments, cwd=cwd)
