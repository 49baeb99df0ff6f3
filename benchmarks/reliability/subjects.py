"""The clients of the matrix, and the servers and transports on which each is tried."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from benchmarks.reliability.java_client import java_command, java_version
from tests.servers.node import node, package_version

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("PEERS", "PYBAYEUX", "SUBJECTS", "Subject", "Target")


@dataclass(frozen=True)
class Target:
    """A server with a transport."""

    server: str
    transport: str

    def __str__(self) -> str:
        return f"{self.server}, {self.transport}"


@dataclass(frozen=True)
class Subject:
    """A client.

    Attributes:
        name: What it is called in the tables.
        version: Tells its version.
        command: Tells the command of its program, given URL and transport.
        targets: Where it is tried.
        reusable: Whether its process may serve one cell after the other.
        options: Further arguments of the command `start`.
        settings: The same in words.
        only: The faults that it is tried with; all if empty.
    """

    name: str
    version: Callable[[], str]
    command: Callable[[str, str], tuple[str, ...]]
    targets: tuple[Target, ...]
    reusable: bool = False
    options: dict[str, Any] = field(default_factory=dict)
    settings: str = ""
    only: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.name}, {self.settings}" if self.settings else self.name

    @property
    def title(self) -> str:
        """The name with the version."""
        return f"{self.name} {self.version()}{str(self).removeprefix(self.name)}"


def _targets(*servers: str) -> tuple[Target, ...]:
    transports = {"cometd-nodejs": ("long-polling",)}
    return tuple(
        Target(server, transport)
        for server in servers
        for transport in transports.get(server, ("long-polling", "websocket"))
    )


def _python(program: str) -> Callable[[str, str], tuple[str, ...]]:
    return lambda _url, _transport: (sys.executable, "-m", f"benchmarks.reliability.clients.{program}")


def _javascript(program: str) -> Callable[[str, str], tuple[str, ...]]:
    return lambda url, transport: (*node(f"{program}.js"), url, transport, "wait")


_SILENT: Final = ("half-open socket", "empty 200", "session dropped", "partition")
"""The faults of which a client hears nothing."""

_PEER_FAULTS: Final = (
    "refuse",
    "reset before the reply",
    "reset during the reply",
    "hang",
    "half-open socket",
    "cut body",
    "garbage",
    "HTML",
    "401",
    "403",
    "429, Retry-After: 1",
    "503",
    "empty 200",
    "bad gzip",
    "duplicate replies",
    "server killed, 5 s",
    "session dropped",
)
"""The faults that the other clients are tried with."""

PYBAYEUX: Final = (
    Subject(
        "pybayeux",
        lambda: version("pybayeux"),
        _python("pybayeux_client"),
        _targets("CometD", "Faye", "cometd-nodejs", "devserver"),
        reusable=True,
    ),
    Subject(
        "pybayeux",
        lambda: version("pybayeux"),
        _python("pybayeux_client"),
        _targets("CometD", "Faye", "cometd-nodejs", "devserver"),
        reusable=True,
        options={"heartbeat": 1.0},
        settings="heartbeat=1",
        only=_SILENT,
    ),
)
PEERS: Final = (
    Subject(
        "CometD Java", java_version, lambda _url, _transport: java_command(), _targets("CometD"), only=_PEER_FAULTS
    ),
    Subject(
        "cometd.js",
        lambda: package_version("cometd"),
        _javascript("peer_cometd"),
        _targets("CometD"),
        options={"ack": True, "resubscribe": True},
        only=_PEER_FAULTS,
    ),
    Subject(
        "faye.js",
        lambda: package_version("faye"),
        _javascript("peer_faye"),
        _targets("Faye"),
        only=_PEER_FAULTS,
    ),
    Subject(
        "aiocometd-ng",
        lambda: version("aiocometd-ng"),
        _python("aiocometd_client"),
        _targets("CometD"),
        only=_PEER_FAULTS,
    ),
)
SUBJECTS: Final = (*PYBAYEUX, *PEERS)
