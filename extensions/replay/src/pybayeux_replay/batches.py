"""The batch that arrives at present: the subscriptions that have events in it, and its end.

The events of a batch arrive within one turn of the event loop, so the batch ends with the next turn. This is for the
commit mode ``batch`` alone, in which no position is stored within a batch.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from .resumption import Resumption

__all__ = ("BatchObserver", "CurrentBatch")


class BatchObserver(Protocol):
    """Is told when a batch has ended: `Subscriptions`."""

    def batch_ended(self, resumptions: Collection[Resumption]) -> None:
        """A batch has ended, in which these subscriptions had events."""


class CurrentBatch:
    """The batch that arrives at present, if one does.

    Args:
        observer: Is told of its end.
    """

    def __init__(self, observer: BatchObserver) -> None:
        self._observer: Final = observer
        self._resumptions: Final[dict[Resumption, None]] = {}

    def add(self, resumptions: Iterable[Resumption]) -> None:
        """An event of these subscriptions has arrived."""
        if not self._resumptions:
            asyncio.get_running_loop().call_soon(self._end)
        for each in resumptions:
            self._resumptions[each] = None

    def _end(self) -> None:
        ended = list(self._resumptions)
        self._resumptions.clear()
        self._observer.batch_ended(ended)

    def clear(self) -> None:
        """The client has ended."""
        self._resumptions.clear()
