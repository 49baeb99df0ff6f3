"""The trial of built distributions: installed into an empty environment, found, and run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.packaging.environment import Environment
from tests.packaging.workspace import DISCOVERED
from tests.servers.build import BuildError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ("try_out",)


def try_out(files: Sequence[Path], folder: Path, version: str) -> None:
    """Install all distributions, look whether every extension is found, and run the demo.

    Args:
        files: A file of each distribution, all wheels or all source distributions.
        folder: Where to work; it is made.
        version: What every distribution has to be.

    Raises:
        BuildError: Something failed, or is not as expected.
    """
    folder.mkdir()
    environment = Environment.create(folder)
    environment.install(*files)
    if version not in (said := environment.run("pybayeux", "--version")).split():
        raise BuildError(f"expected version {version}; pybayeux --version says {said.strip()!r}")
    listed = json.loads(environment.run("pybayeux", "extensions", "--json"))
    found = {each["dist"]: each["version"] for each in listed}
    if found != (expected := {member.name: version for member in DISCOVERED}):
        raise BuildError(f"expected the extensions of {expected}; found {found}")
    environment.run("pybayeux", "demo", "--seconds", "3")
