"""A client of which only the state matters."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pybayeux import ConnectionState, ExtensionStatus, Health

if TYPE_CHECKING:
    from collections.abc import Callable

    from pybayeux.cli.watch.observer import Observer

__all__ = ("StillClient", "observer_at")


@dataclass
class StillClient:
    """What an observer asks of a client."""

    state: ConnectionState = ConnectionState.CONNECTED
    ready: bool = True
    url: str = "http://host/cometd?key=1"
    connection_type: str | None = "websocket"
    retry_in: float | None = None
    extensions: tuple[ExtensionStatus, ...] = field(default_factory=tuple)

    @property
    def health(self) -> Health:
        return Health(True, self.ready, self.state, None, self.retry_in, {})


def observer_at(clock: Callable[[], float]) -> Observer:
    """An observer that removes the word secret from texts."""
    from pybayeux.cli.watch.observer import Observer

    return Observer(lambda text: text.replace("secret", "***"), clock)
