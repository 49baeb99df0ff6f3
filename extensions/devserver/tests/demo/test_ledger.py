from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pybayeux import AsyncClient
from pybayeux_devserver import DevServer
from pybayeux_devserver.demo.ledger import LedgerReader, replay_options, write_orders
from pybayeux_devserver.demo.orders import CHANNEL, orders
from tests.support.loops import in_loop

if TYPE_CHECKING:
    from pathlib import Path


@in_loop
async def test_every_order_is_written_once_over_clients_that_end_anywhere(tmp_path: Path) -> None:
    path, stream, written = tmp_path / "ledger.db", orders(seed=1), list[int]()
    reader = LedgerReader(path)
    async with DevServer() as server:
        for goal in (30, 160, 300):
            for _ in range(100):
                await server.publish(CHANNEL, next(stream))
            async with AsyncClient(server.url, options={"replay": replay_options(path)}) as client:
                writing = asyncio.create_task(write_orders(client))
                for _ in range(1000):
                    written += reader.new()
                    if len(written) >= goal:
                        break
                    await asyncio.sleep(0.01)
            await writing
            written += reader.new()
    assert written == list(range(1, 301))


def test_reader_of_a_file_that_is_not_there_yet_reads_nothing(tmp_path: Path) -> None:
    reader = LedgerReader(tmp_path / "ledger.db")
    assert reader.new() == []
    (tmp_path / "ledger.db").touch()
    assert reader.new() == []
