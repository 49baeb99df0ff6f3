"""The cases: what is measured, with which clients, and what is aimed at."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from benchmarks.clients import AIOHTTP, ALL, BUILT_IN, CORE, JAVASCRIPT, PEERS, SERVER
from benchmarks.programs.change_event import members

if TYPE_CHECKING:
    from benchmarks.tasks import Kind, Transport

Server = Literal["CometD", "Faye"]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A case of clients and a server.

    Attributes:
        name: what the command line takes.
        title: what tables show.
        kind: the kind of task.
        transport: the one to use.
        count: how many events, publishes or subscribes are measured.
        quick: how many in a quick run.
        warmup: how many events come before these at the least, where they come at once: a short run then finds the
            same compiled code as a long one.
        clients: the names of those that take part.
        server: which one.
        item: what the figures are for.
        size: characters of payload.
        rate: events a second; None for as many as the server can send.
        subscriptions: how many channels.
        many: how many clients in one process.
        batched: whether subscribes go out together.
        by_clock: whether clients are compared by the time that passes, not by processor time.
        task: members of the task that are the same for all of our clients.
        publish: arguments for the server's control path.
        aims: the ratio to the best peer that a client of ours is to have, by its name.
    """

    name: str
    title: str
    kind: Kind = "receive"
    transport: Transport
    count: int
    quick: int
    warmup: int = 10_000
    clients: tuple[str, ...] = (SERVER, CORE, ALL, *PEERS)
    server: Server = "CometD"
    item: str = "event"
    size: int = 200
    rate: float | None = None
    subscriptions: int = 1
    many: int = 1
    batched: bool = False
    by_clock: bool = False
    task: dict[str, Any] = field(default_factory=dict)
    publish: dict[str, Any] = field(default_factory=dict)
    aims: dict[str, float] = field(default_factory=dict)

    @property
    def items(self) -> str:
        """Several of them."""
        return f"{self.item}es" if self.item.endswith("sh") else f"{self.item}s"


_ONE_BY_ONE: Final = (CORE, ALL, *PEERS)
"""Cases in which the server is asked, and waits for the client."""
_OURS: Final = ("no extension", CORE, "ten extensions", ALL, "handler", "sync", "sync, handler")

_CASES: Final = (
    Case(
        name="bulk-long-polling",
        title="bulk, long-polling",
        transport="long-polling",
        count=100_000,
        quick=20_000,
        aims={CORE: 0.5, ALL: 0.6},
    ),
    Case(
        name="bulk-websocket",
        title="bulk, WebSocket",
        transport="websocket",
        count=100_000,
        quick=20_000,
        aims={CORE: 0.8, ALL: 0.5},
    ),
    Case(
        name="500-long-polling",
        title="500/s, long-polling",
        transport="long-polling",
        count=5_000,
        quick=1_000,
        rate=500,
        aims={CORE: 0.9, ALL: 0.5},
    ),
    Case(
        name="500-websocket",
        title="500/s, WebSocket",
        transport="websocket",
        count=5_000,
        quick=1_000,
        rate=500,
        aims={CORE: 1.0, ALL: 0.7},
    ),
    Case(
        name="5000-long-polling",
        title="5,000/s, long-polling",
        transport="long-polling",
        count=50_000,
        quick=10_000,
        rate=5_000,
        aims={CORE: 0.6, ALL: 0.6},
    ),
    Case(
        name="5000-websocket",
        title="5,000/s, WebSocket",
        transport="websocket",
        count=50_000,
        quick=10_000,
        rate=5_000,
        aims={CORE: 0.6, ALL: 0.6},
    ),
    Case(
        name="fan-long-polling",
        title="1,000 subscriptions with handlers, long-polling",
        kind="fan",
        transport="long-polling",
        count=20_000,
        quick=5_000,
        subscriptions=1_000,
        aims={CORE: 0.6, ALL: 0.6},
    ),
    Case(
        name="fan-websocket",
        title="1,000 subscriptions with handlers, WebSocket",
        kind="fan",
        transport="websocket",
        count=20_000,
        quick=5_000,
        subscriptions=1_000,
        aims={CORE: 0.6, ALL: 0.6},
    ),
    Case(
        name="subscribe-long-polling",
        title="1,000 subscribes one by one, long-polling",
        kind="subscribe",
        transport="long-polling",
        count=1_000,
        quick=300,
        clients=_ONE_BY_ONE,
        item="subscribe",
        by_clock=True,
        aims={CORE: 1.0, ALL: 1.0},
    ),
    Case(
        name="subscribe-websocket",
        title="1,000 subscribes one by one, WebSocket",
        kind="subscribe",
        transport="websocket",
        count=1_000,
        quick=300,
        clients=_ONE_BY_ONE,
        item="subscribe",
        by_clock=True,
        aims={CORE: 1.0, ALL: 1.0},
    ),
    Case(
        name="subscribe-batched",
        title="1,000 subscribes together, long-polling",
        kind="subscribe",
        transport="long-polling",
        count=1_000,
        quick=1_000,
        batched=True,
        clients=_ONE_BY_ONE,
        item="subscribe",
        by_clock=True,
        aims={CORE: 1.0, ALL: 1.0},
    ),
    Case(
        name="publish-long-polling",
        title="publish one by one, long-polling",
        kind="publish",
        transport="long-polling",
        count=3_000,
        quick=500,
        clients=_ONE_BY_ONE,
        item="publish",
    ),
    Case(
        name="publish-websocket",
        title="publish one by one, WebSocket",
        kind="publish",
        transport="websocket",
        count=3_000,
        quick=500,
        clients=_ONE_BY_ONE,
        item="publish",
    ),
    Case(
        name="typed",
        title="change events of 2 kB decoded into types, long-polling",
        transport="long-polling",
        count=20_000,
        quick=5_000,
        size=0,
        task={"reading": "typed"},
        publish={"members": members(), "replay": True},
    ),
    Case(
        name="replay",
        title="events with replay ids, long-polling; positions in memory",
        transport="long-polling",
        count=50_000,
        quick=10_000,
        clients=(SERVER, "no extension", CORE, ALL, *JAVASCRIPT),
        publish={"replay": True},
    ),
    Case(
        name="replay-sqlite",
        title="events with replay ids, long-polling; positions in SQLite",
        transport="long-polling",
        count=20_000,
        quick=3_000,
        clients=(SERVER, CORE, ALL, *JAVASCRIPT),
        task={"store": "sqlite"},
        publish={"replay": True},
    ),
    Case(
        name="receivers",
        title="bulk, long-polling: ways to receive",
        transport="long-polling",
        count=50_000,
        quick=10_000,
        clients=_OURS,
    ),
    Case(
        name="many-long-polling",
        title="200 clients in a process, long-polling",
        kind="many",
        transport="long-polling",
        count=20,
        quick=5,
        many=200,
        clients=(BUILT_IN, AIOHTTP, CORE, ALL, *JAVASCRIPT),
    ),
    Case(
        name="many-websocket",
        title="200 clients in a process, WebSocket",
        kind="many",
        transport="websocket",
        count=20,
        quick=5,
        many=200,
        clients=(BUILT_IN, CORE, ALL, *JAVASCRIPT),
    ),
    Case(
        name="1000-clients",
        title="1,000 clients in a process, WebSocket",
        kind="many",
        transport="websocket",
        count=10,
        quick=3,
        many=1_000,
        clients=(BUILT_IN, CORE, ALL, *JAVASCRIPT),
    ),
    Case(
        name="million",
        title="a million events, long-polling: memory",
        transport="long-polling",
        count=1_000_000,
        quick=100_000,
        clients=(SERVER, CORE, ALL, *JAVASCRIPT),
    ),
    Case(
        name="faye-long-polling",
        title="bulk, long-polling, from Faye",
        transport="long-polling",
        count=50_000,
        quick=10_000,
        server="Faye",
        clients=(SERVER, CORE, ALL, *PEERS),
    ),
    Case(
        name="faye-websocket",
        title="bulk, WebSocket, from Faye",
        transport="websocket",
        count=50_000,
        quick=10_000,
        server="Faye",
        clients=(SERVER, CORE, ALL, *JAVASCRIPT),
    ),
)
CASES: Final = {case.name: case for case in _CASES}
