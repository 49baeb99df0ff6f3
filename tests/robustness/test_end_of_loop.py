"""An `AsyncClient` that is still open where its event loop ends: a line that says so, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pybayeux_devserver import BlockingServer

PROGRAM = """
import asyncio, logging, sys
logging.basicConfig(level=logging.WARNING, format="%(message)s")
from pybayeux import AsyncClient

async def main():
    global client, waiting
    client = AsyncClient(sys.argv[1], transports=[sys.argv[2]], discover=False)
    await client.start()
    await client.subscribe("/a", lambda event: None)
    waiting = asyncio.create_task(anext(await client.subscribe("/b")))
    await client.publish("/a", 1)
    await asyncio.sleep(0.2)  # until the next connect is under way: a task that has not begun cannot clean up

asyncio.run(main())
"""
DROPPED = PROGRAM.replace("    global client, waiting\n", "")


@pytest.mark.parametrize("transport", ["long-polling", "websocket"])
@pytest.mark.parametrize("program", [PROGRAM, DROPPED], ids=["kept", "dropped"])
def test_open_client_at_the_end_of_the_loop_says_so_in_one_line(
    bayeux_server: BlockingServer, transport: str, program: str
) -> None:
    command = [sys.executable, "-W", "default", "-W", "ignore::DeprecationWarning", "-c", program]
    done = subprocess.run(
        [*command, bayeux_server.url, transport], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.endswith("or its event loop ended without close()")
