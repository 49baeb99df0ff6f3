"""A program in one file, a zipapp: with the metadata of its packages, and without it, as some tools freeze programs."""

from __future__ import annotations

import shutil
import zipapp
import zipfile
from typing import TYPE_CHECKING, Final

import pytest

from tests.packaging.workspace import MEMBERS, ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from pybayeux_devserver import BlockingServer
    from tests.packaging.conftest import Built
    from tests.packaging.environment import Environment

pytestmark = pytest.mark.timeout(300)  # a machine without a cache has to fetch what is required

REPLAY: Final = next(member for member in MEMBERS if member.name == "pybayeux-replay")

PROGRAM: Final = """
import logging, os, sys
import pybayeux
from pybayeux import Client

logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stdout)
arguments = {}
if sys.argv[2] == "by-hand":
    from pybayeux_replay import Replay
    os.environ |= {"PYBAYEUX_REPLAY_STORE": "positions.db", "PYBAYEUX_REPLAY_SINCE": "earliest"}
    arguments = {"discover": False, "extensions": [Replay]}
with Client(sys.argv[1], **arguments) as client:
    print(".pyz" in pybayeux.__file__, *(each.name for each in client.extensions))
    if arguments:
        with client.subscribe("/orders") as events:
            next(events)
"""


@pytest.fixture
def only_requirements(built: Built, own_environment: Environment) -> Environment:
    """An environment with what the packages require, but without the packages."""
    wheels = built.wheels_for(REPLAY)
    own_environment.install(*wheels)
    own_environment.uninstall(*(member.name for member in MEMBERS if built.wheel(member) in wheels))
    return own_environment


def frozen(built: Built, folder: Path, *, metadata: bool) -> Path:
    """The program with the packages in one file."""
    source = folder / ("with" if metadata else "without")
    for wheel in built.wheels_for(REPLAY):
        with zipfile.ZipFile(wheel) as file:
            file.extractall(source)
    if not metadata:
        for found in source.glob("*.dist-info"):
            shutil.rmtree(found)
    (source / "__main__.py").write_text(PROGRAM)
    target = folder / f"{source.name}.pyz"
    zipapp.create_archive(source, target)
    return target


def test_without_metadata_it_is_told_and_extensions_are_passed_by_hand(
    built: Built, only_requirements: Environment, bayeux_server: BlockingServer, tmp_path: Path
) -> None:
    program = frozen(built, tmp_path, metadata=False)
    warning, said = only_requirements.run("python", "-I", program, bayeux_server.url, "as-it-is").splitlines()
    assert f"\n```text\n{warning}\n```\n" in (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")
    assert said == "True"
    bayeux_server.publish("/orders", {"number": 1})
    said = only_requirements.run("python", "-I", program, bayeux_server.url, "by-hand")
    assert said == "True replay\n"
    assert (only_requirements.folder / "positions.db").exists()


def test_with_metadata_it_finds_its_extensions(
    built: Built, only_requirements: Environment, bayeux_server: BlockingServer, tmp_path: Path
) -> None:
    program = frozen(built, tmp_path, metadata=True)
    assert only_requirements.run("python", "-I", program, bayeux_server.url, "as-it-is") == "True replay\n"
