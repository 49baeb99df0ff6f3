"""The tasks of the client programs: one JSON object on the command line, lines of JSON on standard output.

A program connects and prints ``{"event": "subscribed"}``. The harness lets the server publish the events of the
warm-up; after the last of them the program prints ``{"event": "ready"}``. The server publishes the measured events, and
after the last of them the program prints ``{"event": "result", "processor": s, "seconds": s, "count": n}``: its own
processor time (user and system, all threads) and the time by the clock since "ready", and with `latency` ``p50`` and
``p99`` in milliseconds. A program lives until its standard input closes, so that its memory can be looked at.

| kind | what the program does |
|---|---|
| receive | subscribes to `channel` and handles the events |
| fan | subscribes to `channel`/0, `channel`/1 ... with a handler each |
| subscribe | subscribes to the same channels, each after the reply to the one before, or all in a batch |
| publish | publishes to `channel`, each after the reply to the one before |
| many | has `clients` clients, each subscribed to `channel`; prints ``{"event": "one"}`` after the first |
"""

from __future__ import annotations

from typing import Literal

import msgspec

Kind = Literal["receive", "fan", "subscribe", "publish", "many"]
Transport = Literal["long-polling", "websocket"]
Loop = Literal["asyncio", "uvloop"]
Reading = Literal["loop", "handler", "typed", "sync", "sync-handler"]


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """What a client program is to do.

    Attributes:
        kind: see above.
        url: the server's.
        transport: the one to use.
        channel: where events come from or go to.
        count: events, publishes or subscribes that are measured; for each client.
        warmup: how many come before these.
        subscriptions: how many channels.
        batched: whether subscribes go out together.
        size: characters of payload in what is published.
        clients: how many clients.
        latency: whether to measure how old events are.
        reading: how our clients receive.
        installed: which extensions our clients have, see `benchmarks.programs.ours`.
        store: where the replay extension keeps positions.
        loop: the event loop of our asynchronous clients.
    """

    kind: Kind
    url: str
    transport: Transport
    channel: str
    count: int
    warmup: int = 0
    subscriptions: int = 1
    batched: bool = False
    size: int = 200
    clients: int = 1
    latency: bool = False
    reading: Reading = "loop"
    installed: str = "core"
    store: str = "memory"
    loop: Loop = "asyncio"
