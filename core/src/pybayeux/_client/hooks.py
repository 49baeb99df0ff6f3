"""Between messages and transports: runs the extensions' hooks on what goes out and what comes in.

Owns the order and the isolation of batches. Both clients use it; it knows nothing of sessions.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from .._util.credentials import in_ext
from ..errors import BayeuxError, MessageDropped

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .._util.redact import Redactor
    from ..extensions import ExtensionRegistry, Veto
    from ..message import Message
    from ..transports.base import TransportRequest, TransportResponse

__all__ = ("Dropped", "Outgoing", "Postbox")


Dropped: TypeAlias = "dict[int, MessageDropped]"
Take: TypeAlias = "Callable[[Dropped], None]"


class Outgoing(NamedTuple):
    """What the extensions let pass, and what they did not, with the reason."""

    passed: list[Message]
    stopped: list[tuple[Message, BayeuxError]]


class Postbox:
    """Passes messages through the extensions of one client.

    Args:
        client: What the hooks are given as `client`.
        extensions: The client's registry.
        redact: Is told what of the messages is secret.
    """

    def __init__(self, client: Any, extensions: ExtensionRegistry, redact: Redactor) -> None:
        self._client: Final = client
        self._extensions: Final = extensions
        self._redact: Final = redact
        self._turn: Final = asyncio.Lock()

    async def outgoing(self, messages: Sequence[Message]) -> Outgoing:
        """Run `outgoing` on each message in order; one that is stopped does not stop the others."""
        result = Outgoing([], [])
        for message in messages:
            message_id, pipeline = message.id, self._extensions.outgoing
            try:
                call = pipeline.acall(message, self._client) if pipeline.is_async else None
                veto = await call if call is not None else pipeline.call(message, self._client)
            except BayeuxError as error:
                result.stopped.append((message, error))
                continue
            message.id = message_id  # replies are matched by it
            self._redact.remember(message.client_id, *in_ext(message.ext))
            if veto is None:
                result.passed.append(message)
            else:
                result.stopped.append((message, _error_of(veto)))
        return result

    async def incoming(self, messages: list[Message], take: Take) -> None:
        """Run `incoming` on a batch, then `take`. Batches keep their order, and none is cut off half-way.

        Args:
            messages: The batch.
            take: Is given the vetoed messages by identity.
        """
        if self._extensions.incoming.is_async or self._turn.locked():
            # The exchange that brought the batch may be given up meanwhile: its events are here all the same.
            await asyncio.shield(self._incoming_in_turn(messages, take))
        else:
            take(_dropped(messages, self._extensions.incoming.call_batch(messages, self._client)))

    async def _incoming_in_turn(self, messages: list[Message], take: Take) -> None:
        async with self._turn:
            pipeline = self._extensions.incoming
            take(_dropped(messages, [await pipeline.acall(message, self._client) for message in messages]))

    async def request(self, request: TransportRequest) -> None:
        """Run `request` before an HTTP request or WebSocket upgrade leaves."""
        pipeline = self._extensions.request
        if pipeline.is_async:
            await pipeline.acall(request, self._client)
        elif not pipeline.is_empty:
            pipeline.call(request, self._client)

    async def response(self, response: TransportResponse) -> None:
        """Run `response` on the status and headers of an answer."""
        pipeline = self._extensions.response
        if pipeline.is_async:
            await pipeline.acall(response, self._client)
        elif not pipeline.is_empty:
            pipeline.call(response, self._client)


def _dropped(messages: Sequence[Message], vetoes: Sequence[Veto | None]) -> Dropped:
    return {id(message): _error_of(veto) for message, veto in zip(messages, vetoes, strict=True) if veto is not None}


def _error_of(veto: Veto) -> MessageDropped:
    return MessageDropped(veto.reason, veto.extension, veto.remedy)
