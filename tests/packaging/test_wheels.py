"""The distributions as a user gets them: what is in them, and that they work without the repository."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import tarfile
import zipfile
from typing import TYPE_CHECKING, Final

import pytest

from tests.packaging.uv import run_uv
from tests.packaging.workspace import CORE, DISCOVERED, EXTENSIONS, MEMBERS, ROOT, Member

if TYPE_CHECKING:
    from pathlib import Path

    from tests.packaging.conftest import Built
    from tests.packaging.environment import Environment

pytestmark = pytest.mark.timeout(300)  # a machine without a cache has to fetch what builds and what is required

each_member = pytest.mark.parametrize("member", MEMBERS, ids=str)

CONVERSATION: Final = """
import asyncio
from pybayeux import AsyncClient
from pybayeux_devserver import DevServer

async def main():
    options = {"auth": {"token": "secret"}, "replay": {"store": "positions.db", "since": "earliest"}}
    async with DevServer(tokens=("secret",)) as server:
        await server.publish("/orders", {"number": 1})
        async with AsyncClient(server.url, options=options) as client:
            async with client.subscribe("/orders") as events:
                await client.publish("/orders", {"number": 2})
                print([(await anext(events)).data["number"] for _ in range(2)])
        print(sorted(server.recorder.messages("/meta/handshake")[0]["ext"]))

asyncio.run(main())
"""

ORIGINS: Final = """
import importlib, sys
for name in sys.argv[1:]:
    print(importlib.import_module(name).__file__)
"""


@each_member
def test_wheel_has_the_package_and_nothing_else(member: Member, built: Built) -> None:
    with zipfile.ZipFile(built.wheel(member)) as wheel:
        files = {name for name in wheel.namelist() if not name.endswith("/")}
    wanted = [path for kind in ("*.py", "*.template", "*.html") for path in member.source.rglob(kind)]
    wanted.append(member.source / "py.typed")
    sources = {path.relative_to(member.source.parent).as_posix() for path in wanted}
    version = member.project["version"]
    info = f"{member.module}-{version}.dist-info"
    assert {name for name in files if name.startswith(f"{member.module}/")} == sources
    assert files - sources == {
        f"{info}/METADATA",
        f"{info}/RECORD",
        f"{info}/WHEEL",
        f"{info}/entry_points.txt",
        f"{info}/licenses/LICENSE",
    }


@each_member
def test_wheel_says_what_it_is(member: Member, built: Built) -> None:
    info = f"{member.module}-{member.project['version']}.dist-info"
    with zipfile.ZipFile(built.wheel(member)) as wheel:
        metadata = wheel.read(f"{info}/METADATA").decode()
    headers, _, description = metadata.partition("\n\n")
    assert "License-Expression: Apache-2.0" in headers
    assert "Requires-Python: >=3.11" in headers
    assert "Description-Content-Type: text/markdown" in headers
    assert description.strip() == (member.folder / "README.md").read_text(encoding="utf-8").strip()


@each_member
def test_sdist_has_sources_and_tests(member: Member, built: Built) -> None:
    root = f"{member.module}-{member.project['version']}"
    with tarfile.open(built.sdist(member)) as sdist:
        files = {name.removeprefix(f"{root}/") for name in sdist.getnames()}
    wanted = [
        *member.source.rglob("*.py"),
        *member.source.rglob("*.template"),
        *member.source.rglob("*.html"),
        *member.folder.glob("tests/**/*.py"),
        member.source / "py.typed",
    ]
    assert {path.relative_to(member.folder).as_posix() for path in wanted} <= files
    assert {"LICENSE", "PKG-INFO", "README.md", "pyproject.toml"} <= files
    assert not [name for name in files if "__pycache__" in name]


@each_member
def test_wheel_works_with_no_more_than_it_requires(member: Member, built: Built, own_environment: Environment) -> None:
    own_environment.install(*built.wheels_for(member))
    [origin] = own_environment.run_script(ORIGINS, member.module).splitlines()
    assert origin.startswith(str(own_environment.folder))


def test_core_alone_has_no_extension(built: Built, own_environment: Environment) -> None:
    own_environment.install(built.wheel(CORE))
    assert json.loads(own_environment.run("pybayeux", "extensions", "--json")) == []


def test_installed_packages_hold_a_conversation(everything: Environment) -> None:
    """The token of `auth`, the position of `replay` and the offer of `ack` reach a server without being named.

    So does the time of `timesync`.
    """
    assert everything.run_script(CONVERSATION).splitlines() == ["[1, 2]", "['ack', 'replay', 'timesync']"]
    origins = everything.run_script(ORIGINS, *(member.module for member in MEMBERS)).splitlines()
    assert all(origin.startswith(str(everything.folder)) for origin in origins)


def test_command_line_lists_the_installed_extensions(everything: Environment) -> None:
    listed = {each["name"]: each for each in json.loads(everything.run("pybayeux", "extensions", "--json"))}
    versions = {member.name: member.project["version"] for member in DISCOVERED}
    assert {each["dist"]: each["version"] for each in listed.values()} == versions
    assert {name: each["state"] for name, each in listed.items()} == {
        "ack": "active",
        "aiohttp": "active",
        "auth": "not configured",
        "binary": "active",
        "kafka": "active",
        "opentelemetry": "active",
        "redis": "active",
        "reload": "not configured",
        "replay": "active",
        "salesforce": "active",
        "sql": "active",
        "timestamp": "active",
        "timesync": "active",
    }


def test_command_line_tells_its_version(everything: Environment) -> None:
    assert CORE.project["version"] in everything.run("pybayeux", "--version").split()


def test_outside_extension_works_when_it_is_installed(
    built: Built, own_environment: Environment, tmp_path: Path
) -> None:
    """The README's own example: built and installed like any other package, then tested by its own test."""
    example = ROOT / "examples" / "custom_extension"
    run_uv("build", "--wheel", "--out-dir", tmp_path / "dist", example, cwd=tmp_path)
    [wheel] = (tmp_path / "dist").glob("*.whl")
    devserver = next(member for member in EXTENSIONS if member.name == "pybayeux-devserver")
    own_environment.install(wheel, *built.wheels_for(devserver), "pytest")
    shutil.copy(example / "test_signature_extension.py", tmp_path)
    assert "1 passed" in own_environment.run("python", "-m", "pytest", "--rootdir", tmp_path, tmp_path)
    listed = json.loads(own_environment.run("pybayeux", "extensions", "--json"))
    assert {each["name"]: each["state"] for each in listed}["signature"] == "not configured"


def test_readme_installs_from_the_checkout(own_environment: Environment) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = [shlex.split(line, comments=True)[2:] for line in re.findall(r"^pip install \./.*$", readme, re.MULTILINE)]
    assert lines[0] == ["./core"]
    for folders in lines:
        own_environment.install(*(ROOT / folder for folder in folders))
    listed = json.loads(own_environment.run("pybayeux", "extensions", "--json"))
    assert {each["dist"] for each in listed} == {member.name for member in DISCOVERED}
