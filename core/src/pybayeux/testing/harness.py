"""The harness: a client with one extension, connected to a scripted server, in virtual time.

Owns what a test checks: what was sent, what was handled, what was reported.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final, Self

from ..client import AsyncClient
from ..errors import UsageError
from ..hookspecs import hookimpl
from ..session import Backoff
from .factory import name_of, new_extension
from .server import Order, ScriptedServer
from .virtual_time import Clock, VirtualTimeLoop

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import TracebackType

    from .._client.handler_runner import Handler
    from ..errors import BayeuxError
    from ..message import Message
    from ..subscription import Subscription

__all__ = ("Harness",)

_LONGEST_START: Final = 300.0
_QUIET: Final = 12.0
"""Seconds in which nothing was sent and handled, after which a client is idle: less than a connect is held."""
_ROUNDS: Final = 10


class Harness:
    """``async with Harness(MyExtension) as harness``: a started client with only that extension.

    It needs `in_virtual_time`. What is scripted before the block applies to the handshake.

    Args:
        extension: A class, an instance or a module.
        options: The options of a class.
        order: Whether events or replies come first in a response.
        ext: The `ext` of the handshake's reply.
        others: Other extensions, registered after this one.
        url: The address that the client uses.
        client_arguments: Further arguments of `AsyncClient`.

    Attributes:
        extension: The extension under test.
        name: Its name in the client.
        client: The client.
        server: The server, with its script.
        clock: The virtual clock.
        delivered: The data of the events that every receiver has handled, in order.
        delivered_on: The same by channel: hooks that take time may end in another order on different channels.
        failures: The errors that the hook `failed` was called with, in order.

    Raises:
        ExtensionError: The extension is wrong, or its options are.
    """

    def __init__(
        self,
        extension: object,
        options: Mapping[str, object] | None = None,
        *,
        order: Order = "events-first",
        ext: Mapping[str, Any] | None = None,
        others: Iterable[object] = (),
        url: str = "http://bayeux.test/cometd",
        **client_arguments: Any,
    ) -> None:
        self.extension: Final = new_extension(extension, options)
        self.name: Final = name_of(self.extension)
        self.server: Final = ScriptedServer(order=order, ext=ext)
        self.clock: Final = Clock()
        self.delivered: Final[list[Any]] = []
        self.delivered_on: Final[defaultdict[str, list[Any]]] = defaultdict(list)
        self.failures: Final[list[BayeuxError]] = []
        arguments: dict[str, Any] = {"discover": False, "backoff": Backoff(jitter=0)} | client_arguments
        observer = _Observer(self)
        # The server comes last, so that the transport of another extension does not replace it.
        registered = [self.extension, *others, observer, self.server]
        self.client: Final = AsyncClient(url, extensions=registered, **arguments)

    @property
    def sent(self) -> list[Message]:
        """The messages that were sent, after `outgoing`, in order, including those that were lost."""
        return self.server.received

    async def subscribe(self, channel: str, handler: Handler | None = None, **arguments: Any) -> Subscription:
        """Subscribe, by default with a handler that accepts every event; `delivered` has their data.

        Args:
            channel: The channel or pattern.
            handler: As in `AsyncClient.subscribe`.
            arguments: Further arguments of `AsyncClient.subscribe`.
        """
        return await self.client.subscribe(channel, handler or _take, **arguments)

    async def settle(self) -> None:
        """Return when everything that can happen at this moment has happened."""
        await self.clock.settle()

    async def idle(self) -> None:
        """Return when hooks that take time have finished too: nothing was sent, handled or reported for 12 seconds.

        Nothing but a held connect is under way then. An extension that never rests is waited for two minutes.
        """
        for _ in range(_ROUNDS):
            before = self._progress
            await self.clock.advance(_QUIET)
            if self._progress == before:
                return

    @property
    def _progress(self) -> tuple[int, ...]:
        return len(self.sent), len(self.server.requests), len(self.delivered), len(self.failures)

    async def __aenter__(self) -> Self:
        if not isinstance(asyncio.get_running_loop(), VirtualTimeLoop):
            raise UsageError("a Harness needs virtual time: use @in_virtual_time, or pybayeux.testing.run")
        try:
            await self.client.start(timeout=_LONGEST_START)
        except TimeoutError:
            told = list(dict.fromkeys(map(str, self.failures)))[:3]  # each attempt reports the same again
            reported = "; ".join(told) or "nothing was reported: a hook may never return"
            raise AssertionError(f"the client did not connect: {reported}") from None
        await self.settle()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.client.close()


class _Observer:
    """Records which events were handled and which errors were reported."""

    def __init__(self, harness: Harness) -> None:
        self._harness: Final = harness

    @hookimpl
    def delivered(self, message: Message) -> None:
        self._harness.delivered.append(message.data)
        self._harness.delivered_on[message.channel].append(message.data)

    @hookimpl
    def failed(self, error: BayeuxError) -> None:
        self._harness.failures.append(error)


def _take(event: Message) -> None:
    """Accept every event."""
