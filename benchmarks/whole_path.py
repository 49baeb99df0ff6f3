"""Processor time of one event's whole way through the client, as a ratio to `json.loads` of the same bytes.

    uv run python benchmarks/whole_path.py

The whole way: the bytes of a batch of 500 events of 277 bytes, decoding, the `incoming` hooks of three extensions,
session, router, and the user's ``async for``. Beside it, the compiled `outgoing` pipeline against pluggy's own call
with three implementations. Each figure is the best of several rounds, and every ratio is of figures from this run.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import TYPE_CHECKING, Any, Final

import pluggy

from pybayeux import AsyncClient, Message, decode, hookimpl
from pybayeux.extensions.registry import ExtensionRegistry
from pybayeux.hookspecs import HookSpecs

if TYPE_CHECKING:
    from collections.abc import Callable

EVENTS: Final = 500
EVENT_BYTES: Final = 277
ROUNDS: Final = 30
BATCHES: Final = 20


class Plain:
    """An extension that looks at every message and changes nothing, as most do."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.handshakes = 0

    @hookimpl
    def incoming(self, message: Message, client: object) -> None:
        if message.channel == "/meta/handshake":
            self.handshakes += 1

    @hookimpl
    def outgoing(self, message: Message, client: object) -> None:
        if message.channel == "/meta/handshake":
            self.handshakes += 1


class NullTransport:
    """Answers handshake and subscribe, and holds every connect; the benchmark feeds the events itself."""

    def __init__(self, context: Any) -> None:
        self.receive = context.receive

    async def exchange(self, messages: list[Message]) -> None:
        for message in messages:
            if message.channel == "/meta/connect" and message.advice is None:
                await asyncio.Event().wait()
            await self.receive([_reply(message)])

    async def close(self) -> None:
        pass


class NullTransports:
    """Brings the transport in, as any extension may."""

    @hookimpl
    def register_transports(self, registry: Any) -> None:
        registry.register("long-polling", self._make)

    def _make(self, context: Any) -> NullTransport:
        self.transport = NullTransport(context)
        return self.transport


def _reply(message: Message) -> Message:
    reply = Message(channel=message.channel, id=message.id, successful=True, subscription=message.subscription)
    if message.channel == "/meta/handshake":
        reply.client_id, reply.supported_connection_types = "c1", ["long-polling"]
    return reply


def batch() -> bytes:
    """A batch as CometD sends it, each event of exactly EVENT_BYTES."""
    events = []
    for number in range(EVENTS):
        data = {"seq": number, "t": 1795467371414034168 + number, "payload": ""}
        event = {"data": data, "channel": f"/bench/wire/{number % 10}", "timestamp": "Mon Nov 23 20:56:11 UTC 2026"}
        data["payload"] = "x" * (EVENT_BYTES - len(json.dumps(event, separators=(",", ":"))))
        events.append(event)
    return json.dumps(events, separators=(",", ":")).encode()


def best(measure: Callable[[], float]) -> float:
    """The least processor time of several rounds."""
    return min(measure() for _ in range(ROUNDS))


def time_json(body: bytes) -> float:
    """Seconds that `json.loads` takes for one event."""

    def measure() -> float:
        start = time.process_time()
        for _ in range(BATCHES):
            json.loads(body)
        return time.process_time() - start

    return best(measure) / (BATCHES * EVENTS)


async def time_whole_way(body: bytes, *, read_data: bool) -> float:
    """Seconds that the whole way takes for one event."""
    transports = NullTransports()
    extensions = [transports, *(Plain(name) for name in ("one", "two", "three"))]
    async with AsyncClient("http://localhost/", discover=False, extensions=extensions) as client:
        events = await client.subscribe("/bench/wire/*")
        figures = [await _round(transports.transport, events, body, read_data) for _ in range(ROUNDS)]
    return min(figures) / (BATCHES * EVENTS)


async def _round(transport: NullTransport, events: Any, body: bytes, read_data: bool) -> float:
    start = time.process_time()
    for _ in range(BATCHES):
        await transport.receive(decode(body))
        seen = 0
        async for event in events:
            if read_data:
                _ = event.data
            seen += 1
            if seen == EVENTS:
                break
    return time.process_time() - start


def time_pipelines() -> tuple[float, float]:
    """Seconds of one `outgoing` call: pluggy's own, and the compiled pipeline's."""
    implementations = [Plain(name) for name in ("one", "two", "three")]
    manager = pluggy.PluginManager("pybayeux")
    manager.add_hookspecs(HookSpecs)
    for implementation in implementations:
        manager.register(implementation)
    message, client = Message(channel="/a"), object()
    compiled = asyncio.run(_open_registry(implementations)).hooks.outgoing.call
    pluggy_call = manager.hook.outgoing
    return (
        _time_calls(lambda: pluggy_call(message=message, client=client)),
        _time_calls(lambda: compiled(message, client)),  # type: ignore[arg-type]
    )


async def _open_registry(implementations: list[Plain]) -> ExtensionRegistry:
    client: Any = None
    registry = ExtensionRegistry(client, extensions=implementations, discover=False)
    await registry.open()
    return registry


def _time_calls(call: Callable[[], object]) -> float:
    number = 5000

    def measure() -> float:
        start = time.process_time()
        for _ in range(number):
            call()
        return time.process_time() - start

    return best(measure) / number


def main() -> int:
    """Print the figures; exit code 1 where an aim is missed."""
    body = batch()
    baseline = time_json(body)
    whole = asyncio.run(time_whole_way(body, read_data=False))
    with_data = asyncio.run(time_whole_way(body, read_data=True))
    through_pluggy, compiled = time_pipelines()
    print(f"python {sys.version.split()[0]}, batch of {EVENTS} events of {EVENT_BYTES} B, best of {ROUNDS} rounds")
    print(f"json.loads                      {baseline * 1e6:6.2f} us/event   1.00")
    print(f"whole way                       {whole * 1e6:6.2f} us/event   {whole / baseline:.2f}   (aim: below 1.0)")
    print(f"whole way, data decoded too     {with_data * 1e6:6.2f} us/event   {with_data / baseline:.2f}")
    print(f"outgoing through pluggy         {through_pluggy * 1e6:6.2f} us/call    1.00")
    print(
        f"outgoing compiled               {compiled * 1e6:6.2f} us/call    1/{through_pluggy / compiled:.1f}"
        "   (aim: 1/5 or less)"
    )
    return 0 if whole < baseline and through_pluggy / compiled >= 5 else 1


if __name__ == "__main__":
    raise SystemExit(main())
