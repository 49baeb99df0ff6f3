"""The fixtures of the packaging tests: the distributions, built once per run, and an environment that has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.packaging.environment import Environment
from tests.packaging.uv import run_uv
from tests.packaging.workspace import MEMBERS, ROOT, Member
from tests.servers.fixtures import needs_tools
from tests.support.once import made_once

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ("Built", "built", "everything", "own_environment")


@dataclass(frozen=True)
class Built:
    """The folder with the wheel and the sdist of every member."""

    folder: Path

    def wheel(self, member: Member) -> Path:
        """The wheel of a member."""
        return self._only(member, "-py3-none-any.whl")

    def sdist(self, member: Member) -> Path:
        """The source distribution of a member."""
        return self._only(member, ".tar.gz")

    def wheels_for(self, member: Member) -> list[Path]:
        """The wheel of a member, and those of the members that it requires, at any depth."""
        required = [other for other in MEMBERS if other.name in member.requirements]
        further = [wheel for other in required for wheel in self.wheels_for(other)]
        return list(dict.fromkeys([self.wheel(member), *further]))

    def _only(self, member: Member, ending: str) -> Path:
        return self.folder / f"{member.module}-{member.project['version']}{ending}"


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Every distribution, built as for a release: the sdist from the sources, the wheel from the sdist."""

    def build(folder: Path) -> None:
        run_uv("build", "--all-packages", "--out-dir", folder, cwd=ROOT)

    with needs_tools():
        return Built(made_once("dist", build, tmp_path_factory))


@pytest.fixture(scope="session")
def everything(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with the wheels of all members: nothing else is to be installed there."""

    def install(folder: Path) -> None:
        Environment.create(folder).install(*map(built.wheel, MEMBERS))

    return Environment(made_once("everything", install, tmp_path_factory))


@pytest.fixture
def own_environment(built: Built, tmp_path: Path) -> Environment:
    """An empty environment of the test's own."""
    return Environment.create(tmp_path)
