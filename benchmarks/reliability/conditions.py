"""The faults of what lies around the client: network, names, certificates, clock and server.

Each is a `Condition`: it begins, lasts, and ends, whatever the client exchanges meanwhile.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from benchmarks.reliability.exchange_faults import HTML, Refusal, Released
from benchmarks.reliability.exchanges import Place, client_id_of

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from benchmarks.reliability.http_messages import HttpMessage
    from benchmarks.reliability.proxy import ExchangeFault
    from benchmarks.reliability.replies import Reply
    from benchmarks.reliability.surroundings import Surroundings

__all__ = (
    "AtExchange",
    "BadCertificate",
    "ClockJump",
    "Condition",
    "DroppedSession",
    "Elsewhere",
    "NoName",
    "NotMet",
    "Partition",
    "Refused",
    "Restart",
    "released",
)

_HOUR: Final = 3600
_MET_WITHIN: Final = 9.0
"""Seconds within which the exchange must take place: a WebSocket's connect comes every four seconds."""
_INTO_A_HOLD: Final = 0.02


class NotMet(Exception):
    """The exchange did not take place in time."""


class Condition(Protocol):
    """A fault as a cell carries it out."""

    async def hold(self, around: Surroundings, place: Place, seconds: float) -> None:
        """Begins the fault, and returns when it has ended."""


@dataclass(frozen=True)
class AtExchange:
    """A fault of the exchanges at the place. It lasts from the first of them.

    Attributes:
        make: Makes the fault.
    """

    make: Callable[[Surroundings], ExchangeFault]

    async def hold(self, around: Surroundings, place: Place, seconds: float) -> None:
        around.proxy.arm(self.make(around), place)
        try:
            async with asyncio.timeout(_MET_WITHIN):
                await around.proxy.struck.wait()
        except TimeoutError:
            raise NotMet from None
        finally:
            if not around.proxy.struck.is_set():
                around.proxy.disarm()
        await asyncio.sleep(seconds)
        around.proxy.disarm()


def released(around: Surroundings) -> Released:
    """The fault that withholds replies until it ends."""
    return Released(around.ended)


class Elsewhere:
    """A redirect to a page of another server, while it lasts."""

    async def hold(self, around: Surroundings, place: Place, seconds: float) -> None:
        async def show(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(1 << 16)
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\n\r\n" + HTML)
            writer.close()

        server = await asyncio.start_server(show, "127.0.0.1", 0)
        async with server:
            target = b"http://localhost:%d/login" % server.sockets[0].getsockname()[1]
            await AtExchange(lambda _: Refusal(302, (b"location", target))).hold(around, place, seconds)


class DroppedSession:
    """The server forgets the session, shortly after a request at the place has arrived. It is over at once."""

    async def hold(self, around: Surroundings, place: Place, seconds: float) -> None:
        drop = _Drop(around)
        await AtExchange(lambda _: drop).hold(around, place, seconds)


class _Drop:
    replaces_server: Final = False
    upgrade: Final[HttpMessage | None] = None

    def __init__(self, around: Surroundings) -> None:
        self._around: Final = around
        self._done = False

    def takes(self, places: set[Place], place: Place) -> bool:
        return place in places and not self._done

    async def act(self, reply: Reply) -> None:
        self._done = True
        body = await reply.fetch()
        await reply.write(reply.wire(body))
        await asyncio.sleep(_INTO_A_HOLD)
        if (client_id := client_id_of(body) or self._around.proxy.client_id) is not None:
            await self._around.server.drop(client_id)


class Refused:
    """All connections break, and new ones are refused."""

    async def hold(self, around: Surroundings, place: Place, seconds: float) -> None:
        await around.proxy.refuse()
        await asyncio.sleep(seconds)
        await around.proxy.accept()


class NoName:
    """All connections break, and the server's name cannot be resolved."""

    async def hold(self, around: Surroundings, place: Place, seconds: float) -> None:
        assert around.network is not None
        around.network.names_fail = True
        await around.proxy.sever()
        await asyncio.sleep(seconds)
        around.network.names_fail = False


class BadCertificate:
    """All connections break, and new ones show a certificate that the client does not trust."""

    async def hold(self, around: Surroundings, place: Place, seconds: float) -> None:
        assert around.certificates is not None
        trusted, other = around.certificates
        await self._show(around, other.server())
        await asyncio.sleep(seconds)
        await self._show(around, trusted.server())

    async def _show(self, around: Surroundings, context: ssl.SSLContext) -> None:
        await around.proxy.refuse()
        around.proxy.tls = context
        await around.proxy.accept()


class Partition:
    """Every packet between client and server is lost, without a word to either."""

    async def hold(self, around: Surroundings, place: Place, seconds: float) -> None:
        assert around.network is not None
        await around.network.cut()
        await asyncio.sleep(seconds)
        await around.network.restore()


class ClockJump:
    """The client's clock is set forward by an hour. It sees that within a second."""

    async def hold(self, around: Surroundings, place: Place, seconds: float) -> None:
        assert around.clock is not None
        around.clock.write_text(f"+{_HOUR}\n")
        await asyncio.sleep(seconds)


class Restart:
    """The server is killed and started again."""

    async def hold(self, around: Surroundings, place: Place, seconds: float) -> None:
        restarting = asyncio.create_task(around.server.restart(seconds))
        # Where no server listens, the proxy does not either.
        await around.proxy.refuse()
        await restarting
        await around.proxy.accept()
