"""What a cell has around it: the server, the proxy, and what the client's process is started with.

Some faults need more than a proxy on this machine. Each says so by the kind of surroundings that it needs, and where
they cannot be had, the cell is skipped with the reason.
"""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.reliability.network import HOST_NAME, Network, why_no_network
from benchmarks.reliability.proxy import Proxy
from tests.servers.certificate import Certificate

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from benchmarks.reliability.servers import MatrixServer

__all__ = ("Kind", "Surroundings", "make_surroundings", "why_not")

_FAKETIME: Final = ("/usr/lib/*/faketime/libfaketimeMT.so.1", "/usr/local/lib/faketime/libfaketimeMT.so.1")


class Kind(Enum):
    """What a fault needs."""

    PLAIN = auto()
    """A proxy."""
    OWN_SERVER = auto()
    """A server that no other cell uses."""
    TLS = auto()
    """A proxy that speaks TLS, with a certificate that the client trusts."""
    NETWORK = auto()
    """A network namespace for the client."""
    CLOCK = auto()
    """A client whose clock can be set."""


@dataclass
class Surroundings:
    """The surroundings of one cell.

    Attributes:
        server: The server.
        proxy: The proxy before it.
        url: Where the client goes.
        prefix: The beginning of the command that starts the client.
        environment: Variables of the client.
        ended: Set when the fault ends.
        network: The network namespace, if there is one.
        certificates: A trusted certificate and another one, if TLS is spoken.
        clock: The file that sets the client's clock, if it can be set.
    """

    server: MatrixServer
    proxy: Proxy
    url: str
    prefix: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    network: Network | None = None
    certificates: tuple[Certificate, Certificate] | None = None
    clock: Path | None = None


def why_not(kind: Kind) -> str | None:
    """Why there can be no such surroundings on this machine, or None."""
    if kind is Kind.NETWORK:
        return why_no_network()
    if kind is Kind.CLOCK and _faketime() is None:
        return "libfaketime is missing"
    return None


@asynccontextmanager
async def make_surroundings(kind: Kind, server: MatrixServer) -> AsyncIterator[Surroundings]:
    """Makes the surroundings that a fault needs, before a server that runs."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pybayeux-reliability-")))
        match kind:
            case Kind.TLS:
                yield await _with_tls(server, folder, stack)
            case Kind.NETWORK:
                network = await stack.enter_async_context(Network())
                proxy = await stack.enter_async_context(Proxy(server.port, network.host))
                url = f"http://{HOST_NAME}:{proxy.port}{server.path}"
                yield Surroundings(server, proxy, url, prefix=network.prefix, network=network)
            case Kind.CLOCK:
                around = await _plain(server, stack)
                around.clock = folder / "clock"
                around.clock.write_text("+0\n")
                around.environment = _clock_environment(around.clock)
                yield around
            case _:
                yield await _plain(server, stack)


async def _plain(server: MatrixServer, stack: AsyncExitStack) -> Surroundings:
    proxy = await stack.enter_async_context(Proxy(server.port))
    # By its name: the cookie jar of aiohttp, which one of the clients uses, ignores hosts that are addresses.
    return Surroundings(server, proxy, f"http://localhost:{proxy.port}{server.path}")


async def _with_tls(server: MatrixServer, folder: Path, stack: AsyncExitStack) -> Surroundings:
    (folder / "other").mkdir()
    trusted, other = Certificate(folder), Certificate(folder / "other")
    proxy = await stack.enter_async_context(Proxy(server.port, tls=trusted.server()))
    url = f"https://127.0.0.1:{proxy.port}{server.path}"
    environment = {"SSL_CERT_FILE": str(trusted.file)}
    return Surroundings(server, proxy, url, environment=environment, certificates=(trusted, other))


def _faketime() -> str | None:
    found = (path for pattern in _FAKETIME for path in Path("/").glob(pattern.removeprefix("/")))
    return next(map(str, found), None)


def _clock_environment(clock: Path) -> dict[str, str]:
    return {
        "LD_PRELOAD": _faketime() or "",
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_CACHE_DURATION": "1",
        # A clock that is set does not touch the monotonic one.
        "DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
