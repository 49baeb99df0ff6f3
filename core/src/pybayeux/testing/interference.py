"""The extensions that the contract registers together with the one under test: they veto, fail or wait."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from ..hookspecs import Drop, hookimpl

if TYPE_CHECKING:
    from ..message import Message

__all__ = ("DISTURBED_CHANNEL", "FailsFirst", "FailsLast", "VetoesFirst", "VetoesLast", "Waits")

DISTURBED_CHANNEL: Final = "/contract/disturbed"
"""The channel on which they veto or fail; they leave all others alone."""


class VetoesFirst:
    """Vetoes before the others are called."""

    @hookimpl(tryfirst=True)
    def outgoing(self, message: Message) -> Drop | None:
        """No publish on the channel leaves."""
        return _veto(message)

    @hookimpl(tryfirst=True)
    def incoming(self, message: Message) -> Drop | None:
        """The others do not see events of the channel."""
        return _veto(message)


class VetoesLast:
    """Vetoes after the others have seen the message."""

    @hookimpl(trylast=True)
    def outgoing(self, message: Message) -> Drop | None:
        """No publish on the channel leaves."""
        return _veto(message)

    @hookimpl(trylast=True)
    def incoming(self, message: Message) -> Drop | None:
        """Receivers do not get events of the channel."""
        return _veto(message)


class FailsFirst:
    """Fails before the others are called."""

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
        """The others are still called."""
        _fail(message)

    @hookimpl(tryfirst=True)
    def state_changed(self) -> None:
        """The others are still called."""
        raise ValueError("another extension's fault")


class FailsLast:
    """Fails after the others were called, but inside wrappers."""

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
        """All others were called."""
        _fail(message)


@hookimpl(tryfirst=True)
async def _next_turn(_self: object) -> None:
    """Wait for the next turn of the event loop."""
    await asyncio.sleep(0)


class Waits:
    """Makes every hook asynchronous, and lets other tasks run before each call."""

    outgoing: Final = _next_turn
    incoming: Final = _next_turn
    delivered: Final = _next_turn
    dead_letter: Final = _next_turn
    state_changed: Final = _next_turn
    failed: Final = _next_turn
    request: Final = _next_turn
    response: Final = _next_turn
    diagnose: Final = _next_turn


def _veto(message: Message) -> Drop | None:
    return Drop("another extension's veto") if message.channel == DISTURBED_CHANNEL else None


def _fail(message: Message) -> None:
    if message.channel == DISTURBED_CHANNEL:
        raise ValueError("another extension's fault")
