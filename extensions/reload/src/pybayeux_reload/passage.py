"""Stands between a client and one of its transports, and answers there what is not to reach the server.

That is the handshake of a session that another process has begun, and the farewell of one that another process is to
have. Both are answered below the hooks, so that to every extension they look like any other exchange.
"""

from __future__ import annotations

import asyncio
import copy
from typing import TYPE_CHECKING, Any, Final, Protocol

from pybayeux import Channel, Message

if TYPE_CHECKING:
    from collections.abc import Callable

    from .session import KeptSession
    from .unclaimed import Unclaimed

__all__ = ("Passage", "Transport", "channels_of")

_FAREWELL: Final = frozenset({Channel.META_UNSUBSCRIBE, Channel.META_DISCONNECT})


class Transport(Protocol):
    """What the client wants of a transport, and this module of the one behind it."""

    async def exchange(self, messages: list[Message]) -> None:
        """Carry messages as one request, and return when they are answered."""

    async def close(self) -> None:
        """Let go of every connection."""


class Passage:
    """A transport in front of another one.

    Args:
        factory: Makes the one behind.
        context: What the client gives to a transport.
        session: What is kept, and whether it goes to another process.
        unclaimed: Where events wait for their receivers.
    """

    def __init__(
        self,
        factory: Callable[[Any], Transport],
        context: Any,
        *,
        session: KeptSession,
        unclaimed: Unclaimed,
    ) -> None:
        behind = copy.copy(context)
        behind.receive = self._receive
        self._context: Final = context
        self._behind: Final = factory(behind)
        self._session: Final = session
        self._unclaimed: Final = unclaimed

    async def exchange(self, messages: list[Message]) -> None:
        """Have the messages answered, by the server or here."""
        first = messages[0]
        if first.channel == Channel.META_HANDSHAKE and (reply := self._take_over(first)) is not None:
            await self._context.receive([reply])
            return
        await self._give_claimed(messages)
        if self._session.leaving:
            await self._send_leaving(messages)
        elif first.channel == Channel.META_CONNECT:
            await self._poll(messages)
        else:
            if any(message.channel == Channel.META_DISCONNECT for message in messages):
                self._session.end()
            await self._behind.exchange(messages)

    def renew(self) -> None:
        """A new session begins: let the transport behind open its connections anew, if it has such."""
        if (renew := getattr(self._behind, "renew", None)) is not None:
            renew()

    async def close(self) -> None:
        """Close the transport behind."""
        await self._behind.close()

    def _take_over(self, request: Message) -> Message | None:
        saved = self._session.begin(request, self._context)
        if saved is None:
            return None
        self._unclaimed.expect(saved.channels)
        reply = saved.reply()
        reply.id = request.id
        ext = reply.get_ext(create=True)
        assert ext is not None
        ext["reload"] = True  # as in CometD's own clients: whoever sees it knows that the reply is an old one
        ext.pop("timesync", None)  # it tells how long the old reply took
        return reply

    async def _give_claimed(self, messages: list[Message]) -> None:
        claimed = [
            channel
            for message in messages
            if message.channel == Channel.META_SUBSCRIBE
            for channel in channels_of(message)
        ]
        if claimed and (events := self._unclaimed.claim(claimed)):
            await self._context.receive(events)

    async def _poll(self, messages: list[Message]) -> None:
        self._session.connect = messages[0]
        await self._behind.exchange(messages)
        if self._session.leaving:
            await _until_given_up()  # its answer was kept from the client, see `_receive`

    async def _send_leaving(self, messages: list[Message]) -> None:
        """Nothing that ends the session leaves, and nothing that could bring events."""
        if messages[0].channel == Channel.META_CONNECT:
            await _until_given_up()
        farewell = [message for message in messages if message.channel in _FAREWELL]
        others = [message for message in messages if message.channel not in _FAREWELL]
        if any(message.channel == Channel.META_DISCONNECT for message in farewell) and self._session.connect:
            # A server answers the connect that it holds when the session ends, and clients wait for that.
            farewell.insert(0, self._session.connect)
        if farewell:
            await self._context.receive([_granted(message) for message in farewell])
        if others:
            await self._behind.exchange(others)

    def _receive(self, messages: list[Message]) -> Any:
        if self._session.leaving:
            # Events are for the next process; a server that keeps what is not acknowledged sends them again.
            messages = [m for m in messages if m.successful is not None and m.channel != Channel.META_CONNECT]
        return self._context.receive(self._unclaimed.keep(messages))


def channels_of(message: Message) -> list[str]:
    """What a subscribe or an unsubscribe, or the reply to it, is about."""
    given = message.subscription
    return [given] if isinstance(given, str) else list(given or ())


def _granted(request: Message) -> Message:
    return Message(channel=request.channel, id=request.id, subscription=request.subscription, successful=True)


async def _until_given_up() -> None:
    await asyncio.Event().wait()
