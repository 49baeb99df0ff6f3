"""Metadata that is malformed, foreign or left over harms nothing but its own package."""

from __future__ import annotations

from typing import TYPE_CHECKING

import importlib_metadata
import pytest

from pybayeux.extensions.distributions import BroughtEntry, brought_entries

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

GROUP = "pybayeux"
GOOD = "[pybayeux]\ngood = good_module:Good\n"


class Site:
    """A folder with installed packages, and what is warned of them."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.warnings: list[str] = []
        self._path = [str(folder)]
        find = importlib_metadata.distributions
        monkeypatch.setattr(importlib_metadata, "distributions", lambda: find(path=self._path))

    def add(self, dist: str, entry_points: str | bytes, metadata: str | None = "", folder: str = "") -> Path:
        """Install a package; returns the file with its entry points."""
        if folder and str(self.folder / folder) not in self._path:
            self._path.insert(0, str(self.folder / folder))
        info = self.folder / folder / f"{dist}.dist-info"
        info.mkdir(parents=True)
        name, _, version = dist.partition("-")
        if metadata is not None:
            (info / "METADATA").write_text(metadata or f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        file = info / "entry_points.txt"
        file.write_bytes(entry_points if isinstance(entry_points, bytes) else entry_points.encode())
        return file

    def entries(self) -> list[BroughtEntry]:
        return brought_entries([GROUP], self.warnings.append)

    @property
    def found(self) -> list[tuple[str, str]]:
        return sorted((entry.name, entry.distribution.version) for entry in self.entries())


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    made = Site(tmp_path, monkeypatch)
    made.add("good-1.0", GOOD)
    return made


@pytest.mark.parametrize(
    "content", [b"[console_scripts]\nno value\n", b"no section = 1", b"[unclosed\na = b", b"", b"\n\n[]\n="]
)
def test_foreign_metadata_that_is_malformed_harms_nothing(site: Site, content: bytes) -> None:
    site.add("foreign-3.1", content)
    assert site.found == [("good", "1.0")]
    assert site.warnings == []


def test_a_file_that_is_no_text_is_left_out_and_named(site: Site) -> None:
    file = site.add("foreign-3.1", b"[pybayeux]\n\xff\xfe = x\n")
    assert site.found == [("good", "1.0")]
    (warning,) = site.warnings
    assert str(file) in warning


def test_a_malformed_line_costs_itself_alone(site: Site) -> None:
    site.add("other-2.0", "\ufeff[ pybayeux ]\n# comment\nbroken\n= x:Y\nfine = other:Other\n[foreign]\nx\n")
    assert site.found == [("= x:Y", "2.0"), ("broken", "2.0"), ("fine", "2.0"), ("good", "1.0")]
    values = {entry.name: entry.value for entry in site.entries()}
    assert values["fine"] == "other:Other"
    assert values["broken"] == "broken", "it fails when it is loaded, and is listed with that"


@pytest.mark.parametrize("metadata", [None, "nothing of use\n", "Name: \n"])
def test_what_says_no_name_is_used_all_the_same(site: Site, metadata: str | None) -> None:
    site.add("leftover-0.9", "[pybayeux]\nleft = over\n", metadata)
    assert site.found == [("good", "1.0"), ("left", "unknown")]


def test_of_two_versions_in_one_folder_the_newer_is_used_and_the_other_named(site: Site) -> None:
    site.add("good-0.9", GOOD)
    file = site.add("good-0.10.0rc1", GOOD)
    assert site.found == [("good", "1.0")]
    (warning,) = site.warnings
    assert "more than once" in warning
    assert str(file) in warning


def test_another_version_earlier_on_the_path_is_taken_without_a_word(site: Site) -> None:
    site.add("good-0.9", GOOD, folder="earlier")
    assert site.found == [("good", "0.9")]
    assert site.warnings == []


def test_metadata_without_its_modules_gives_way_to_that_with_them(site: Site) -> None:
    (site.folder / "good_module.py").touch()
    file = site.add("good-0.9", GOOD, folder="earlier")
    assert site.found == [("good", "1.0")]
    assert str(file) in site.warnings[0]


def failing() -> object:
    yield from ()
    raise RuntimeError("a finder of another package")


def test_a_finder_that_fails_is_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    warnings: list[str] = []
    make: Callable[[], object] = failing
    monkeypatch.setattr(importlib_metadata, "distributions", make)
    assert brought_entries([GROUP], warnings.append) == []
    assert "RuntimeError: a finder of another package" in warnings[0]


@pytest.mark.parametrize(
    ("group", "meant"),
    [
        ("pybayeux.extensions", "pybayeux"),
        ("pybayeux_plugins", "pybayeux"),
        ("PyBayeux", "pybayeux"),
        ("pybayuex", "pybayeux"),
        ("pybayeux.hookspec", "pybayeux.hookspecs"),
        ("pybayeux-hookspecs", "pybayeux.hookspecs"),
    ],
)
def test_a_group_that_is_nearly_ours_is_told(site: Site, group: str, meant: str) -> None:
    file = site.add("acme-1.0", f"[{group}]\nacme = acme\n")
    brought_entries(["pybayeux", "pybayeux.hookspecs"], site.warnings.append)
    assert site.warnings == [f"{file}: entry points of the group [{group}] are not read; did you mean [{meant}]?"]


@pytest.mark.parametrize(
    "group", ["console_scripts", "pybayeux_devserver", "pybayeux.stores", "pytest11", "gobayeux.x"]
)
def test_groups_of_others_are_theirs(site: Site, group: str) -> None:
    site.add("acme-1.0", f"[{group}]\nacme = acme\n")
    brought_entries(["pybayeux", "pybayeux.hookspecs"], site.warnings.append)
    assert site.warnings == []


def test_requirements_that_cannot_be_read_are_none(site: Site) -> None:
    file = site.add("other-2.0", "[pybayeux]\nfine = other:Other\n")
    (file.parent / "METADATA").write_bytes(b"Name: other\nVersion: 2.0\nRequires-Dist: \xff\xfe\n")
    [fine] = [entry for entry in site.entries() if entry.name == "fine"]
    assert fine.distribution.requirements == ()


def test_of_two_copies_one_of_which_has_no_files_the_other_counts(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as a program's archive beside the folder in which a package is installed."""
    site.add("good-0.9", GOOD, folder="archive")
    locate = importlib_metadata.PathDistribution.locate_file

    def locate_file(self: importlib_metadata.PathDistribution, path: str) -> object:
        if "archive" in str(self._path):
            raise NotImplementedError
        return locate(self, path)

    (site.folder / "good_module.py").touch()
    monkeypatch.setattr(importlib_metadata.PathDistribution, "locate_file", locate_file)
    assert site.found == [("good", "1.0")]
