"""What a pause costs: publishes one behind the other, and with 7.5 ms between them, in processor time of this process.

    uv run python -m benchmarks.pauses

Starts CometD's Java server. Other programs use the processor during a pause, and its caches: what follows is dearer.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from benchmarks.servers import running
from pybayeux import AsyncClient

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_PAUSE: Final = 0.0075
_WARMUP: Final = 500
_COUNT: Final = 1000
_DATA: Final = {"payload": "x" * 200}


def main() -> None:
    """Print a line for each transport."""
    with running("CometD") as server:
        for transport in ("websocket", "long-polling"):
            asyncio.run(compare(server.url, transport))


async def compare(url: str, transport: str) -> None:
    """Measure publishes over one transport, with acknowledgement and replay as a consumer has them."""
    async with AsyncClient(url, transports=[transport], discover=["ack", "replay"]) as client:

        async def publish() -> None:
            await client.publish("/pauses", _DATA)

        async def pause() -> None:
            await asyncio.sleep(_PAUSE)

        async def publish_and_pause() -> None:
            await publish()
            await pause()

        await _cost(publish, _WARMUP)
        close, apart, idle = [await _cost(each, _COUNT) for each in (publish, publish_and_pause, pause)]
    print(
        f"{transport}: a publish takes {close:.0f} us behind another, {apart - idle:.0f} us after {_PAUSE * 1000} ms, "
        f"and a pause {idle:.0f} us"
    )


async def _cost(work: Callable[[], Awaitable[None]], times: int) -> float:
    """Microseconds of processor time that each call takes."""
    begin = time.process_time()
    for _ in range(times):
        await work()
    return (time.process_time() - begin) / times * 1e6


if __name__ == "__main__":
    main()
