"""What the packages say of themselves, and what the repository must not say of the machines it was written on."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING, Final

import pytest

from pybayeux._util import known_packages
from tests.packaging.workspace import CORE, DISCOVERED, EXTENSIONS, MEMBERS, ROOT, Member, read_project

if TYPE_CHECKING:
    from pathlib import Path

each_member = pytest.mark.parametrize("member", MEMBERS, ids=str)

_LOCKS: Final = {"Pipfile.lock", "package-lock.json", "pdm.lock", "poetry.lock", "uv.lock", "yarn.lock"}
_MACHINE: Final = re.compile(
    r"(?<![\w.$}-])/(?:home|root|Users|work|opt|mnt|workspace)/\w"  # folders of one machine
    r"|\w/simple/?(?=[\"'\s]|$)|index[-]url|find-links *="  # the index that a machine is set up with
    r"|files\.pythonhosted\.org|registry\.(?:npmjs|yarnpkg)\.|repo\d?\.maven|artifact[o]ry|proxy\.golang\.org",
    re.MULTILINE,
)


@pytest.fixture(scope="module")
def tracked() -> list[Path]:
    """The files that git knows, changed or new."""
    if not (ROOT / ".git").exists():
        pytest.skip("this is no git checkout")
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


@each_member
def test_member_has_what_every_distribution_needs(member: Member) -> None:
    assert (member.folder / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
    assert (member.folder / "README.md").read_text(encoding="utf-8").startswith(f"# {member.name}\n")
    assert (member.source / "py.typed").read_bytes() == b""
    assert member.project["requires-python"] == ">=3.11"
    assert member.project["description"]


def test_errors_name_the_packages_that_there_are() -> None:
    """For a command, an extension or an address that lacks its package."""
    points = {member.name: member.project.get("entry-points", {}) for member in EXTENSIONS}
    extensions = {name: package for package, groups in points.items() for name in groups.get("pybayeux", {})}
    commands = {name: package for package, groups in points.items() for name in groups.get("pybayeux.commands", {})}
    commands.pop("none")
    assert (extensions, commands) == (known_packages.EXTENSIONS, known_packages.COMMANDS)
    assert set(known_packages.SCHEMES.values()) <= set(points)


@each_member
def test_member_says_whose_it_is_and_where(member: Member) -> None:
    assert member.project["authors"] == [{"name": "The pybayeux developers"}]
    assert {"bayeux", "cometd"} <= set(member.project["keywords"])
    folder = member.folder.relative_to(ROOT).as_posix()
    repository = "https://github.com/pybayeux/pybayeux"
    assert member.project["urls"] == {
        "Documentation": "https://pybayeux.readthedocs.io",
        "Source": f"{repository}/tree/main/{folder}",
        "Issues": f"{repository}/issues",
        "Changelog": f"{repository}/blob/main/CHANGELOG.md",
    }


@each_member
def test_member_names_the_pythons_that_ci_runs(member: Member) -> None:
    check = (ROOT / ".ci" / "check").read_text(encoding="utf-8")
    [further] = re.findall(r"^for version in (.*); do$", check, re.MULTILINE)
    named = [each.rpartition(" ")[2] for each in member.project["classifiers"] if re.search(r"\d\.\d+$", each)]
    assert named == ["3.11", *further.split()]


@each_member
def test_readme_has_a_first_example(member: Member) -> None:
    readme = (member.folder / "README.md").read_text(encoding="utf-8")
    assert re.search(r"^```(?:python|sh)$", readme, re.MULTILINE)


@each_member
def test_members_have_one_version(member: Member) -> None:
    assert member.project["version"] == CORE.project["version"]


@pytest.mark.parametrize("member", EXTENSIONS, ids=str)
def test_extension_requires_its_siblings_in_this_minor_version(member: Member) -> None:
    major, minor, _ = map(int, CORE.project["version"].split("."))
    own = {other.name for other in MEMBERS} & member.requirements.keys()
    assert CORE.name in own
    assert {member.requirements[name] for name in own} == {f">={major}.{minor},<{major}.{minor + 1}"}


@pytest.mark.parametrize("member", EXTENSIONS, ids=str)
def test_extension_is_named_after_its_folder(member: Member) -> None:
    assert f"pybayeux-{member.folder.name}" == member.name


@pytest.mark.parametrize("member", DISCOVERED, ids=str)
def test_extension_is_found_under_its_name(member: Member) -> None:
    assert member.folder.name in member.project["entry-points"]["pybayeux"]


@pytest.mark.parametrize("member", DISCOVERED, ids=str)
def test_package_names_its_commands(member: Member) -> None:
    """Else the command line would have to load its extension for the help."""
    assert member.project["entry-points"]["pybayeux.commands"]


def test_core_requires_no_extension() -> None:
    assert not {extension.name for extension in EXTENSIONS} & CORE.requirements.keys()


def test_workspace_installs_every_member() -> None:
    root = read_project(ROOT)
    names = {member.name for member in MEMBERS}
    assert names <= set(root["project"]["dependencies"])
    assert root["tool"]["uv"]["sources"] == {name: {"workspace": True} for name in names}


def test_no_lock_file_is_tracked(tracked: list[Path]) -> None:
    assert [path for path in tracked if path.name in _LOCKS] == []


def test_no_file_names_a_machine(tracked: list[Path]) -> None:
    found = []
    for path in tracked:
        text = path.read_text(encoding="utf-8", errors="replace")
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in _MACHINE.finditer(text)]
    assert found == []
