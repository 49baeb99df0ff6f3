"""Packages of every kind that a third party writes, built and installed: each does its work with a server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.packaging.environment import Environment
from tests.packaging.uv import run_uv
from tests.packaging.workspace import MEMBERS, ROOT, read_project
from tests.servers.fixtures import needs_tools
from tests.support.once import made_once

if TYPE_CHECKING:
    from tests.packaging.conftest import Built

pytestmark = pytest.mark.timeout(300)  # a machine without a cache has to fetch what builds and what is required

PACKAGES: Final = (ROOT / "examples" / "custom_extension", *sorted((ROOT / "examples" / "packages").iterdir()))
PROGRAM: Final = Path(__file__).with_name("kinds_of_packages.py")


@pytest.fixture(scope="session")
def installed(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with all of these packages, built as for a release; nothing else is to be installed there."""

    def install(folder: Path) -> None:
        for package in PACKAGES:
            run_uv("build", "--wheel", "--out-dir", folder / "dist", package, cwd=folder)
        devserver = next(member for member in MEMBERS if member.name == "pybayeux-devserver")
        Environment.create(folder).install(*built.wheels_for(devserver), *(folder / "dist").glob("*.whl"))

    with needs_tools():
        return Environment(made_once("kinds-of-packages", install, tmp_path_factory))


def said_by(environment: Environment, kind: str, folder: Path) -> Any:
    """What the program says of one kind."""
    return json.loads(environment.run("python", "-I", PROGRAM, kind, cwd=folder).splitlines()[-1])


def test_every_package_is_listed_and_lacks_its_options(installed: Environment) -> None:
    listed = {each["name"]: each for each in json.loads(installed.run("pybayeux", "extensions", "--json"))}
    dists = {read_project(package)["project"]["name"] for package in PACKAGES}
    ours = {name: each for name, each in listed.items() if each["dist"] in dists}
    assert len(ours) == len(PACKAGES)
    assert {name for name, each in ours.items() if each["state"] == "active"} == {"acme-audit", "acme-unix"}
    assert {each["state"] for each in ours.values()} == {"active", "not configured"}
    assert listed["acme-journal"]["reason"] == "missing options: path"
    assert listed["acme-audit"]["brings"] == ["audited"]


def test_all_of_them_follow_the_rules(installed: Environment, tmp_path: Path) -> None:
    assert len(said_by(installed, "contracts", tmp_path)) == len(PACKAGES)


def test_a_signature(installed: Environment, tmp_path: Path) -> None:
    [(name, signature)] = said_by(installed, "signature", tmp_path).items()
    assert name == "com.example.signature"
    assert signature.startswith("5334f8")


def test_a_rotating_token(installed: Environment, tmp_path: Path) -> None:
    assert said_by(installed, "acme_token", tmp_path) == ["Bearer new", "Bearer old"]


def test_duplicates_are_dropped_and_a_command_shows_them(installed: Environment, tmp_path: Path) -> None:
    assert said_by(installed, "acme_dedupe", tmp_path) == ["a", "b", None, None]
    command = ("-x", f"acme-dedupe.path={tmp_path / 'ids.txt'}", "known-events")
    assert installed.run("pybayeux", *command, "--clear").split() == ["a", "b"]
    assert installed.run("pybayeux", *command).split() == []


def test_a_journal_that_is_on_the_disk_before_an_event_is_handled(installed: Environment, tmp_path: Path) -> None:
    assert said_by(installed, "acme_journal", tmp_path) == [list(range(count)) for count in range(1, 6)]
    last = installed.run("pybayeux", "-x", f"acme-journal.path={tmp_path / 'journal.jsonl'}", "journal", "--last", "2")
    assert [json.loads(line)[0]["data"] for line in last.splitlines()] == [3, 4]


def test_a_transport_on_a_unix_socket(installed: Environment, tmp_path: Path) -> None:
    assert said_by(installed, "acme_unix", tmp_path) == [0, True, ["over TCP", "over the socket"]]


def test_a_hook_of_its_own_and_a_package_that_implements_it(installed: Environment, tmp_path: Path) -> None:
    said_by(installed, "acme_audit", tmp_path)
    assert (tmp_path / "audit.txt").read_text() == '/orders {"number":1}\n'
