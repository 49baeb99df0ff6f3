"""The server's clock, as far as its answers tell it."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

from .report import Clock

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..message import Message
    from .observing import Answered

__all__ = ("read_clock",)

_SECOND: Final = 1000.0


def read_clock(
    replies: Iterable[tuple[Message, float]], answers: Iterable[Answered], handshake_ms: float | None
) -> Clock | None:
    """The best that can be told: CometD's timesync to the millisecond, else the header ``Date`` to the second."""
    return next(filter(None, map(_from_timesync, replies)), None) or next(
        filter(None, (_from_date(each, handshake_ms or 0.0) for each in answers)), None
    )


def _from_timesync(received: tuple[Message, float]) -> Clock | None:
    """From the answer to an extension that asks: when it was asked (``tc``), the server's time, how long it held."""
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


def _from_date(answer: Answered, took: float) -> Clock | None:
    """The header says the second in which the answer was made, at some moment since the request left."""
    if answer.date is None:
        return None
    try:
        date = parsedate_to_datetime(answer.date).timestamp() * 1000
    except (ValueError, OverflowError, TypeError):
        return None
    offset = date + _SECOND / 2 - (answer.at * 1000 - took / 2)
    return Clock(round(offset), round(_SECOND / 2 + took / 2), "Date")
