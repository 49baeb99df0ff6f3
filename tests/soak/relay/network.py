"""The network of one replica: a link to the server and one to the database, each of which can be cut.

Where the machine allows it, a replica runs in a network namespace of its own, and a link that is cut loses every packet
without a word to either side. Elsewhere a proxy before the server and one before the database break their connections,
and refuse new ones. The proxies are there in both cases: server and database listen on the loopback only.
"""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
from contextlib import ExitStack, suppress
from functools import cache
from typing import TYPE_CHECKING, Final, Protocol, Self

from tests.servers.proxy import Proxy

if TYPE_CHECKING:
    from types import TracebackType

    from tests.servers.proxy import Upstream

__all__ = ("Link", "Network", "why_no_namespaces")

_numbers: Final = itertools.count()


class Link(Protocol):
    """A way to a server.

    Attributes:
        proxy: What listens at its end.
    """

    proxy: Proxy

    def cut(self) -> None:
        """Let nothing pass."""

    def restore(self) -> None:
        """Let everything pass again."""


@cache
def why_no_namespaces() -> str | None:
    """Why there can be no network namespaces here, or None if there can."""
    if shutil.which("ip") is None:
        return "the program ip is missing"
    if os.geteuid() != 0:
        return "network namespaces need root"
    name = f"pybayeux-trial-{os.getpid()}"
    try:
        _ip("netns", "add", name)
        _ip("netns", "delete", name)
    except OSError as error:
        return str(error)
    return None


class Network:
    """The network of one replica; a context manager.

    Args:
        server: Where the server listens.
        store: Where the database listens. None: it is a file.

    Attributes:
        server: The link to the server.
        store: The link to the database.
        prefix: The beginning of a command that runs in this network.
    """

    def __init__(self, server: Upstream, store: Upstream | None) -> None:
        self._stack: Final = ExitStack()
        self.prefix: tuple[str, ...] = ()
        name = None
        try:
            if why_no_namespaces() is None:
                name = f"pybayeux-{os.getpid()}-{next(_numbers)}"
                _ip("netns", "add", name)
                self._stack.callback(_remove, "netns", "delete", name)
                _ip("-n", name, "link", "set", "lo", "up")
                self.prefix = ("ip", "netns", "exec", name)
            self.server: Final = self._link(server, name)
            self.store: Final = None if store is None else self._link(store, name)
        except BaseException:
            self._stack.close()
            raise

    def _link(self, upstream: Upstream, namespace: str | None) -> Link:
        if namespace is None:
            return _BrokenConnections(self._stack.enter_context(Proxy(upstream)))
        number = next(_numbers)
        outer, inner = f"pbo{os.getpid() % 10_000}-{number}", f"pbi{os.getpid() % 10_000}-{number}"
        # Of the block 198.18.0.0/15, which is for benchmarks; four addresses for each link.
        base = (os.getpid() % 512) * 256 + (number % 64) * 4
        subnet, first = f"198.{18 + base // 65_536}.{base // 256 % 256}.", base % 256
        _ip("link", "add", outer, "type", "veth", "peer", "name", inner, "netns", namespace)
        self._stack.callback(_remove, "link", "delete", outer)
        _ip("address", "add", f"{subnet}{first + 1}/30", "dev", outer)
        _ip("link", "set", outer, "up")
        _ip("-n", namespace, "address", "add", f"{subnet}{first + 2}/30", "dev", inner)
        _ip("-n", namespace, "link", "set", inner, "up")
        return _LostPackets(outer, self._stack.enter_context(Proxy(upstream, f"{subnet}{first + 1}")))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()


class _LostPackets:
    """A link between two network namespaces."""

    def __init__(self, interface: str, proxy: Proxy) -> None:
        self._interface: Final = interface
        self.proxy: Proxy = proxy

    def cut(self) -> None:
        _ip("link", "set", self._interface, "down")

    def restore(self) -> None:
        _ip("link", "set", self._interface, "up")


class _BrokenConnections:
    """A proxy that breaks connections."""

    def __init__(self, proxy: Proxy) -> None:
        self.proxy: Proxy = proxy

    def cut(self) -> None:
        self.proxy.refuse()

    def restore(self) -> None:
        self.proxy.accept()


def _remove(*arguments: str) -> None:
    with suppress(OSError):
        _ip(*arguments)


def _ip(*arguments: str) -> None:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OSError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")
