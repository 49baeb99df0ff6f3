"""A server in the same process instead of one behind a socket: for tests, in virtual time too."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

from .._util.text import to_utf8
from ..codec import decode, encode
from ..message import Message
from .decoding import read_messages

if TYPE_CHECKING:
    from .base import TransportContext

__all__ = ("MemoryServer", "MemoryTransport")

MemoryServer: TypeAlias = Callable[[list[Message]], Awaitable[Sequence[Message] | bytes]]


class MemoryTransport:
    """Awaits a function with each batch, and receives what it returns.

    It has a name that clients know but do not use by themselves::

        async def server(messages: list[Message]) -> list[Message]: ...

        AsyncClient("http://test/", transports=["memory"], transport_options={"memory": {"server": server}})

    To stand in for another transport it is registered under that one's name, in an extension's `register_transports`::

        registry.register("websocket", lambda context: MemoryTransport(context, server=server))

    Args:
        context: The client's side of the transport.
        server: Given the messages of a request, returns those of the answer, or the bytes of one that is no Bayeux. It
            may take its time, as a server that holds a connect does; it is cancelled when the client no longer waits.
            What it raises is the failure of the exchange: a TransportError for that of a network.
    """

    connection_type: Final = "memory"

    def __init__(self, context: TransportContext, *, server: MemoryServer) -> None:
        self._context: Final = context
        self._server: Final = server

    async def exchange(self, messages: list[Message]) -> None:
        """Have the server answer, and receive what it says.

        Raises:
            MessageDecodeError: The server's bytes are no Bayeux.
        """
        # Through bytes, as on a wire: neither side sees what the other does to its messages later.
        answer = await self._server(decode(encode(messages)))
        body = answer if isinstance(answer, bytes) else encode(answer)
        await self._context.receive(await read_messages(to_utf8(body), self._context))

    async def close(self) -> None:
        """Nothing is held."""
