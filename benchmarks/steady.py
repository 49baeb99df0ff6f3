"""Processor time of an event over WebSocket at an ordinary rate: 500 single events a second.

    uv run python benchmarks/steady.py
    uv run python benchmarks/steady.py --src ../another-checkout     # its source too, in turn with this one's

A server in a process of its own sends one event in a frame, at even distances. A client, in another process, subscribes
and iterates over them; its processor time is measured from the first event to the last. Several sources take turns,
round after round, so that what else the machine does is shared by all; the least figure of each counts. Only the public
client is used.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import multiprocessing
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from websockets.asyncio.server import ServerConnection

RATE: Final = 500
SECONDS: Final = 2.0
ROUNDS: Final = 6
EVENT_BYTES: Final = 300


# -- the server


async def _answer(connection: ServerConnection, rate: float, seconds: float) -> None:
    """Speak as much Bayeux as the client needs; a subscribe starts the events."""
    async for frame in connection:
        for message in json.loads(frame):
            reply = {key: message[key] for key in ("channel", "id", "subscription") if key in message}
            reply["successful"] = True
            if message["channel"] == "/meta/handshake":
                reply |= {"clientId": "c1", "supportedConnectionTypes": ["websocket"], "version": "1.0"}
            if message["channel"] == "/meta/connect" and "advice" not in message:
                continue  # held for longer than this takes
            await connection.send(json.dumps([reply]))
            if message["channel"] == "/meta/subscribe":
                await _send_events(connection, rate, seconds)


async def _send_events(connection: ServerConnection, rate: float, seconds: float) -> None:
    event: dict[str, Any] = {"channel": "/bench", "data": {"seq": 0, "payload": ""}}
    event["data"]["payload"] = "x" * (EVENT_BYTES - len(json.dumps([event])))
    frame = json.dumps([event])
    clock = asyncio.get_running_loop().time
    start = clock()
    for number in range(int(rate * seconds)):
        await asyncio.sleep(start + number / rate - clock())
        await connection.send(frame)


async def _serve(tell: Connection, rate: float, seconds: float) -> None:
    from websockets.asyncio.server import serve

    async def answer(connection: ServerConnection) -> None:
        await _answer(connection, rate, seconds)

    async with serve(answer, "127.0.0.1", 0, compression=None, ping_interval=None) as server:
        tell.send(server.sockets[0].getsockname()[1])
        await asyncio.Event().wait()


def serve(tell: Connection, rate: float, seconds: float) -> None:
    """Serve until the process ends."""
    asyncio.run(_serve(tell, rate, seconds))


# -- the client


async def measure(url: str, count: int) -> float:
    """Seconds of processor time for each event."""
    from pybayeux import AsyncClient

    client = AsyncClient(url, discover=False, transports=["websocket"])
    async with client, client.subscribe("/bench") as events:
        await anext(events)
        start = time.process_time()
        for _ in range(count - 1):
            await anext(events)
        return (time.process_time() - start) / (count - 1)


def measure_of(source: Path | None, url: str, count: int) -> float:
    """The same, in a process that imports this source, or what is installed."""
    environment = dict(os.environ)
    if source is not None:
        folders = [source / "core" / "src", *sorted(source.glob("extensions/*/src"))]
        environment["PYTHONPATH"] = os.pathsep.join(map(str, folders))
    command = [sys.executable, __file__, "--client", url, "--count", str(count)]
    return float(subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE).stdout)


def compare(sources: dict[str, Path | None], *, rate: float, seconds: float, rounds: int) -> dict[str, float]:
    """The least figure of each source, in microseconds."""
    process_of = multiprocessing.get_context("spawn")
    here, there = process_of.Pipe()
    server = process_of.Process(target=serve, args=(there, rate, seconds), daemon=True)
    server.start()
    figures: dict[str, list[float]] = {}
    try:
        url = f"http://127.0.0.1:{here.recv()}/cometd"
        for _ in range(rounds):
            for name, source in sources.items():
                figure = measure_of(source, url, int(rate * seconds))
                figures.setdefault(name, []).append(figure * 1e6)
    finally:
        server.terminate()
        server.join()
    return {name: min(measured) for name, measured in figures.items()}


def main() -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--src", type=Path, action="append", default=[], help="another checkout to measure too")
    parser.add_argument("--rate", type=float, default=RATE, help="events a second")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of measurements")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--client", help=argparse.SUPPRESS)
    parser.add_argument("--count", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)
    if arguments.client is not None:
        print(asyncio.run(measure(arguments.client, arguments.count)))
        return
    sources: dict[str, Path | None] = {source.name: source.resolve() for source in arguments.src}
    figures = compare(
        {**sources, "this checkout": None},
        rate=arguments.rate,
        seconds=arguments.seconds,
        rounds=arguments.rounds,
    )
    if arguments.json:
        print(json.dumps(figures, indent=1))
        return
    print(f"processor time for each of {arguments.rate:g} single events a second, least of {arguments.rounds} rounds")
    for name, figure in figures.items():
        print(f"{name:<36}{figure:9.1f} us")


if __name__ == "__main__":
    main()
