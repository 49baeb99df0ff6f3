"""The replay extension of a subscribe: from which event a subscription begins.

Owns its rules: -1 means new events only, -2 every event that is kept, any other number the events after the one with
that id, which must exist ("Message Durability"). If the extension is sent, it must have a number for this channel
(EMP-Connector#39, #41; restforce#498). -2 may be a string, other numbers may not (salesforce-streaming-client).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pybayeux_devserver.toolkit import Refused

from ..options import Strictness
from ..texts import invalid_replay_id, replay_map

if TYPE_CHECKING:
    from pybayeux_devserver.toolkit import Json

    from ..events.bus import Bus
    from ..events.channel_log import ChannelLog
    from ..options import OrgOptions

__all__ = ("starting_offset",)

_LATEST: Final = -1
_EARLIEST: Final = -2


def starting_offset(bus: Bus, channel: str, subscribe: Json, options: OrgOptions) -> int:
    """The offset after which a subscription begins.

    Args:
        bus: The logs of the channels.
        channel: The channel, without a filter.
        subscribe: The request.
        options: Which ids are accepted.

    Raises:
        Refused: There is no number for the channel, or the position does not exist.
    """
    ext = subscribe.get("ext")
    if not isinstance(ext, dict) or "replay" not in ext:
        return bus.offset
    position = _position(channel, ext["replay"])
    if position == _LATEST:
        return bus.offset
    if position == _EARLIEST:
        return bus.log(channel).purged
    if options.newer_ids and position > bus.log(channel).newest:
        return bus.offset
    return _offset_after(bus.log(channel), position, options.unknown_ids)


def _position(channel: str, positions: Any) -> int:
    position = positions.get(channel) if isinstance(positions, dict) else None
    if position == str(_EARLIEST):
        return _EARLIEST
    if not isinstance(position, int) or isinstance(position, bool):
        raise Refused(replay_map(channel, positions))
    return position


def _offset_after(log: ChannelLog, position: int, strictness: Strictness) -> int:
    entry = log.find(position)
    if entry is None and strictness is Strictness.RANGE and position <= log.newest:
        entry = log.at_or_before(position)
    if entry is None:
        raise Refused(invalid_replay_id(position))
    return entry.offset
