"""The health of a client, for supervisors: whether a restart would help, and whether it receives what it should."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

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
        lag: How many seconds the receivers of each channel or pattern are behind: the age of the oldest event that was
            received and is not handled, by this machine's clock; 0 where none waits. A channel whose event does not say
            when it was created is left out. What the server has not sent yet is not known here.
    """

    live: bool
    ready: bool
    state: ConnectionState
    error: BaseException | None
    retry_in: float | None
    inactive: Mapping[str, BaseException | None]
    lag: Mapping[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        words = ["ready" if self.ready else "live, not ready" if self.live else "not live", self.state.value]
        if self.retry_in is not None:
            words.append(f"tries again in {self.retry_in:.0f} s")
        words += [f"{channel} inactive{f': {error}' if error else ''}" for channel, error in self.inactive.items()]
        return "; ".join([*words, *([] if self.error is None else [str(self.error)])])

    def as_dict(self) -> dict[str, Any]:
        """Return it as values for JSON: errors as texts, or None. As `HealthServer` and ``--health-port`` send it."""
        return {
            "live": self.live,
            "ready": self.ready,
            "state": self.state.value,
            "error": None if self.error is None else str(self.error),
            "retry_in": self.retry_in,
            "inactive": {channel: None if error is None else str(error) for channel, error in self.inactive.items()},
            "lag": dict(self.lag),
        }
