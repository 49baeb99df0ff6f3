"""The target of a long run: a server, the clients that are connected to it, and the faults that happen to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from pybayeux import AsyncClient

__all__ = ("CHANNEL", "Target", "TargetFactory")

CHANNEL = "/event/Long_Run__e"
"""The channel of all events: a name that an org accepts as well."""


class Target(Protocol):
    """A running server. Its methods block, and are called in a thread, one at a time."""

    @property
    def faults(self) -> Mapping[str, Callable[[], object]]:
        """What makes each fault happen; it returns when everything that restarts has restarted."""

    @property
    def loses_nothing(self) -> bool:
        """Whether the server sends events again, so that every event must be handled once."""

    def clients(self) -> Mapping[str, AsyncClient]:
        """Make the clients, not yet started, by what tells them apart."""

    def publish(self, number: int) -> None:
        """Publish an event with this number.

        Raises:
            OSError: The server is down.
        """

    def number_of(self, data: Any) -> int:
        """The number in the data of an event."""


class TargetFactory(Protocol):
    """Starts a target, which ends with its block."""

    def __call__(self, folder: Path) -> AbstractContextManager[Target]: ...
