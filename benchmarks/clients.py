"""The clients that are measured: their names, their programs, and which tasks each of them has."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.servers.build import Build, MissingTool, require_tool
from tests.servers.node import package_version
from tests.servers.node import prepare as prepare_node

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benchmarks.tasks import Transport

HERE: Final = Path(__file__).parent
PROGRAMS: Final = HERE / "programs"
_NODE_MODULES: Final = HERE.parent / "tests" / "servers" / "node"
_JAVA: Final = PROGRAMS / "java"
_JAVA_BUILD: Final = Build(
    folder=_JAVA,
    sources=("pom.xml", "src"),
    output="target",
    tool=("mvn", 3),
    arguments=("--batch-mode", "--quiet", "compile"),
)


@dataclass(frozen=True)
class BenchmarkClient:
    """A client, as a program that takes a task.

    Attributes:
        name: what tables show.
        command: makes the command of the program, without the task; builds what it needs.
        version: of the library.
        members: members of the task that are set for it.
        peer: whether it is one of others.
    """

    name: str
    command: Callable[[], tuple[str, ...]]
    version: Callable[[], str]
    members: tuple[tuple[str, Any], ...] = ()
    peer: bool = False

    @property
    def library(self) -> str:
        """What the version is of."""
        return self.name if self.peer else "pybayeux"


def _aiocometd() -> tuple[str, ...]:
    if find_spec("aiocometd_ng") is None:
        raise MissingTool("aiocometd-ng is not installed")
    return python_program("aiocometd_client")()


def python_program(module: str) -> Callable[[], tuple[str, ...]]:
    """Makes the command of a program of this folder."""
    return lambda: (sys.executable, "-m", f"benchmarks.programs.{module}")


def _node(script: str) -> Callable[[], tuple[str, ...]]:
    def command() -> tuple[str, ...]:
        prepare_node()
        return require_tool("node", 18), str(PROGRAMS / "node" / script), str(_NODE_MODULES)

    return command


def _java() -> tuple[str, ...]:
    java = require_tool("java", 17)
    target = _JAVA_BUILD.ensure()
    class_path = os.pathsep.join((str(target / "classes"), str(target / "lib" / "*")))
    return java, "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", class_path, "bayeux.benchmark.Main"


def _java_version() -> str:
    [jar] = (_JAVA_BUILD.ensure() / "lib").glob("cometd-java-client-common-*.jar")
    return jar.stem.rpartition("-")[2]


def _ours(name: str, program: str = "ours", **members: Any) -> BenchmarkClient:
    return BenchmarkClient(name, python_program(program), lambda: version("pybayeux"), tuple(members.items()))


CORE: Final = "core"
ALL: Final = "all"
SERVER: Final = "server alone"
BUILT_IN: Final = "httpx or websockets alone"
AIOHTTP: Final = "aiohttp alone"
SOCKETS: Final[Mapping[Transport, Mapping[str, str]]] = {
    "long-polling": {CORE: BUILT_IN, ALL: AIOHTTP},
    "websocket": {CORE: BUILT_IN, ALL: BUILT_IN},
}
"""The libraries that our clients have their sockets from, by the transport."""

_CLIENTS: Final = (
    _ours(CORE, installed="core"),
    _ours(ALL, installed="all"),
    _ours("no extension", installed="none"),
    _ours("ten extensions", installed="ten"),
    _ours("handler", installed="core", reading="handler"),
    _ours("sync", installed="core", reading="sync"),
    _ours("sync, handler", installed="core", reading="sync-handler"),
    BenchmarkClient("Faye JavaScript", _node("faye_client.js"), lambda: package_version("faye"), peer=True),
    BenchmarkClient("CometD JavaScript", _node("cometd_client.js"), lambda: package_version("cometd"), peer=True),
    BenchmarkClient("CometD Java", _java, _java_version, peer=True),
    BenchmarkClient("aiocometd-ng", _aiocometd, lambda: version("aiocometd-ng"), peer=True),
    BenchmarkClient(SERVER, python_program("bare"), lambda: version("pybayeux")),
    _ours(BUILT_IN, program="sockets", installed="core"),
    _ours(AIOHTTP, program="sockets", installed="all"),
)
CLIENTS: Final = {client.name: client for client in _CLIENTS}

JAVASCRIPT: Final = ("Faye JavaScript", "CometD JavaScript")
"""The peers that cost least so far."""
SLOW_TO_START: Final = ("CometD Java", "aiocometd-ng")
"""The peers that a quick run leaves out."""
PEERS: Final = tuple(client.name for client in _CLIENTS if client.peer)
