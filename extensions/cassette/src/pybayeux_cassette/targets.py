"""`DevServerTarget`: events and incidents on a development server.

Owns which fault plays which incident.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from .playing import Target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .actions import Actions
    from .lines import RecordedEvent, RecordedState

__all__ = ("DevServerTarget",)


class DevServerTarget(Target):
    """Publishes on a development server, by its methods or by its control interface.

    A lost connection is played by cutting the WebSockets; without one, the next connect is cut. A lost session is
    played by forgetting all sessions.

    Args:
        actions: Calls the methods.
        keep_ids: Publish under the recorded replay ids. They must rise over all channels, as those of one log do.
    """

    def __init__(self, actions: Actions, *, keep_ids: bool = False) -> None:
        self._actions: Final = actions
        self._keep_ids: Final = keep_ids

    async def publish(self, events: Sequence[RecordedEvent]) -> None:
        """Publish events.

        Raises:
            ValueError: A replay id that is to be kept does not rise; over HTTP a `BayeuxError`.
        """
        for event in events:
            more: dict[str, Any] = {} if event.ext is None else {"ext": event.ext}
            if self._keep_ids and event.replay_id is not None:
                more["replay_id"] = event.replay_id
            await self._actions("publish", channel=event.channel, data=event.data, **more)

    async def repeat(self, state: RecordedState) -> None:
        """Cut the connections, or forget the sessions."""
        if state.state == "unconnected" and not await self._actions("faults/close_websockets", code=None):
            await self._actions("faults/lose_requests", n=1, channel="/meta/connect")
        elif state.state == "rehandshaking":
            await self._actions("faults/drop_sessions")
