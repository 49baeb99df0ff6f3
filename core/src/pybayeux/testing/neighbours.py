"""Extensions that a contract has the one under test live with: they veto, they fail, they wait."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from ..hookspecs import Drop, hookimpl

if TYPE_CHECKING:
    from ..message import Message

__all__ = ("TROUBLE", "FailsFirst", "FailsLast", "VetoesFirst", "VetoesLast", "Waits")

TROUBLE: Final = "/contract/trouble"
"""The channel on which they make trouble; everything else they let pass."""


class VetoesFirst:
    """Vetoes before anybody else is asked."""

    @hookimpl(tryfirst=True)
    def outgoing(self, message: Message) -> Drop | None:
        """No publish on the channel leaves."""
        return _verdict(message)

    @hookimpl(tryfirst=True)
    def incoming(self, message: Message) -> Drop | None:
        """No event of the channel is seen."""
        return _verdict(message)


class VetoesLast:
    """Vetoes after everybody else has seen the message."""

    @hookimpl(trylast=True)
    def outgoing(self, message: Message) -> Drop | None:
        """No publish on the channel leaves."""
        return _verdict(message)

    @hookimpl(trylast=True)
    def incoming(self, message: Message) -> Drop | None:
        """No event of the channel gets to its receivers."""
        return _verdict(message)


class FailsFirst:
    """Fails before anybody else is called."""

    @hookimpl(tryfirst=True)
    def outgoing(self, message: Message) -> None:
        """No publish on the channel leaves."""
        _fail(message)

    @hookimpl(tryfirst=True)
    def incoming(self, message: Message) -> None:
        """Events go on."""
        _fail(message)

    @hookimpl(tryfirst=True)
    def delivered(self, message: Message) -> None:
        """The others are still told."""
        _fail(message)

    @hookimpl(tryfirst=True)
    def state_changed(self) -> None:
        """The others are still told."""
        raise ValueError("the neighbour's own fault")


class FailsLast:
    """Fails after everybody else was called; the worse for those who wrap it."""

    @hookimpl(trylast=True)
    def outgoing(self, message: Message) -> None:
        """No publish on the channel leaves."""
        _fail(message)

    @hookimpl(trylast=True)
    def incoming(self, message: Message) -> None:
        """Events go on."""
        _fail(message)

    @hookimpl(trylast=True)
    def delivered(self, message: Message) -> None:
        """All others were told."""
        _fail(message)


class Waits:
    """Has every hook awaited, and lets others run before each call."""

    @hookimpl(tryfirst=True)
    async def outgoing(self) -> None:
        """Wait for the next turn of the event loop."""
        await asyncio.sleep(0)

    @hookimpl(tryfirst=True)
    async def incoming(self) -> None:
        """Wait for the next turn of the event loop."""
        await asyncio.sleep(0)

    @hookimpl(tryfirst=True)
    async def delivered(self) -> None:
        """Wait for the next turn of the event loop."""
        await asyncio.sleep(0)

    @hookimpl(tryfirst=True)
    async def rewind(self) -> None:
        """Wait for the next turn of the event loop."""
        await asyncio.sleep(0)

    @hookimpl(tryfirst=True)
    async def state_changed(self) -> None:
        """Wait for the next turn of the event loop."""
        await asyncio.sleep(0)

    @hookimpl(tryfirst=True)
    async def failed(self) -> None:
        """Wait for the next turn of the event loop."""
        await asyncio.sleep(0)

    @hookimpl(tryfirst=True)
    async def request(self) -> None:
        """Wait for the next turn of the event loop."""
        await asyncio.sleep(0)

    @hookimpl(tryfirst=True)
    async def response(self) -> None:
        """Wait for the next turn of the event loop."""
        await asyncio.sleep(0)


def _verdict(message: Message) -> Drop | None:
    return Drop("a neighbour's veto") if message.channel == TROUBLE else None


def _fail(message: Message) -> None:
    if message.channel == TROUBLE:
        raise ValueError("the neighbour's own fault")
