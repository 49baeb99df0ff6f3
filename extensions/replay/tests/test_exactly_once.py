"""Each event takes effect exactly once, though a real process is killed at random points."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pybayeux_devserver.pytest_plugin import ServerFactory

EXAMPLE: Final = Path(__file__).parents[3] / "examples" / "exactly_once.py"
KILLS: Final = 6
EACH_TIME: Final = 25


def _consumer(url: str, file: Path) -> subprocess.Popen[str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYBAYEUX_")}
    command = [sys.executable, "-u", str(EXAMPLE), url, str(file)]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)


def _booked(file: Path) -> list[int]:
    with closing(sqlite3.connect(file)) as database:
        return [number for (number,) in database.execute("SELECT number FROM orders ORDER BY rowid")]


def test_every_order_is_booked_once_over_kills_at_random_points(
    tmp_path: Path, bayeux_server_factory: ServerFactory
) -> None:
    server, dice, file, published = bayeux_server_factory(), random.Random(7), tmp_path / "orders.db", 0
    for _ in range(KILLS):
        for number in range(published, published + EACH_TIME):
            server.publish("/orders", {"number": number, "item": "tea"})
        published += EACH_TIME
        with _consumer(server.url, file) as process:
            assert process.stdout is not None
            for _ in range(dice.randint(1, EACH_TIME)):
                assert process.stdout.readline().startswith("booked ")
            time.sleep(dice.uniform(0, 0.02))  # not to fall on the same instruction each time
            process.kill()
    with _consumer(server.url, file) as process:
        assert process.stdout is not None
        while process.stdout.readline() != f"booked {published - 1}\n":
            pass
        process.kill()
    assert _booked(file) == list(range(published))
