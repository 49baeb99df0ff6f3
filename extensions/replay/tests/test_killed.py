"""A process that is killed in the middle of a backlog: how many events it handles again when it starts anew."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from random import Random
from typing import TYPE_CHECKING, Final

from pybayeux_replay.policies import MOST_UNSTORED

if TYPE_CHECKING:
    from pathlib import Path

    from pybayeux_devserver.pytest_plugin import ServerFactory

EVENTS: Final = 3000
KILLS: Final = 5

CONSUMER: Final = """
import asyncio, os, sys
from pybayeux import AsyncClient
from pybayeux_replay import Replay

url, positions, record = sys.argv[1:]
file = os.open(record, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

def handle(event):
    os.write(file, b"%d\\n" % event.data["number"])  # what is written here outlives the process

async def main():
    replay = Replay(f"sqlite:///{positions}", since="earliest")
    async with AsyncClient(url, extensions=[replay], discover=False) as client:
        await client.subscribe("/orders", handle)
        await asyncio.Event().wait()

asyncio.run(main())
"""


def _handled(record: Path) -> list[int]:
    lines, _, _ = record.read_bytes().rpartition(b"\n") if record.exists() else (b"", b"", b"")
    return [int(line) for line in lines.split()]


def test_a_killed_process_handles_no_more_events_again_than_one_commit_covers(
    tmp_path: Path, bayeux_server_factory: ServerFactory
) -> None:
    server, dice, record = bayeux_server_factory(), Random(3), tmp_path / "handled.txt"
    for number in range(EVENTS):
        server.publish("/orders", {"number": number})
    command = [sys.executable, "-c", CONSUMER, server.url, str(tmp_path / "positions.db"), str(record)]
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYBAYEUX_")}
    for run in range(KILLS + 1):
        goal = EVENTS if run == KILLS else len(set(_handled(record))) + dice.randint(1, EVENTS // (2 * KILLS))
        with subprocess.Popen(command, env=env) as process:
            try:
                while len(set(_handled(record))) < goal and process.poll() is None:
                    time.sleep(0.001)
            finally:
                process.kill()
        assert process.returncode == -9, "it was killed, and did not fail"
    times = Counter(_handled(record))
    assert sorted(times) == list(range(EVENTS))
    again = sum(times.values()) - EVENTS
    assert again <= KILLS * MOST_UNSTORED
