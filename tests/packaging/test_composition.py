"""Packages of third parties beside the project's own: installed in any order, they compose over a real server."""

from __future__ import annotations

import json
import shutil
import zlib
from base64 import b64decode, b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bayeux_compress import Compress
from bayeux_encrypt import Encrypt
from pybayeux import Client
from tests.packaging.uv import run_uv
from tests.packaging.workspace import MEMBERS, ROOT, Member, read_project
from tests.servers.fixtures import needs_tools
from tests.support.once import made_once

if TYPE_CHECKING:
    from pybayeux_devserver import BlockingServer
    from tests.packaging.conftest import Built
    from tests.packaging.environment import Environment
    from tests.servers.server import Server

pytestmark = pytest.mark.timeout(300)  # a machine without a cache has to fetch what builds and what is required

OUTSIDERS: Final = {name: ROOT / "examples" / "third-party" / f"bayeux-{name}" for name in ("compress", "encrypt")}
PROGRAM: Final = Path(__file__).with_name("composed_conversation.py")
KEY: Final = b64encode(bytes(range(32))).decode()
OWN: Final = tuple(m for m in MEMBERS if m.name in ("pybayeux", "pybayeux-ack", "pybayeux-auth", "pybayeux-replay"))

either_order = pytest.mark.parametrize("order", [("compress", "encrypt"), ("encrypt", "compress")], ids="-then-".join)


@pytest.fixture(scope="session")
def outsiders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The wheels of the packages, built as for a release."""

    def build(folder: Path) -> None:
        for package in OUTSIDERS.values():
            run_uv("build", "--wheel", "--out-dir", folder, package, cwd=folder)

    with needs_tools():
        folder = made_once("outsiders", build, tmp_path_factory)
    return {name: next(folder.glob(f"bayeux_{name}-*.whl")) for name in OUTSIDERS}


def opened(wire: str, channel: str) -> Any:
    """What a text on the wire holds: encrypted outside, compressed inside."""
    sealed = b64decode(wire, validate=True)
    packed = json.loads(AESGCM(b64decode(KEY)).decrypt(sealed[:12], sealed[12:], channel.encode()))
    return json.loads(zlib.decompress(b64decode(packed, validate=True)))


@either_order
def test_wheels_compose_over_a_real_server(
    order: tuple[str, str],
    built: Built,
    outsiders: dict[str, Path],
    own_environment: Environment,
    cometd_server: Server,
) -> None:
    own_environment.install(*map(built.wheel, OWN))
    for name in order:
        own_environment.install(outsiders[name])
    channel = f"/composition/{uuid4().hex}"
    seen = json.loads(own_environment.run("python", "-I", PROGRAM, cometd_server.url, channel, KEY))
    assert seen["said"] == ["ack", "com.example.token", "replay"]
    assert seen["received"] == [seen["sent"], seen["sent"]]
    assert seen["left over"] == [None] * 4
    assert seen["marks"] == [["com.example.compress", "com.example.encrypt"]] * 2
    assert [opened(wire, channel) for wire in seen["wire"]] == seen["sent"]
    assert all(len(wire) < len(json.dumps(sent)) / 10 for wire, sent in zip(seen["wire"], seen["sent"], strict=True))


@pytest.mark.parametrize("package", OUTSIDERS.values(), ids=lambda package: package.name)
def test_package_passes_its_own_tests_without_the_repository(
    package: Path, built: Built, outsiders: dict[str, Path], own_environment: Environment
) -> None:
    devserver = next(member for member in MEMBERS if member.name == "pybayeux-devserver")
    wheel = outsiders[package.name.removeprefix("bayeux-")]
    own_environment.install(wheel, *built.wheels_for(devserver), "pytest")
    tests = shutil.copytree(
        package / "tests", own_environment.folder / "tests", ignore=shutil.ignore_patterns("__pycache__")
    )
    assert " passed" in own_environment.run("python", "-m", "pytest", "--rootdir", tests, tests)


@pytest.mark.parametrize("package", OUTSIDERS.values(), ids=lambda package: package.name)
def test_package_is_complete(package: Path) -> None:
    outsider, project = Member(package), read_project(package)["project"]
    assert "pybayeux>=0.1,<0.2" in project["dependencies"]
    assert (outsider.source / "py.typed").read_bytes() == b""
    assert (package / "README.md").read_text(encoding="utf-8").startswith(f"# {outsider.name}\n")


@either_order
def test_order_of_registration_does_not_matter(order: tuple[str, str], bayeux_server: BlockingServer) -> None:
    made = {"compress": Compress(), "encrypt": Encrypt(KEY)}
    text = {"text": "the same again, " * 500}
    extensions = [made[name] for name in order]
    with (
        Client(bayeux_server.url, discover=False, extensions=extensions) as client,
        client.subscribe("/composed") as events,
    ):
        client.publish("/composed", text)
        assert next(events).data == text
    [published] = bayeux_server.recorder.messages("/composed")
    assert opened(published["data"], "/composed") == text
