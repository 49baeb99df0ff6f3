"""Counts the events of the warm-up and of the measurement, and prints what the measurement cost."""

from __future__ import annotations

import json
import sys
import time
from typing import Any, Final


def tell(event: str, **details: Any) -> None:
    """Tells the harness what happened."""
    print(json.dumps({"event": event, **details}), flush=True)


def wait_for_end() -> None:
    """Waits until the harness closes standard input."""
    sys.stdin.read()


EVENT: Final = b'"seq":'
"""What each event of the server has once."""


class Recorder:
    """The events of one task, or whatever else is counted.

    Args:
        count: How many are measured.
        warmup: How many come before these.
        latency: Whether to measure how old they are.

    Attributes:
        done: Whether everything has happened.
    """

    def __init__(self, count: int, warmup: int = 0, *, latency: bool = False) -> None:
        self._count = count
        self._left = warmup
        self._latencies: list[int] | None = [] if latency else None
        self._measured = False
        self.done = False

    def subscribed(self) -> None:
        """The first events may come."""
        tell("subscribed")
        if not self._left:
            self._begin()

    def received(self, sent: int) -> None:
        """Count one event, which was sent at this time in nanoseconds since the epoch."""
        if self._latencies is not None and self._measured:
            self._latencies.append(time.time_ns() - sent)
        self._left -= 1
        if self._left == 0:
            if self._measured:
                self.finished()
            else:
                self._begin()

    def received_in(self, text: bytes) -> None:
        """Count the events of a text that is not decoded."""
        for _ in range(text.count(EVENT)):
            self.received(0)

    def _begin(self) -> None:
        self._measured, self._left = True, self._count
        tell("ready")
        self._started, self._processor = time.perf_counter(), time.process_time()

    def finished(self) -> None:
        """Everything has happened."""
        processor, seconds = time.process_time() - self._processor, time.perf_counter() - self._started
        self.done = True
        tell("result", processor=processor, seconds=seconds, count=self._count, **self._percentiles())

    def _percentiles(self) -> dict[str, float]:
        if not self._latencies:
            return {}
        ordered = sorted(self._latencies)
        return {"p50": ordered[len(ordered) // 2] / 1e6, "p99": ordered[len(ordered) * 99 // 100] / 1e6}
