"""Builds happen once for the same sources, and a missing tool skips tests unless servers are required."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.servers.build import Build, BuildError, MissingTool, require_tool
from tests.servers.fixtures import needs_tools

if TYPE_CHECKING:
    from pathlib import Path

# Counts its runs in the output folder; fails on a source that says so.
SCRIPT = """
from pathlib import Path
assert "broken" not in Path("source").read_text(), "does not compile"
runs = Path("out/runs")
runs.write_text(runs.read_text() + "|" if runs.exists() else "|")
"""


@pytest.fixture
def build(tmp_path: Path) -> Build:
    (tmp_path / "source").write_text("one")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "source").write_text("one")
    return Build(tmp_path, ("source", "folder"), "out", (sys.executable, 3), ("-c", SCRIPT))


def _runs(build: Build) -> int:
    return len((build.folder / build.output / "runs").read_text())


def test_build_runs_once_for_the_same_sources(build: Build) -> None:
    assert build.ensure() == build.folder / "out"
    build.ensure()
    build.make()
    assert _runs(build) == 1


@pytest.mark.parametrize("source", ["source", "folder/source", "folder/new"])
def test_build_runs_again_when_a_source_changes(build: Build, source: str) -> None:
    build.make()
    (build.folder / source).write_text("two")
    build.make()
    assert _runs(build) == 2


def test_failed_build_shows_its_output_and_is_tried_once(build: Build) -> None:
    (build.folder / "source").write_text("broken")
    with pytest.raises(BuildError, match="does not compile") as first:
        build.ensure()
    with pytest.raises(BuildError) as second:
        build.ensure()
    assert first.value is second.value


def test_failed_build_is_no_build(build: Build) -> None:
    (build.folder / "source").write_text("broken")
    with pytest.raises(BuildError):
        build.make()
    with pytest.raises(BuildError):
        build.make()


def test_tool_is_found_by_name_and_least_version() -> None:
    assert require_tool(sys.executable, 3) == sys.executable
    with pytest.raises(MissingTool, match="older than 99"):
        require_tool(sys.executable, 99)
    with pytest.raises(MissingTool, match="no-such-tool is not installed"):
        require_tool("no-such-tool", 1)


@pytest.mark.parametrize(
    ("answer", "version"),
    [
        ("openjdk 17.0.15 2025-04-15", 17),
        ("openjdk 21 2023-09-19", 21),
        ("v20.20.2", 20),
        ("\x1b[1mApache Maven 3.8.7\x1b[m", 3),
    ],
)
def test_tools_name_their_versions_in_many_ways(tmp_path: Path, answer: str, version: int) -> None:
    tool = tmp_path / "tool"
    tool.write_text(f"#!{sys.executable}\nprint({answer!r})\n")
    tool.chmod(0o755)
    assert require_tool(str(tool), version) == str(tool)
    with pytest.raises(MissingTool):
        require_tool(str(tool), version + 1)


def test_missing_tool_skips_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYBAYEUX_REQUIRE_SERVERS", raising=False)
    with pytest.raises(pytest.skip.Exception, match="java is not installed"), needs_tools():
        raise MissingTool("java is not installed")


def test_missing_tool_fails_the_test_where_servers_are_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYBAYEUX_REQUIRE_SERVERS", "1")
    with pytest.raises(pytest.fail.Exception, match="java is not installed"), needs_tools():
        raise MissingTool("java is not installed")
