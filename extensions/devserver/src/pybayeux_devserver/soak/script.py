"""A script: what happens to an org and to its consumer, and when.

Data alone; `stage.py` plays it. A moment is a number of seconds since the consumer had all its subscriptions.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("BUSY", "CHANNELS", "CRASH", "FAULT", "PUBLISH", "Script", "Step")

CHANNELS: Final = ("/event/Order__e", "/topic/Opportunities", "/data/AccountChangeEvent")
"""What is published and subscribed to in every script: one channel of each kind that carries records."""

BUSY: Final = "503::Server is too busy. Please try your request again later."
"""A reason that passes."""

PUBLISH: Final = "publish"
"""Publish `count` events on `channel`."""

CRASH: Final = "crash"
"""Kill the consumer, and start it again after `pause` seconds."""

FAULT: Final = "fault"
"""Let the next `n` exchanges meant go wrong in the way of `kind`."""


@dataclass(frozen=True, slots=True, order=True)
class Step:
    """One thing that happens.

    Attributes:
        at: When, in seconds.
        action: `PUBLISH`, `CRASH`, `FAULT`, or the name of one of the emulator's own.
        arguments: What it is given.
    """

    at: float
    action: str
    arguments: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def __str__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self.arguments.items())
        return f"{self.at:.2f} {self.action}({given})"


@dataclass(frozen=True, slots=True)
class Script:
    """Everything that happens in one run.

    Attributes:
        name: What it is called: of a random one, its seed.
        steps: What happens, in order.
        since: Where the consumer begins that has no position yet.
        org: Options of the emulator.
    """

    name: str
    steps: tuple[Step, ...]
    since: str = "earliest"
    org: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        options = ", ".join(f"{name}={value!r}" for name, value in self.org.items())
        return "\n".join([f"script {self.name}", f"  org({options})", *(f"  {step}" for step in self.steps)])

    @property
    def crashes(self) -> int:
        """How often the consumer is killed."""
        return sum(step.action == CRASH for step in self.steps)
