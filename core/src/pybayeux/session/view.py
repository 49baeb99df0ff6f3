"""The view of a session: what it says of itself.

Reading it changes nothing, so that any part of a client may have it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..state import ConnectionState
from .subscriptions import SubscriptionStatus

if TYPE_CHECKING:
    from .connect_lane import ConnectLane
    from .send_lane import SendLane
    from .state import SessionState

__all__ = ("SessionView",)


class SessionView:
    """What can be known of one session, as of now. Times are seconds of the session's clock."""

    def __init__(self, state: SessionState, connect: ConnectLane, send: SendLane) -> None:
        self._state: Final = state
        self._connect: Final = connect
        self._send: Final = send

    @property
    def state(self) -> ConnectionState:
        """The state that the session is in."""
        return self._state.current

    @property
    def is_alive(self) -> bool:
        """Whether it was started and is not over."""
        return self._state.current is not ConnectionState.DISCONNECTED

    @property
    def client_id(self) -> str | None:
        """The id that the server gave, or None without a session."""
        return self._state.client_id

    @property
    def connection_type(self) -> str | None:
        """The transport agreed on, or None without a session."""
        return self._state.connection_type

    @property
    def host(self) -> str | None:
        """The host in use as it was advised, or None for the user's own."""
        return self._state.hosts.current

    @property
    def retry_at(self) -> float | None:
        """When the session handshakes or connects again; None where it is connected, or waits for an answer."""
        is_waiting = self._state.is_running and self.state is not ConnectionState.CONNECTED
        return self._connect.due if is_waiting else None

    @property
    def longest_silence(self) -> float:
        """Seconds for which a server in good order may say nothing: it holds a connect, and the network is slow."""
        advice, heartbeat = self._state.advice, self._connect.heartbeat
        shorter = heartbeat.shorten(advice.timeout)
        return (advice.timeout if shorter is None else shorter) + advice.pause + heartbeat.grace(shorter)

    @property
    def channels(self) -> list[str]:
        """The channels that the client wants."""
        return [subscription.channel for subscription in self._send.subscriptions]

    def is_active_channel(self, channel: str) -> bool:
        """Whether the server has accepted a subscription to this channel in this session."""
        subscription = self._send.subscriptions.get(channel)
        return subscription is not None and subscription.status is SubscriptionStatus.ACTIVE

    def is_deferred_channel(self, channel: str) -> bool:
        """Whether an extension keeps a subscription to this channel from the server for now."""
        subscription = self._send.subscriptions.get(channel)
        return subscription is not None and subscription.is_deferred
