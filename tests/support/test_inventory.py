"""The inventory sees what is left behind."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from dataclasses import replace

from pybayeux import AsyncClient, Channel
from tests.support.inventory import take_inventory
from tests.support.loops import in_loop


@in_loop
async def test_inventory_names_everything_that_has_grown() -> None:
    before = take_inventory()
    end = threading.Event()
    thread = threading.Thread(target=end.wait)
    thread.start()
    task = asyncio.create_task(asyncio.sleep(60))
    read, write = os.pipe()
    with socket.socket():
        client = AsyncClient("http://127.0.0.1:9/bayeux", discover=False)
        after = take_inventory()
    grown = after.grown_since(before)
    assert {"threads", "tasks", "sockets", "descriptors", "pybayeux.client.AsyncClient"} <= grown.keys()
    assert grown["tasks"] == "1 -> 2"
    assert "sockets" not in after.grown_since(before, sockets=1)
    assert "pybayeux.client.AsyncClient" not in after.grown_since(before, objects=1)
    end.set()
    thread.join()
    task.cancel()
    await asyncio.wait([task])
    os.close(read)
    os.close(write)
    del client, after


@in_loop
async def test_inventory_of_the_same_moment_has_not_grown() -> None:
    channels = [Channel("/a")]
    before = take_inventory()
    assert take_inventory().grown_since(before, memory=1 << 20) == {}
    assert before.memory >= 0
    assert channels


@in_loop
async def test_memory_counts_beyond_its_margin() -> None:
    before = take_inventory()
    after = replace(before, memory=before.memory + (64 << 20))
    assert "memory" in after.grown_since(before, memory=32 << 20)
    assert "memory" not in after.grown_since(before, memory=96 << 20)
