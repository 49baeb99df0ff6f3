"""A script: what happens to an org and to its consumer, and when.

It is data only; `script_run.py` runs it. Times are seconds since the consumer had all its subscriptions.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("BUSY", "CHANNELS", "CRASH", "FAULT", "OTHER_ORG", "PUBLISH", "REPLICA", "RETIRE", "TOPIC", "Script", "Step")

TOPIC: Final = "/topic/Opportunities"
"""The PushTopic."""

CHANNELS: Final = ("/event/Order__e", TOPIC, "/data/AccountChangeEvent")
"""The channels of every script: one of each kind whose events have fields."""

BUSY: Final = "503::Server is too busy. Please try your request again later."
"""A temporary error."""

PUBLISH: Final = "publish"
"""Publish `count` events on `channel`."""

CRASH: Final = "crash"
"""Kill the consumer, and start it again after `pause` seconds."""

OTHER_ORG: Final = "other_org"
"""When everything is handled, kill the consumer, and start it for the other one of two orgs."""

REPLICA: Final = "replica"
"""Start a further process with the same consumer name and store; with `waits`, go on when it has subscribed."""

RETIRE: Final = "retire"
"""Kill the process that was started first, and leave the work to those that were started later."""

FAULT: Final = "fault"
"""Let the next `n` matching requests fail with a fault of `kind`."""


@dataclass(frozen=True, slots=True, order=True)
class Step:
    """One thing that happens.

    Attributes:
        at: When, in seconds.
        action: `PUBLISH`, `CRASH`, `OTHER_ORG`, `FAULT`, ``backlog_for``, or the name of a method of the
            emulator.
        arguments: The arguments of the action.
    """

    at: float
    action: str
    arguments: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def __str__(self) -> str:
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.arguments.items())
        return f"{self.at:.2f} {self.action}({arguments})"


@dataclass(frozen=True, slots=True)
class Script:
    """Everything that happens in one run.

    Attributes:
        name: Its name. A random script is named after its seed.
        steps: What happens, in order.
        since: Where a consumer without a stored position begins.
        org: Options of the emulator.
        exactly_once: Whether the consumer writes each event in the transaction that stores its position.
        retention: The consumer's option of this name, in seconds of the consumer.
        gaps: Whether gaps may be reported. Without, each of them is a false one.
        topic_filter: The filter of the subscription to the PushTopic.
        clock_ahead: Seconds by which the clock of the consumer's machine is ahead of the org's.
    """

    name: str
    steps: tuple[Step, ...]
    since: str = "earliest"
    org: Mapping[str, Any] = field(default_factory=dict)
    exactly_once: bool = False
    retention: float | None = None
    gaps: bool = True
    topic_filter: str = ""
    clock_ahead: float = 0.0

    def __str__(self) -> str:
        options = ", ".join(f"{name}={value!r}" for name, value in self.org.items())
        consumer = ["  exactly once"] if self.exactly_once else []
        consumer += [] if self.retention is None else [f"  retention={self.retention:g}"]
        consumer += [f"  consumer(topic_filter={self.topic_filter!r}, clock_ahead={self.clock_ahead:g})"]
        return "\n".join([f"script {self.name}", f"  org({options})", *consumer, *(f"  {step}" for step in self.steps)])

    @property
    def orgs(self) -> int:
        """How many orgs there are."""
        return 2 if any(step.action == OTHER_ORG for step in self.steps) else 1

    @property
    def crashes(self) -> int:
        """How often the consumer is killed."""
        return sum(step.action == CRASH for step in self.steps)
