"""The development server as a program like the other test servers: ``--port=N``, ``READY <port>``, ends with its input.

python -m benchmarks.reliability.devserver --port=0 --timeout=4000
"""

from __future__ import annotations

import asyncio
import sys
from urllib.parse import urlsplit

from pybayeux_devserver import DevServer


async def main(options: dict[str, str]) -> None:
    """Serves until standard input ends."""
    timeout = float(options["timeout"]) / 1000
    server = DevServer(port=int(options["port"]), timeout=timeout, connection_types=("websocket", "long-polling"))
    async with server:
        print("READY", urlsplit(server.url).port, flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(dict(argument.removeprefix("--").split("=", 1) for argument in sys.argv[1:])))
