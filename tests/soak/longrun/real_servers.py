"""CometD's and Faye's own servers as targets, behind a proxy that breaks connections."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from pybayeux import AsyncClient
from tests.servers.cometd import cometd
from tests.servers.faults import Action, Fault
from tests.servers.faye import faye
from tests.servers.proxy import Proxy
from tests.soak.longrun.target import CHANNEL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tests.servers.server import Server

__all__ = ("run_cometd", "run_faye")

_HOLD: Final = 3000
"""Milliseconds that the servers hold a connect; a session that no longer polls ends soon after."""

_DOWN: Final = 1.0
_NETWORK_DELAY: Final = 3.0
_TRANSPORTS: Final = ("long-polling", "websocket")


class RealServer:
    """A server in a process of its own, with a client over each transport.

    Args:
        server: The server, running.
        proxy: What the clients are connected to.
    """

    loses_nothing: Final = False

    def __init__(self, server: Server, proxy: Proxy) -> None:
        self._server: Final = server
        self._proxy: Final = proxy
        self.faults: Final[Mapping[str, Callable[[], object]]] = {
            "session dropped": lambda: server.control.drop(),
            "connections broken": proxy.sever,
            "network down": self._network_down,
            "server killed": lambda: self._restart(server.kill),
            "server stopped": lambda: self._restart(server.stop),
            **{f"reply with events: {action.value}": self._fault(action) for action in Action},
        }

    def clients(self) -> dict[str, AsyncClient]:
        """One client over each transport."""
        return {
            name: AsyncClient(self._proxy.url, transports=[name], max_network_delay=_NETWORK_DELAY)
            for name in _TRANSPORTS
        }

    def publish(self, number: int) -> None:
        """Publish from the server's side."""
        self._server.control.send(CHANNEL, number)

    def number_of(self, data: Any) -> int:
        """The data is the number itself."""
        return int(data)

    def _fault(self, action: Action) -> Callable[[], object]:
        return lambda: self._proxy.add(Fault(action, seconds=_DOWN))

    def _network_down(self) -> None:
        self._proxy.refuse()
        time.sleep(_DOWN)
        self._proxy.accept()

    def _restart(self, end: Callable[[], None]) -> None:
        end()
        time.sleep(_DOWN)
        self._server.start()


@contextmanager
def _run(server: Server) -> Iterator[RealServer]:
    try:
        with Proxy(server.start()) as proxy:
            yield RealServer(server, proxy)
    finally:
        server.stop()


@contextmanager
def run_cometd(folder: Path) -> Iterator[RealServer]:
    """Run CometD's Java server, with its acknowledgement extension."""
    with _run(cometd(timeout=_HOLD, maxInterval=2 * _HOLD, ack=True)) as target:
        yield target


@contextmanager
def run_faye(folder: Path) -> Iterator[RealServer]:
    """Run Faye's server."""
    with _run(faye(timeout=_HOLD)) as target:
        yield target
