"""The emulated org in a process of its own: ``python -m tests.soak.longrun.org_process --port=N``.

It prints ``READY <port>`` and ends with its standard input, as the test servers do.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Final

from pybayeux_salesforce_emulator import SalesforceEmulator
from tests.soak.longrun.target import CHANNEL

__all__ = ("SCALE",)

SCALE: Final = 20.0
"""How many times faster the org's clock runs: a connect is held for 5.5 s, a session lives for 2 s without one."""

_FORGET_AFTER: Final = 60.0


async def _serve(port: int) -> None:
    async with SalesforceEmulator(port=port, time_scale=SCALE) as org:
        org.define(CHANNEL)
        print(f"READY {port}", flush=True)  # noqa: T201
        reading = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
        while not reading.done():
            org.recorder.clear()
            await asyncio.wait([reading], timeout=_FORGET_AFTER)


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1].removeprefix("--port="))))
