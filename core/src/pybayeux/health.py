"""The health of a client, for supervisors: whether a restart would help, and whether it receives what it should."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .state import ConnectionState

__all__ = ("Health",)


@dataclass(frozen=True, slots=True)
class Health:
    """What `AsyncClient.health` returns, as of that moment.

    Attributes:
        live: Whether the client works, or recovers by itself. False before the start, after the end, and where nothing
            came within the time that a connect may take although it seems connected: then start it again.
        ready: Whether the client is connected, the server was heard of within that time, and every channel that was
            subscribed to is active.
        state: The state of the connection.
        error: What ended the session, or what the client tries to recover from; None where nothing is wrong.
        retry_in: Seconds until the client tries again, as after a quota is reached; None where it does not wait.
        inactive: The channels that bring no events, each with the error if one is known: those that the server has not
            accepted yet or has refused, those whose receiver failed, and those with a `channel_error` by an extension.
    """

    live: bool
    ready: bool
    state: ConnectionState
    error: BaseException | None
    retry_in: float | None
    inactive: Mapping[str, BaseException | None]

    def __str__(self) -> str:
        words = ["ready" if self.ready else "live, not ready" if self.live else "not live", self.state.value]
        if self.retry_in is not None:
            words.append(f"tries again in {self.retry_in:.0f} s")
        words += [f"{channel} inactive{f': {error}' if error else ''}" for channel, error in self.inactive.items()]
        return "; ".join([*words, *([] if self.error is None else [str(self.error)])])
