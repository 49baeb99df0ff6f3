"""Dead letters: events that a handler failed on, kept by an extension so that the stream can go on without them.

Where they are kept is the extension's part (hook `dead_letter`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from ..errors import BayeuxError, UsageError

if TYPE_CHECKING:
    from ..errors import ReceiverError
    from ..message import Message
    from .reporter import Reporter

__all__ = ("DeadLetterKeeper", "DeadLetters")


class DeadLetterKeeper(Protocol):
    """Keeps an event that a handler failed on: the extensions."""

    async def dead_letter(self, message: Message, subscription: str, error: ReceiverError) -> str | None:
        """Keep an event; return where it is now, or None if no extension keeps it."""


class DeadLetters:
    """Has events kept, and reports what became of them.

    Args:
        keeper: Keeps them.
        reporter: Is told of failures.
    """

    def __init__(self, keeper: DeadLetterKeeper, reporter: Reporter) -> None:
        self._keeper: Final = keeper
        self._reporter: Final = reporter

    async def keep(self, message: Message, subscription: str, error: ReceiverError) -> bool:
        """Have an event kept that a handler failed on; return whether it is safe."""
        try:
            place = await self._keeper.dead_letter(message, subscription, error)
        except BayeuxError as failure:
            self._reporter.report(failure)
            return False
        if place is None:
            self._reporter.report(
                UsageError(
                    f"no extension keeps this event of {message.channel} as a dead letter, and so {subscription} ends: "
                    "it takes pybayeux-replay with a store such as 'sqlite:///positions.db'"
                )
            )
            return False
        self._reporter.note("kept as a dead letter: %s", f"event of {message.channel}, {place}")
        return True
