"""One measurement: a client program in a process of its own, with a task, at a server."""

from __future__ import annotations

import itertools
import json
import re
import tempfile
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from benchmarks.tasks import Task
from tests.servers.process import Child, ChildError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from benchmarks.cases import Case
    from benchmarks.clients import BenchmarkClient
    from tests.servers.server import Server

TIMEOUT: Final = 60.0
"""Seconds until a program must have said its next word."""
WARMUP: Final = 0.2
"""How many events come before the measured ones, as a share of these."""

_numbers: Final = itertools.count()


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What one measurement brought.

    Attributes:
        processor: processor time of the client's process for each item, in microseconds.
        per_second: items a second.
        p50: the median age of an event when it is received, in milliseconds, where that is measured.
        p99: the age that one event of a hundred exceeds.
        peak: the most memory that the process had, in megabytes, where it was looked at.
        each_client: memory for each further client of a process, in kilobytes, where there are several.
    """

    processor: float
    per_second: float
    p50: float | None = None
    p99: float | None = None
    peak: float | None = None
    each_client: float | None = None


class MeasurementError(Exception):
    """A client did not do its task: it failed, or events were lost."""


def _unobserved(process_id: int) -> AbstractContextManager[object]:
    return nullcontext()


def measure(
    case: Case,
    client: BenchmarkClient,
    server: Server,
    count: int,
    observe: Callable[[int], AbstractContextManager[object]] = _unobserved,
) -> Measurement:
    """Measure one client in one case.

    Args:
        case: The case.
        client: The client.
        server: Its server.
        count: How many events, publishes or subscribes.
        observe: Called with the id of the client's process; what is measured happens in the block.

    Raises:
        MeasurementError: the client did not do its task.
    """
    with tempfile.TemporaryDirectory() as folder:
        task = task_of(case, client, server, count, Path(folder))
        try:
            with program(client, task) as child:
                return _measure(case, task, server, child, observe)
        except ChildError as error:
            # The first line is for the tables, and names no path of this machine.
            raise MeasurementError(f"the client {error.what}\n{error}") from error


def task_of(case: Case, client: BenchmarkClient, server: Server, count: int, folder: Path) -> Task:
    """The task of a client; each measurement has channels of its own."""
    members = {**({} if client.peer else case.task), **dict(client.members)}
    if members.get("store") == "sqlite":
        members["store"] = f"sqlite:///{folder}/positions.db"
    return Task(
        kind=case.kind,
        url=server.url,
        transport=case.transport,
        channel=f"/bench/{case.name}/{next(_numbers)}",
        count=count,
        warmup=_warmup(case, count),
        subscriptions=count if case.kind == "subscribe" else case.subscriptions,
        batched=case.batched,
        size=case.size,
        clients=case.many,
        latency=case.rate is not None,
        **members,
    )


def _warmup(case: Case, count: int) -> int:
    if case.kind in ("many", "subscribe"):
        return 0
    return max(int(count * WARMUP), 0 if case.rate or case.kind == "publish" else case.warmup)


@contextmanager
def program(client: BenchmarkClient, task: Task) -> Iterator[Child]:
    """The client's program, which ends with the block."""
    child = Child([*client.command(), msgspec.json.encode(task).decode()])
    try:
        yield child
    finally:
        child.stop()


def _measure(
    case: Case,
    task: Task,
    server: Server,
    child: Child,
    observe: Callable[[int], AbstractContextManager[object]],
) -> Measurement:
    # In the other kinds of tasks the client acts by itself.
    receives = task.kind in ("receive", "fan", "many")
    first = 0
    if task.kind == "many":
        _expect(child, "one")
        first = _memory(child, "VmRSS")
    _expect(child, "subscribed")
    if receives and task.warmup:
        _publish(case, task, server, task.warmup, start=0)
    _expect(child, "ready")
    all_clients = _memory(child, "VmRSS")
    with observe(child.pid):
        if receives:
            _publish(case, task, server, task.count, start=task.warmup)
        result = _expect(child, "result", TIMEOUT + (task.count / case.rate if case.rate else 0))
    return Measurement(
        processor=result["processor"] / result["count"] * 1e6,
        per_second=result["count"] / result["seconds"],
        p50=result.get("p50"),
        p99=result.get("p99"),
        peak=_memory(child, "VmHWM") / 1024,
        each_client=(all_clients - first) / (task.clients - 1) if task.clients > 1 else None,
    )


def _publish(case: Case, task: Task, server: Server, count: int, *, start: int) -> None:
    spread = task.subscriptions if task.kind == "fan" else 0
    server.control.publish(
        task.channel, count, size=case.size, start=start, rate=case.rate, spread=spread, **case.publish
    )


def _expect(child: Child, event: str, timeout: float = TIMEOUT) -> dict[str, Any]:
    line = child.read_line(timeout)
    told: dict[str, Any] = json.loads(line)
    if told.get("event") != event:
        raise MeasurementError(f"expected {event}; got {line}")
    return told


def _memory(child: Child, name: str) -> int:
    """The process's memory, in kilobytes."""
    status = Path(f"/proc/{child.pid}/status").read_text()
    found = re.search(rf"^{name}:\s+(\d+) kB$", status, re.MULTILINE)
    assert found is not None
    return int(found[1])
