"""Batches: several publishes that travel as one request."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

from .. import requests

if TYPE_CHECKING:
    from types import TracebackType

    from ..message import Message

__all__ = ("Batch", "Requester")


class Requester(Protocol):
    """Sends a message and waits for its reply: the publisher."""

    async def request(self, message: Message) -> Message:
        """Return the server's reply."""


class Batch:
    """Gathers publishes and sends them together, in order, when its block ends; an exception does not lose them.

    Attributes:
        replies: The server's replies in the same order; an error stands where a publish was refused.
    """

    def __init__(self, publisher: Requester) -> None:
        self._publisher: Final = publisher
        self._messages: list[Message] = []
        self._depth = 0
        self.replies: list[Message | BaseException] = []

    def publish(self, channel: str, data: Any) -> None:
        """Add a publish.

        Raises:
            InvalidChannelError: As `AsyncClient.publish` has it.
        """
        self._messages.append(requests.publish(channel, data))

    async def __aenter__(self) -> Self:
        self._depth += 1
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._depth -= 1
        if self._depth:
            return
        messages, self._messages = self._messages, []
        # Queued in one turn of the loop, they travel in one request.
        sending = asyncio.gather(*map(self._publisher.request, messages), return_exceptions=True)
        self.replies += await sending
