"""Who may import whom."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final

import pytest

import pybayeux
from pybayeux import cli, errors
from tests.packaging.workspace import CORE, EXTENSIONS, MEMBERS, Member, imports

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_OUTSIDE_WORLD: Final = {
    "asyncio",
    "concurrent",
    "datetime",
    "httpx",
    "multiprocessing",
    "selectors",
    "select",
    "socket",
    "ssl",
    "threading",
    "time",
}
"""Sockets, clocks, threads and loops: the session is a pure state machine."""


def _sources(*folders: Path) -> list[Path]:
    found = [path for folder in folders for path in sorted(folder.rglob("*.py"))]
    assert found
    return found


def _public_names() -> set[str]:
    """The public names of the top package."""
    return set(pybayeux.__all__)


def _reached(path: Path) -> Iterator[str]:
    """What is reached through the name of the package, such as ``pybayeux.errors``."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == CORE.module:
            yield node.attr


def test_public_names_are_known() -> None:
    assert {"AsyncClient", "Client", "Message", "hookimpl", "requests"} <= _public_names()


@pytest.mark.parametrize("member", EXTENSIONS, ids=str)
def test_first_party_extension_imports_public_names_alone(member: Member) -> None:
    public = _public_names()
    allowed = {CORE.module} | {f"{CORE.module}.{name}" for name in public}
    allowed |= {f"{CORE.module}.errors.{name}" for name in errors.__all__}  # where exceptions are documented to be
    allowed |= {f"{CORE.module}.cli"} | {f"{CORE.module}.cli.{name}" for name in cli.__all__}  # for sub-commands
    for path in _sources(member.source):
        used = {name for name in imports(path) if name.partition(".")[0] == CORE.module}
        assert used <= allowed, path
        assert set(_reached(path)) <= public, path


def test_session_knows_no_socket_clock_thread_or_loop() -> None:
    for path in _sources(CORE.source / "session"):
        assert not {name.partition(".")[0] for name in imports(path)} & _OUTSIDE_WORLD, path


@pytest.mark.parametrize(
    ("file", "known"),
    [
        ("channel.py", set()),
        ("state.py", {"errors"}),
        ("message.py", {"_util", "errors"}),
        ("errors.py", {"_printable", "message"}),
        ("hook_client.py", {"message", "state"}),
        ("hookspecs.py", {"errors", "hook_client", "message", "state", "transports"}),
    ],
)
def test_low_module_knows_no_more_than_it_must(file: str, known: set[str]) -> None:
    used = {name.lstrip(".").partition(".")[0] for name in imports(CORE.source / file) if name.startswith(".")}
    assert used <= known


def test_core_imports_no_extension() -> None:
    extensions = {extension.module for extension in EXTENSIONS}
    for path in _sources(CORE.source):
        assert not {name.partition(".")[0] for name in imports(path)} & extensions, path


@pytest.mark.parametrize("member", MEMBERS, ids=str)
def test_package_imports_no_tests(member: Member) -> None:
    for path in _sources(member.source):
        assert not {name.partition(".")[0] for name in imports(path)} & {"tests", "hypothesis"}, path
