"""The server's clock, as far as its responses show it."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

from .report import Clock

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..message import Message
    from .observing import HttpAnswer

__all__ = ("read_clock",)

_SECOND: Final = 1000.0


def read_clock(
    replies: Iterable[tuple[Message, float]], answers: Iterable[HttpAnswer], handshake_ms: float | None
) -> Clock | None:
    """The best estimate: from CometD's timesync, to the millisecond; otherwise from the header ``Date``, to the second.

    Returns None if the server sent neither.
    """
    return next(filter(None, map(_from_timesync, replies)), None) or next(
        filter(None, (_from_date(each, handshake_ms or 0.0) for each in answers)), None
    )


def _from_timesync(received: tuple[Message, float]) -> Clock | None:
    """From `ext.timesync`: ``tc`` is when the client sent it, ``ts`` the server's time, ``p`` its processing time."""
    reply, at = received
    answer: Any = (reply.ext or {}).get("timesync")
    if not isinstance(answer, dict):
        return None
    moments: list[Any] = [answer.get(name) for name in ("tc", "ts", "p")]
    if any(type(each) not in (int, float) for each in moments):
        return None
    sent, server, held = map(float, moments)
    way = max(0.0, (at * 1000 - sent - held) / 2)
    return Clock(round(server - sent - way, 1), round(way + 1, 1), "timesync")


def _from_date(answer: HttpAnswer, took: float) -> Clock | None:
    """From the header ``Date``: the second in which the response was made, some time after the request was sent."""
    if answer.date is None:
        return None
    try:
        date = parsedate_to_datetime(answer.date).timestamp() * 1000
    except (ValueError, OverflowError, TypeError):
        return None
    offset = date + _SECOND / 2 - (answer.at * 1000 - took / 2)
    return Clock(round(offset), round(_SECOND / 2 + took / 2), "Date")
