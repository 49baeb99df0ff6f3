"""The log that events are replayed from, with Salesforce's rules.

Owns the ids, the retention and the meaning of ``ext.replay`` in a subscribe: -1 means new events only, -2 every event
in the log, any other number the events after the one with that id. Ids rise, with gaps, over all channels.
"""

from __future__ import annotations

import math
import random
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from .channels import covered
from .errors import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pybayeux import Channel

    from ..options import Json

__all__ = ("EARLIEST", "LATEST", "ReplayLog", "stamped")

LATEST: Final = -1
EARLIEST: Final = -2

# Salesforce's ids are not contiguous: a client that computes the next one has to fail in a test.
_GAPS: Final = (1, 1, 1, 2, 5, 26)


class ReplayLog:
    """The last events of the logged channels.

    Args:
        channels: The channels and patterns to log.
        retention: How many events to keep.
        seed: Determines the gaps between the ids.
    """

    def __init__(self, channels: Sequence[str], *, retention: int, seed: int) -> None:
        self._channels: Final = channels
        self._kept: deque[tuple[int, Json]] = deque(maxlen=retention)
        self._random: Final = random.Random(seed)  # noqa: S311 - the same in every run
        self._last = 0

    @property
    def enabled(self) -> bool:
        """Whether any channel is logged."""
        return bool(self._channels)

    def keeps(self, channel: str) -> bool:
        """Whether events of this channel are logged."""
        return covered(channel, self._channels)

    def next_id(self) -> int:
        """A new id, greater than all earlier ones."""
        self._last += self._random.choice(_GAPS)
        return self._last

    def take_id(self, replay_id: int) -> int:
        """An id that the publisher chose.

        Raises:
            ValueError: It is not greater than all earlier ones.
        """
        if replay_id <= self._last:
            raise ValueError(f"replay_id: expected more than {self._last}, the last one; got {replay_id}")
        self._last = replay_id
        return replay_id

    def append(self, replay_id: int, event: Json) -> None:
        """Log an event. If the log is full, the oldest event is removed."""
        self._kept.append((replay_id, event))

    def starting_points(self, subscribe: Json, channels: Sequence[Channel]) -> dict[Channel, float]:
        """The id after which each channel of a subscribe begins.

        Raises:
            Refused: A channel has no integer in ``ext.replay``, or its event is no longer in the log.
        """
        ext = subscribe.get("ext")
        if not self.enabled or not isinstance(ext, dict) or "replay" not in ext:
            return dict.fromkeys(channels, math.inf)
        return {channel: self._starting_point(channel, ext["replay"]) for channel in channels}

    def since(self, points: dict[Channel, float]) -> list[Json]:
        """The logged events after the starting points, each once, in the order of their ids."""
        wanted = {channel: point for channel, point in points.items() if point < math.inf}
        if not wanted:
            return []
        return [event for replay_id, event in self._kept if _is_after(replay_id, event["channel"], wanted)]

    def _starting_point(self, channel: Channel, positions: Any) -> float:
        position = positions.get(channel) if isinstance(positions, dict) else None
        if not isinstance(position, int) or isinstance(position, bool):
            raise Refused(
                f"400::The replayId for channel {{{channel}}} wasn't found using the provided replay ID map "
                f"{{{positions}}}. Ensure that the map has an integer for this channel."
            )
        if position == LATEST:
            return math.inf
        if position == EARLIEST:
            return -math.inf
        if not any(replay_id == position and channel.match(e["channel"]) for replay_id, e in self._kept):
            raise Refused(
                f"400::The replayId {{{position}}} you provided was invalid.  Please provide a valid ID, "
                "-2 to replay all events, or -1 to replay only new events."
            )
        return position


def _is_after(replay_id: int, name: str, points: dict[Channel, float]) -> bool:
    return any(replay_id > point and channel.match(name) for channel, point in points.items())


def stamped(data: Any, replay_id: int, now: float) -> Any:
    """The data of an event, with its id in ``event.replayId`` and its date in ``event.createdDate``.

    Only an object can carry them. If the data has a member ``event`` already, an object is completed and keeps its
    date; with any other value the data is returned unchanged.
    """
    stamp = data.get("event", {}) if isinstance(data, dict) else None
    if not isinstance(stamp, dict):
        return data
    created = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {**data, "event": {"createdDate": created, **stamp, "replayId": replay_id}}
