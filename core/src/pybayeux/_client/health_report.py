"""The health of a client, put together from what its parts know.

Owns what counts as live, as ready, and as a channel that brings no events. It asks, and changes nothing.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ..health import Health
from ..state import ConnectionState
from .lag import lags_of

if TYPE_CHECKING:
    from .dispatcher import Dispatcher
    from .hooks import HookRunner
    from .runner import SessionRunner

__all__ = ("health_of",)


def health_of(runner: SessionRunner, hooks: HookRunner, dispatcher: Dispatcher) -> Health:
    """Return the health of the client that has these parts. For any thread."""
    state = runner.view.state
    is_connected = state is ConnectionState.CONNECTED
    is_live = runner.is_running and runner.ended_by is None and (runner.is_fresh or not is_connected)
    inactive = _inactive_channels(runner, hooks) | dispatcher.failures
    return Health(
        live=is_live,
        ready=is_live and is_connected and not inactive,
        state=state,
        error=runner.ended_by or runner.recovery.failure,
        retry_in=runner.retry_in if is_live else None,
        inactive=inactive,
        lag=lags_of(dispatcher.router, time.time()),
    )


def _inactive_channels(runner: SessionRunner, hooks: HookRunner) -> dict[str, BaseException | None]:
    """The channels that the server has not accepted, or with which an extension finds something wrong."""
    inactive: dict[str, BaseException | None] = {}
    for channel in runner.view.channels:
        if runner.view.is_deferred_channel(channel):
            continue  # which is as an extension wants it
        if not runner.view.is_active_channel(channel):
            inactive[channel] = runner.recovery.refused.get(channel)
        elif (error := hooks.channel_error(channel)) is not None:
            inactive[channel] = error
    return inactive
