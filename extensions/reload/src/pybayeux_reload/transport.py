"""The intercepting transport: it lies between a client and one of its transports, and answers some requests itself.

These are the handshake of a session that is taken over from another process, and the unsubscribes and the disconnect of
a session that is handed over to another process. Both are answered below the hooks, so that every extension sees an
ordinary exchange.
"""

from __future__ import annotations

import asyncio
import copy
from typing import TYPE_CHECKING, Any, Final

from pybayeux import Channel, Message

if TYPE_CHECKING:
    from collections.abc import Callable

    from pybayeux import Completion, Transport

    from .early_events import EarlyEvents
    from .persistent_session import PersistentSession

__all__ = ("InterceptingTransport", "channels_of")

_ENDING: Final = frozenset({Channel.META_UNSUBSCRIBE, Channel.META_DISCONNECT})


class InterceptingTransport:
    """A transport that wraps another one.

    Args:
        factory: Makes the wrapped transport.
        context: What the client passes to a transport.
        session: The session, and whether it is being handed over.
        early: Holds the events that have no receiver yet.
    """

    def __init__(
        self,
        factory: Callable[[Any], Transport],
        context: Any,
        *,
        session: PersistentSession,
        early: EarlyEvents,
    ) -> None:
        wrapped_context = copy.copy(context)
        wrapped_context.receive = self._receive
        self._context: Final = context
        self._wrapped: Final = factory(wrapped_context)
        self._session: Final = session
        self._early: Final = early

    async def exchange(self, messages: list[Message]) -> None:
        """Send messages, or answer them here."""
        first = messages[0]
        if first.channel == Channel.META_HANDSHAKE and (reply := self._take_over(first)) is not None:
            await self._context.receive([reply])
            return
        await self._release_events(messages)
        if self._session.is_handing_over:
            await self._send_handing_over(messages)
        elif first.channel == Channel.META_CONNECT:
            await self._send_connect(messages)
        else:
            if any(message.channel == Channel.META_DISCONNECT for message in messages):
                self._session.end()
            await self._wrapped.exchange(messages)

    def renew(self) -> None:
        """A new session begins: let the wrapped transport open new connections, if it can."""
        if (renew := getattr(self._wrapped, "renew", None)) is not None:
            renew()

    async def close(self) -> None:
        """Close the wrapped transport."""
        await self._wrapped.close()

    def _take_over(self, request: Message) -> Message | None:
        """Return the saved reply to a handshake, or None if there is no session to take over."""
        saved = self._session.take_over(request, self._context)
        if saved is None:
            return None
        self._early.expect(saved.channels)
        reply = saved.reply()
        reply.id = request.id
        ext = reply.get_ext(create=True)
        assert ext is not None
        ext["reload"] = True  # as in CometD's own clients: it tells extensions that the reply is an old one
        ext.pop("timesync", None)  # it has the travel time of the old reply
        return reply

    async def _release_events(self, messages: list[Message]) -> None:
        """Pass on the events that have waited for the subscribes in a request."""
        subscribed = [
            channel
            for message in messages
            if message.channel == Channel.META_SUBSCRIBE
            for channel in channels_of(message)
        ]
        if subscribed and (events := self._early.release(subscribed)):
            await self._context.receive(events)

    async def _send_connect(self, messages: list[Message]) -> None:
        self._session.last_connect = messages[0]
        await self._wrapped.exchange(messages)
        if self._session.is_handing_over:
            await _until_cancelled()  # `_receive` has kept its reply from the client

    async def _send_handing_over(self, messages: list[Message]) -> None:
        """Send nothing that ends the session or a subscription, and nothing that could bring events."""
        if messages[0].channel == Channel.META_CONNECT:
            await _until_cancelled()
        ending = [message for message in messages if message.channel in _ENDING]
        others = [message for message in messages if message.channel not in _ENDING]
        if any(message.channel == Channel.META_DISCONNECT for message in ending) and self._session.last_connect:
            # When a session ends, a server answers the connect that it holds, and clients wait for that.
            ending.insert(0, self._session.last_connect)
        if ending:
            await self._context.receive([_success(message) for message in ending])
        if others:
            await self._wrapped.exchange(others)

    def _receive(self, messages: list[Message]) -> Completion:
        if self._session.is_handing_over:
            # Events are for the next process. A server with acknowledgement sends them again.
            messages = [m for m in messages if m.successful is not None and m.channel != Channel.META_CONNECT]
        received: Completion = self._context.receive(self._early.hold(messages))
        return received


def channels_of(message: Message) -> list[str]:
    """Return the channels of a subscribe or unsubscribe, or of the reply to it."""
    subscription = message.subscription
    return [subscription] if isinstance(subscription, str) else list(subscription or ())


def _success(request: Message) -> Message:
    return Message(channel=request.channel, id=request.id, subscription=request.subscription, successful=True)


async def _until_cancelled() -> None:
    await asyncio.Event().wait()
