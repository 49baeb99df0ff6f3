"""The timestamp extension of CometD: every message has the time when it was sent (Bayeux 1.0, section 3.9)."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from pybayeux import hookimpl

from .formats import iso, rfc1123

if TYPE_CHECKING:
    from collections.abc import Callable

    from pybayeux import Message

__all__ = ("Timestamp",)

Format: TypeAlias = Literal["rfc1123", "iso"]

_FORMATS: Final = {"rfc1123": rfc1123, "iso": iso}


class Timestamp:
    """Puts the time of sending into `timestamp` of every message, in the place of any other value.

    Args:
        format: ``rfc1123``, as CometD's own clients write it (``Mon, 23 Nov 2026 20:56:10 GMT``), or ``iso``, as the
            protocol has it (``2026-11-23T20:56:10.42``). Both are in UTC.
        clock: Returns the time in seconds since 1970.

    Raises:
        ValueError: `format` is neither of the two.
    """

    def __init__(self, format: Format = "rfc1123", clock: Callable[[], float] = time.time) -> None:
        if format not in _FORMATS:
            raise ValueError(f"format: expected one of {', '.join(_FORMATS)}; got {format!r}")
        self._write: Final = _FORMATS[format]
        self._clock: Final = clock

    @hookimpl
    def outgoing(self, message: Message) -> None:
        """Add the time. A message that is sent again gets a new one."""
        message.timestamp = self._write(datetime.fromtimestamp(self._clock(), UTC))
