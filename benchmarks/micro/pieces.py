"""The pieces that are counted: one way through the client each, again and again, without a server.

    python -m benchmarks.micro.pieces PIECE TIMES

An event costs the difference of two runs, divided by the difference of their times and by the events of a batch. What
the start of the process and of the client cost is no part of it.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING, Any, Final

from benchmarks.whole_path import EVENTS, NullTransports, batch
from pybayeux import AsyncClient, decode

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from pybayeux import Message

BASELINE: Final = "json.loads"
PUBLISHES: Final = 20
"""How many there are each time."""
MOST_TIMES: Final = 22
"""How often a piece is run at the most."""
_CHANNEL: Final = "/bench/wire/*"


async def load_json(times: int) -> None:
    body = batch()
    for _ in range(times):
        json.loads(body)


async def decode_alone(times: int) -> None:
    body = batch()
    for _ in range(times):
        decode(body)


def numbered(first: int) -> bytes:
    """A batch whose events have replay ids, from this one on."""
    events = json.loads(batch())
    for number, event in enumerate(events, first):
        event["data"]["event"] = {"replayId": number}
    return json.dumps(events, separators=(",", ":")).encode()


def received(
    discover: bool | list[str],
    *,
    reads_data: bool = False,
    has_ids: bool = False,
    further: Callable[[], list[object]] = list,
) -> Callable[[int], Coroutine[Any, Any, None]]:
    """Events from the bytes of a batch to ``async for``, with these extensions."""

    async def receive(times: int) -> None:
        transports, body = NullTransports(), batch()
        # Made before, and as many for any number of times, so that the difference of two runs does not have it.
        bodies = [numbered(each * EVENTS) for each in range(MOST_TIMES)] if has_ids else [body] * times
        async with _client(transports, discover, *further()) as client:
            events = await client.subscribe(_CHANNEL)
            for body in bodies[:times]:
                await transports.transport.receive(decode(body))
                seen = 0
                async for event in events:
                    if reads_data:
                        _ = event.data
                    seen += 1
                    if seen == EVENTS:
                        break
                await asyncio.sleep(0)  # extensions do things once in a turn of the loop

    return receive


def metrics() -> list[object]:
    """The OpenTelemetry extension with a provider of metrics."""
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader

    from pybayeux_opentelemetry import OpenTelemetry

    return [OpenTelemetry(meter_provider=MeterProvider([InMemoryMetricReader()], shutdown_on_exit=False))]


async def handle(times: int) -> None:
    """Events from the bytes of a batch to a handler."""
    transports, body, seen = NullTransports(), batch(), 0

    def count(event: Message) -> None:
        nonlocal seen
        seen += 1

    async with _client(transports, discover=[]) as client:
        await client.subscribe(_CHANNEL, count)
        for _ in range(times):
            await transports.transport.receive(decode(body))
        assert seen == times * EVENTS


async def publish(times: int) -> None:
    """Publishes, each awaited; a publish takes so much longer than an event that fewer tell enough."""
    data = {"payload": "x" * 200}
    async with _client(NullTransports(), discover=["ack", "replay"]) as client:
        for _ in range(times * PUBLISHES):
            await client.publish("/bench/wire/0", data)


def _client(transports: NullTransports, discover: bool | list[str], *further: object) -> AsyncClient:
    extensions = [transports, *further]
    return AsyncClient("http://localhost/", discover=discover, extensions=extensions, transports=["long-polling"])


PIECES: Final = {
    BASELINE: load_json,
    "decode": decode_alone,
    "an event, no extension": received([]),
    "an event, its data read": received([], reads_data=True),
    "an event, ack and replay": received(["ack", "replay"]),
    "an event, replay ids": received(["replay"], has_ids=True),
    "an event, OpenTelemetry with metrics": received([], further=metrics),
    "an event, OpenTelemetry without a provider": received(["opentelemetry"]),
    "an event, every extension": received(True),
    "an event, to a handler": handle,
    "a publish, ack and replay": publish,
}


def items(piece: str) -> int:
    """How many events or publishes there are each time."""
    return PUBLISHES if PIECES[piece] is publish else EVENTS


if __name__ == "__main__":
    asyncio.run(PIECES[sys.argv[1]](int(sys.argv[2])))
