"""From publications to the queues of the sessions that subscribed, and to the log.

Owns subscriptions and fan-out. Does not know who may do what: that is decided before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from . import replies
from .channels import routes
from .replay_log import ReplayLog, stamped

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pybayeux import Channel

    from ..options import Json, Options
    from .sessions import Session, Sessions

__all__ = ("Broker",)


class Broker:
    """Gives each event to everybody who subscribed to its channel, once.

    Args:
        sessions: Who is there.
        options: What to log, and who gets what.
        clock: Tells the present time in seconds, for the dates of events.
    """

    def __init__(self, sessions: Sessions, options: Options, clock: Callable[[], float]) -> None:
        self._sessions: Final = sessions
        self._options: Final = options
        self._clock: Final = clock
        self.log: Final = ReplayLog(options.replay_channels, retention=options.retention, seed=options.seed)

    def publish(
        self, channel: str, data: Any, *, publisher: Session | None = None, message_id: Any = None, ext: Any = None
    ) -> int | None:
        """Log an event if its channel is kept, and deliver it, with the `ext` of its publisher.

        Returns:
            The event's replay id, or None where its channel is not kept.
        """
        replay_id = self.log.next_id() if self.log.keeps(channel) else None
        if replay_id is not None:
            data = stamped(data, replay_id, self._clock())
        event = replies.event(channel, data, message_id if self._options.event_ids else None, ext)
        if replay_id is not None:
            self.log.append(replay_id, event)
        self._deliver(event, publisher)
        return replay_id

    def subscribe(self, session: Session, channels: Sequence[Channel], request: Json) -> None:
        """Record subscriptions, and queue the events that the request wants replayed.

        Raises:
            Refused: The log has no such position; nothing was recorded then.
        """
        points = self.log.starting_points(request, channels)
        session.subscriptions.update(channels)
        for event in self.log.since(points):
            session.deliver(event)

    def _deliver(self, event: Json, publisher: Session | None) -> None:
        wanted = routes(event["channel"])
        for session in self._sessions:
            if session is publisher and not self._options.echo_to_publisher:
                continue
            if not wanted.isdisjoint(session.subscriptions):
                session.deliver(event)
