"""Signs of life: when something came from the server last."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

__all__ = ("Liveness",)


class Liveness:
    """Notes when something came. May be asked from any thread."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._moment = 0.0
        self._date: float | None = None

    def start(self) -> None:
        """Begin, on the loop that is running; nothing has come yet."""
        self._loop = asyncio.get_running_loop()
        self._moment, self._date = self._loop.time(), None

    def seen(self) -> None:
        """Something came."""
        if self._loop is not None:
            self._moment, self._date = self._loop.time(), time.time()

    @property
    def last_seen(self) -> datetime | None:
        """When something came last, in UTC; None where nothing has come yet."""
        return None if self._date is None else datetime.fromtimestamp(self._date, UTC)

    @property
    def age(self) -> float:
        """Seconds since something came, or since the start."""
        return 0.0 if self._loop is None else self._loop.time() - self._moment
