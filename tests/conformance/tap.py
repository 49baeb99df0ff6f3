"""`Tap`: an extension between its client and every transport, that notes which messages travel together, and when."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from pybayeux import hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from pybayeux import Message
    from pybayeux.transports.base import Transport, TransportContext
    from pybayeux.transports.registry import TransportRegistry

__all__ = ("Tap",)


@dataclass
class Tap:
    """Notes every exchange of its client.

    Attributes:
        exchanges: The messages of each exchange, in the order in which they were begun.
        carriers: The name of the transport of each.
        under_way: How many exchanges are under way now.
        most: How many there were at one time at the most.
    """

    exchanges: list[list[Message]] = field(default_factory=list)
    carriers: list[str] = field(default_factory=list)
    under_way: int = 0
    most: int = 0

    def channels(self) -> list[list[str]]:
        """The channels of the messages of each exchange."""
        return [[message.channel for message in exchange] for exchange in self.exchanges]

    def sent(self, channel: str) -> list[Message]:
        """The messages to one channel, in order."""
        return [message for exchange in self.exchanges for message in exchange if message.channel == channel]

    def with_channel(self, channel: str) -> list[list[Message]]:
        """The exchanges that hold messages to one channel."""
        return [exchange for exchange in self.exchanges if any(message.channel == channel for message in exchange)]

    @hookimpl(wrapper=True)
    def register_transports(self, registry: TransportRegistry) -> Generator[None, None, None]:
        yield
        for name, factory in registry.select(None).items():
            registry.register(name, self._before(name, factory))

    def _before(self, name: str, factory: Callable[..., Transport]) -> Callable[..., Transport]:
        @functools.wraps(factory)  # its parameters are the options that a test may give
        def make(context: TransportContext, **options: Any) -> Transport:
            return _Tapped(self, name, factory(context, **options))

        return make


class _Tapped:
    def __init__(self, tap: Tap, name: str, transport: Transport) -> None:
        self._tap: Final = tap
        self._name: Final = name
        self._transport: Final = transport

    async def exchange(self, messages: list[Message]) -> None:
        tap = self._tap
        tap.exchanges.append(list(messages))
        tap.carriers.append(self._name)
        tap.under_way += 1
        tap.most = max(tap.most, tap.under_way)
        try:
            await self._transport.exchange(messages)
        finally:
            tap.under_way -= 1

    async def close(self) -> None:
        await self._transport.close()
