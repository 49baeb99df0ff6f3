"""`Traffic`: a journal that keeps the order of what goes out and what comes in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pybayeux import ConnectionState, hookimpl
from tests.support.journal import Journal

if TYPE_CHECKING:
    from pybayeux import AsyncClient, Message
    from tests.conformance.servers import Target

__all__ = ("Traffic", "lose_session")


class Traffic(Journal):
    """An extension that notes all messages next to the wire.

    Attributes:
        lines: ``> /meta/handshake`` for what left, ``< /meta/handshake`` for what came in, failures of this side too.
    """

    def __init__(self) -> None:
        super().__init__()
        self.lines: Final[list[str]] = []

    @hookimpl(trylast=True)
    def outgoing(self, message: Message) -> None:
        self.lines.append(f"> {message.channel}")
        super().outgoing(message)

    @hookimpl(tryfirst=True)
    def incoming(self, message: Message) -> None:
        self.lines.append(f"< {message.channel}")
        super().incoming(message)

    def asked(self, channel: str) -> list[Message]:
        """The messages that left for one channel."""
        return [message for message in self.sent if message.channel == channel]

    def answers(self, channel: str) -> list[Message]:
        """The messages that came on one channel."""
        return [message for message in self.received if message.channel == channel]

    async def connected(self, times: int) -> None:
        """Wait until the client has come to be connected so many times."""
        await self.until(lambda: self.count(ConnectionState.CONNECTED) >= times)


async def lose_session(target: Target, client: AsyncClient, traffic: Traffic) -> None:
    """Let the server forget the session of a client that is connected, and wait until it has another one."""
    times = traffic.count(ConnectionState.CONNECTED)
    await target.held(client.client_id)
    await target.drop(client.client_id)
    if target.endpoint.name.startswith("cometd"):
        # These go on to hold the connect, but they know no such publisher. The others answer the connect.
        await client.publish("/conformance/unknown", 1)
    await traffic.connected(times + 1)
