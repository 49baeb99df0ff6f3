"""The memory that a subscription takes which has had no event yet, as `tracemalloc` counts it; without a server.

uv run python -m benchmarks.subscription_memory
"""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from typing import TYPE_CHECKING, Final

from benchmarks.whole_path import NullTransports
from pybayeux import AsyncClient

if TYPE_CHECKING:
    from pybayeux import Message

_WARMUP: Final = 50
_COUNT: Final = 2000
_INSTALLED: Final[dict[str, bool | list[str]]] = {"no extension": [], "core": ["ack", "replay"], "all": True}
"""The extensions of each client, as in docs/performance.md."""


def main() -> None:
    """Print a line for each client."""
    for name, discover in _INSTALLED.items():
        loop, handler = (asyncio.run(each_subscription(discover, handled=handled)) for handled in (False, True))
        print(f"{name}: {loop:,.0f} bytes for each subscription, {handler:,.0f} with a handler")


async def each_subscription(discover: bool | list[str], *, handled: bool) -> float:
    """Return the bytes that one of many subscriptions takes.

    Args:
        discover: The extensions of the client.
        handled: Whether its events go to a handler.
    """
    transports = NullTransports()
    async with AsyncClient(
        "http://localhost/", discover=discover, extensions=[transports], transports=["long-polling"]
    ) as client:
        kept = await _subscribe(client, "/warm-up", _WARMUP, handled=handled)
        gc.collect()
        tracemalloc.start()
        kept += await _subscribe(client, "/orders", _COUNT, handled=handled)
        gc.collect()
        taken, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return taken / _COUNT


async def _subscribe(client: AsyncClient, channel: str, count: int, *, handled: bool) -> list[object]:
    channels = [f"{channel}/{number}" for number in range(count)]
    if handled:
        return [await client.subscribe(each, _handle) for each in channels]
    return [await client.subscribe(each) for each in channels]


def _handle(event: Message) -> None:
    """Do nothing."""


if __name__ == "__main__":
    main()
