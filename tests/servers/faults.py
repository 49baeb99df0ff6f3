"""Faults of a network, as the proxy of the tests works them: what, where, how often. No input or output here."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from threading import Event
from typing import Final

__all__ = ("EVENT", "Action", "Direction", "Fault")

EVENT: Final = b'"data":'
"""Passes with every event and with no reply to a request: the mark of what can get lost."""


class Action(Enum):
    """What a fault does to the connection on which it strikes."""

    CUT = "cut"
    """Ends it in an orderly way, right after the bytes that it waited for."""
    RESET = "reset"
    """Breaks it with a TCP reset, right after these bytes."""
    STALL = "stall"
    """Passes these bytes and nothing more in this direction, with the connection left open."""
    DELAY = "delay"
    """Holds back what follows these bytes for a time."""


class Direction(Enum):
    """Which way the bytes go."""

    REQUEST = "request"
    REPLY = "reply"


@dataclass
class Fault:
    """A fault that strikes the next ``times`` times that ``after`` passes.

    Attributes:
        action: what it does.
        after: the bytes that it waits for; it sees them only within one read of the socket.
        times: how often it strikes.
        seconds: how long a delay lasts.
        direction: where it listens.
        struck: how often it has struck.
    """

    action: Action
    after: bytes = EVENT
    times: int = 1
    seconds: float = 0.0
    direction: Direction = Direction.REPLY
    struck: int = 0
    _over: Event = field(default_factory=Event)

    @property
    def is_over(self) -> bool:
        """Whether it has struck for the last time."""
        return self._over.is_set()

    def wait(self, timeout: float = 20.0) -> bool:
        """Waits until it has struck for the last time; False if that does not happen in ``timeout`` seconds."""
        return self._over.wait(timeout)

    def find(self, chunk: bytes, direction: Direction) -> int:
        """Where in ``chunk`` it strikes: behind the bytes that it waits for, or -1."""
        if self._over.is_set() or direction is not self.direction or self.after not in chunk:
            return -1
        return chunk.index(self.after) + len(self.after)

    def strike(self) -> None:
        """Counts one stroke."""
        self.struck += 1
        if self.struck >= self.times:
            self._over.set()
