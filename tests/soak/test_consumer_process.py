from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import pytest

from extensions.devserver.tests.engine_client import in_loop
from tests.soak.consumer_process import CommandConsumer, Consumer, ForkedConsumer
from tests.soak.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

SLEEPS = "import sys, time; print(sys.argv[1], flush=True); time.sleep(60)"


def settings(folder: Path, url: str = "http://127.0.0.1:1") -> Settings:
    return Settings(
        url=url,
        client_id="id",
        client_secret="secret",
        username="user",
        password="word",
        channels=("/event/Order__e",),
        since="earliest",
        journal=str(folder / "journal"),
        store=str(folder / "positions.db"),
        run=1,
        scale=50.0,
    )


async def ended(consumer: Consumer) -> str:
    """Waits until the consumer has ended by itself and returns why."""
    async with asyncio.timeout(30):
        while not consumer.died:  # noqa: ASYNC110 - there is no event for the end of a process
            await asyncio.sleep(0.01)
    return consumer.died


@pytest.mark.parametrize("kind", ["forked", "command"])
@in_loop
async def test_a_killed_consumer_did_not_die_by_itself(kind: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    consumer: Consumer = (
        ForkedConsumer(log) if kind == "forked" else CommandConsumer([sys.executable, "-c", SLEEPS], log)
    )
    await consumer.kill()
    for _ in range(2):
        await consumer.start(settings(tmp_path))
        await consumer.kill()
        assert consumer.died == ""
        await consumer.kill()


@in_loop
async def test_a_command_receives_its_settings_and_reports_its_exit_code(tmp_path: Path) -> None:
    program = "import sys; print(sys.argv[1], flush=True); raise SystemExit(3)"
    consumer = CommandConsumer([sys.executable, "-c", program], tmp_path / "log")
    await consumer.start(settings(tmp_path))
    assert await ended(consumer) == "exit code 3"
    assert '"client_id":"id"' in (tmp_path / "log").read_text()
    await consumer.kill()


@in_loop
async def test_a_forked_consumer_reports_its_exit_code(tmp_path: Path) -> None:
    consumer = ForkedConsumer(tmp_path / "log")
    await consumer.start(settings(tmp_path, url="nonsense"))
    assert await ended(consumer) == "exit code 1"
    assert "Traceback" in (tmp_path / "log").read_text()
    await consumer.kill()
