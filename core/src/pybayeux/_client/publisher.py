"""The publisher: what the user sends, as publishes, batches of them and remote calls.

Owns the checks before a message is queued, and the wait for its reply.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, get_args

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
    from .config import ClientConfig
    from .runner import SessionRunner
    from .waiters import Waiters

__all__ = ("Offline", "Publisher")

Offline: TypeAlias = Literal["wait", "fail"]
"""What a publish does while there is no connection."""
_OFFLINE: Final = get_args(Offline)

_ONLINE: Final = frozenset({ConnectionState.HANDSHAKEN, ConnectionState.CONNECTING, ConnectionState.CONNECTED})


class Publisher:
    """Sends what the user publishes. `AsyncClient` documents the methods.

    Args:
        config: Has the limits of sizes and times.
        runner: Queues the messages.
        waiters: Wait for the replies.
    """

    def __init__(self, config: ClientConfig, runner: SessionRunner, waiters: Waiters) -> None:
        self._config: Final = config
        self._runner: Final = runner
        self._waiters: Final = waiters

    async def publish(self, channel: str, data: Any, timeout: float | None, offline: Offline) -> Message:
        """Publish, and return the server's reply."""
        check_choice("offline", offline, _OFFLINE)
        message = requests.publish(channel, data)
        state = self._runner.view.state
        if offline == "fail" and state not in _ONLINE:
            raise PublishError(message.channel, cause=ClientStateError(f"no connection: {state.value}"))
        if timeout is None:
            return await self.request(message)
        try:
            async with asyncio.timeout(timeout):
                return await self.request(message)
        except TimeoutError:
            raise PublishError(channel, cause=ExchangeTimeoutError(f"no answer within {timeout:g} s")) from None

    def batch(self) -> Batch:
        """Several publishes as one request."""
        return Batch(self)

    async def call(self, target: str, data: Any, timeout: float | None) -> Message:
        """Call a remote procedure."""
        channel = Channel(target if target.startswith("/service/") else f"/service/{target.lstrip('/')}")
        try:
            async with asyncio.timeout(timeout or self._config.max_network_delay):
                return await self.request(requests.publish(channel, data), awaits_data=True)
        except TimeoutError:
            raise ExchangeTimeoutError(f"406::timeout: no answer to the call of {channel}") from None

    async def request(self, message: Message, *, awaits_data: bool = False) -> Message:
        """Queue a message, and wait for its reply. One whose caller is cancelled before it left never leaves."""
        try:
            # Encoded now: later changes by the caller do not reach the wire, nor do those of a first attempt a second.
            message.data = msgspec.Raw(message.raw_data)
        except TypeError as error:
            raise UsageError(f"publish to {message.channel}: data cannot be expressed in JSON: {error}") from error
        self._check_size(message)
        request = self._runner.send(message, awaits_data=awaits_data)
        try:
            return await self._waiters.for_reply(request)
        except asyncio.CancelledError:
            self._runner.forget(request)
            raise

    def _check_size(self, message: Message) -> None:
        limit = self._config.max_message_size
        if limit is not None and (size := len(encode([message])) - len("[]")) > limit:
            raise UsageError(f"publish to {message.channel}: {size} bytes are more than max_message_size={limit}")
