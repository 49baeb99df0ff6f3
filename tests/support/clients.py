"""Clients as the tests have them, and what they receive. Their waits after failures are short."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pybayeux import AsyncClient
from pybayeux.session import Backoff

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pybayeux import Message

__all__ = ("IMPATIENT", "make_client", "take")

IMPATIENT: Final = Backoff(increment=0.02, maximum=0.2, jitter=0.0)
"""Enough not to spin, too little to notice."""


def make_client(url: str, *extensions: object, **arguments: Any) -> AsyncClient:
    """A client with these extensions and none that happen to be installed."""
    return AsyncClient(url, **{"extensions": extensions, "discover": False, "backoff": IMPATIENT, **arguments})


async def take(events: AsyncIterator[Message], count: int) -> list[Any]:
    """The data of the next `count` events."""
    return [(await anext(events)).data for _ in range(count)]
