"""What the user sends: publishes, batches of them, remote calls. Owns the checks before a message is queued, and the
wait for its reply."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import msgspec

from .. import requests
from .._util.arguments import check_choice
from ..channel import Channel
from ..codec import encode
from ..errors import ClientStateError, ExchangeTimeoutError, PublishError, UsageError
from ..state import ConnectionState
from .batch import Batch

if TYPE_CHECKING:
    from ..message import Message
    from .connection import Connection

__all__ = ("Offline", "Sender")

Offline: TypeAlias = Literal["wait", "fail"]
"""What a publish does while there is no connection."""

_ONLINE: Final = frozenset({ConnectionState.HANDSHAKEN, ConnectionState.CONNECTING, ConnectionState.CONNECTED})


class Sender:
    """Sends over a connection. `AsyncClient` documents the methods.

    Args:
        connection: Carries the messages.
        max_message_size: Bytes of JSON that a message may have, or None.
        max_network_delay: Seconds to wait for the answer to a remote call, where the caller does not say.
    """

    def __init__(self, connection: Connection, *, max_message_size: int | None, max_network_delay: float) -> None:
        self._connection: Final = connection
        self._max_message_size: Final = max_message_size
        self._max_network_delay: Final = max_network_delay

    async def publish(self, channel: str, data: Any, timeout: float | None, offline: Offline) -> Message:
        """Publish, and return the server's reply."""
        check_choice("offline", offline, Offline)
        message = requests.publish(channel, data)
        state = self._connection.session.state
        if offline == "fail" and state not in _ONLINE:
            raise PublishError(message.channel, cause=ClientStateError(f"no connection: {state.value}"))
        try:
            async with asyncio.timeout(timeout):
                return await self._request(message)
        except TimeoutError:
            raise PublishError(channel, cause=ExchangeTimeoutError(f"no answer within {timeout:g} s")) from None

    def batch(self) -> Batch:
        """Several publishes as one request."""
        return Batch(self._request)

    async def call(self, target: str, data: Any, timeout: float | None) -> Message:
        """Call a remote procedure."""
        channel = Channel(target if target.startswith("/service/") else f"/service/{target.lstrip('/')}")
        try:
            async with asyncio.timeout(timeout or self._max_network_delay):
                return await self._request(requests.publish(channel, data), awaits_data=True)
        except TimeoutError:
            raise ExchangeTimeoutError(f"406::timeout: no answer to the call of {channel}") from None

    async def _request(self, message: Message, *, awaits_data: bool = False) -> Message:
        try:
            # Encoded now: later changes by the caller do not reach the wire, nor do those of a first attempt a second.
            message.data = msgspec.Raw(message.raw_data)
        except TypeError as error:
            raise UsageError(f"publish to {message.channel}: data cannot be expressed in JSON: {error}") from error
        self._check_size(message)
        request = self._connection.send(message, awaits_data=awaits_data)
        try:
            return await self._connection.waiting.for_reply(request)
        except asyncio.CancelledError:
            self._connection.session.forget(request)
            raise

    def _check_size(self, message: Message) -> None:
        limit = self._max_message_size
        if limit is not None and (size := len(encode([message])) - len("[]")) > limit:
            raise UsageError(f"publish to {message.channel}: {size} bytes are more than max_message_size={limit}")
