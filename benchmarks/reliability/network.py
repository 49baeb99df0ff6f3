"""A network of a cell's own, in a network namespace: a name server that can fail, and a link that can be cut.

Needs root and the program ``ip``. The client runs inside; the proxy listens at the outer end of the link.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import socket
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ("HOST_NAME", "Network", "why_no_network")

HOST_NAME: Final = "bayeux.test"
"""The name of the server in the namespace."""

_numbers: Final = itertools.count(1)
_REFUSED: Final = 5
_DNS_PORT: Final = 53


def why_no_network() -> str | None:
    """Why there can be no network namespaces here, or None if there can."""
    if shutil.which("ip") is None:
        return "the program ip is missing"
    return None if os.geteuid() == 0 else "network namespaces need root"


class Network:
    """A namespace with a link to the outside; an asynchronous context manager.

    Attributes:
        host: The address of the outer end.
        prefix: The beginning of a command that runs inside.
        names_fail: Whether the name server refuses to answer.
    """

    def __init__(self) -> None:
        number = next(_numbers)
        self._name: Final = f"pybayeux-{os.getpid()}-{number}"
        self._outer: Final = f"pbo{os.getpid() % 10_000}-{number}"
        self._inner: Final = f"pbi{os.getpid() % 10_000}-{number}"
        # Of the block 198.18.0.0/15, which is for benchmarks; four addresses for each link.
        base = (os.getpid() % 512) * 256 + (number % 64) * 4
        self._subnet: Final = f"198.{18 + base // 65_536}.{base // 256 % 256}."
        self._first: Final = base % 256
        self.host: Final = f"{self._subnet}{self._first + 1}"
        self.prefix: Final = ("ip", "netns", "exec", self._name)
        self.names_fail = False
        self._dns: asyncio.DatagramTransport | None = None

    @property
    def _files(self) -> Path:
        return Path("/etc/netns") / self._name

    async def __aenter__(self) -> Self:
        try:
            await self._build()
        except BaseException:
            await self._remove()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._remove()

    async def _build(self) -> None:
        # `ip netns exec` mounts these files over those in /etc.
        self._files.mkdir(parents=True)
        (self._files / "resolv.conf").write_text(f"nameserver {self.host}\noptions timeout:1 attempts:1\n")
        await _ip("netns", "add", self._name)
        await _ip("link", "add", self._outer, "type", "veth", "peer", "name", self._inner, "netns", self._name)
        await _ip("address", "add", f"{self.host}/30", "dev", self._outer)
        await _ip("link", "set", self._outer, "up")
        inside = ("-n", self._name)
        await _ip(*inside, "link", "set", "lo", "up")
        await _ip(*inside, "address", "add", f"{self._subnet}{self._first + 2}/30", "dev", self._inner)
        await _ip(*inside, "link", "set", self._inner, "up")
        self._dns, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _NameServer(self), (self.host, _DNS_PORT)
        )

    async def _remove(self) -> None:
        if self._dns is not None:
            self._dns.close()
        for command in (("link", "delete", self._outer), ("netns", "delete", self._name)):
            with suppress(OSError):
                await _ip(*command)
        shutil.rmtree(self._files, ignore_errors=True)

    async def cut(self) -> None:
        """Loses every packet on the link, in both directions, without a word to either side."""
        await _ip("link", "set", self._outer, "down")

    async def restore(self) -> None:
        """Lets packets pass again."""
        await _ip("link", "set", self._outer, "up")


class _NameServer(asyncio.DatagramProtocol):
    """Answers every question for an IPv4 address with the outer end of the link."""

    def __init__(self, network: Network) -> None:
        self._network: Final = network
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        assert self._transport is not None
        self._transport.sendto(self._answer(data), addr)

    def _answer(self, query: bytes) -> bytes:
        end = query.index(b"\0", 12) + 5
        question, is_address = query[12:end], query[end - 4 : end - 2] == b"\0\1"
        if self._network.names_fail:
            return _header(query, _REFUSED, 0) + question
        if not is_address:
            return _header(query, 0, 0) + question
        # A pointer to the name of the question, type A, class IN, one second to live, four bytes.
        record = b"\xc0\x0c\0\1\0\1\0\0\0\1\0\4" + socket.inet_aton(self._network.host)
        return _header(query, 0, 1) + question + record


def _header(query: bytes, code: int, answers: int) -> bytes:
    flags = bytes([0x81, 0x80 | code])
    return query[:2] + flags + b"\0\1" + answers.to_bytes(2, "big") + b"\0\0\0\0"


async def _ip(*arguments: str) -> None:
    process = await asyncio.create_subprocess_exec(
        "ip", *arguments, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    _, complaint = await process.communicate()
    if process.returncode != 0:
        raise OSError(f"ip {' '.join(arguments)}: {complaint.decode().strip()}")
