"""Subscriptions and fan-out: from a publication to the queues of its subscribers, and to the replay log.

It does not check permissions: that happens before.
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
    """Delivers each event once to every session that subscribed to its channel.

    Args:
        sessions: The known sessions.
        options: What to log, and what publishers receive of their own.
        clock: Returns the current time in seconds, for the dates of events.
    """

    def __init__(self, sessions: Sessions, options: Options, clock: Callable[[], float]) -> None:
        self._sessions: Final = sessions
        self._options: Final = options
        self._clock: Final = clock
        self.log: Final = ReplayLog(options.replay_channels, retention=options.retention, seed=options.seed)

    def publish(
        self,
        channel: str,
        data: Any,
        *,
        publisher: Session | None = None,
        message_id: Any = None,
        ext: Any = None,
        replay_id: int | None = None,
    ) -> int | None:
        """Log an event if its channel is logged, and deliver it, with the `ext` of its publisher.

        Returns:
            The event's replay id, or None if its channel is not logged.

        Raises:
            ValueError: The given `replay_id` is not greater than all earlier ones.
        """
        if not self.log.keeps(channel):
            replay_id = None
        else:
            replay_id = self.log.next_id() if replay_id is None else self.log.take_id(replay_id)
        if replay_id is not None:
            data = stamped(data, replay_id, self._clock())
        event = replies.event(channel, data, message_id if self._options.event_ids else None, ext)
        if replay_id is not None:
            self.log.append(replay_id, event)
        self._deliver(event, publisher)
        return replay_id

    def subscribe(self, session: Session, channels: Sequence[Channel], request: Json) -> None:
        """Record subscriptions, and queue the events that the request asks to replay.

        Raises:
            Refused: The log does not have the position. Nothing is recorded then.
        """
        points = self.log.starting_points(request, channels)
        session.subscriptions.update(channels)
        for event in self.log.since(points):
            session.deliver(event)

    def _deliver(self, event: Json, publisher: Session | None) -> None:
        matching = routes(event["channel"])
        for session in self._sessions:
            if session is publisher and not self._options.echo_to_publisher:
                continue
            if not matching.isdisjoint(session.subscriptions):
                session.deliver(event)
