"""Stalls: a client is connected, and no event comes on a channel that usually has some.

Behind a backlog of the server's event bus, connects are answered as ever and bring nothing for hours; the replay id may
be invalid at the end (Salesforce help 005321562). A client cannot tell this from a quiet channel, but it can notice
that the channel was never that quiet before. This module decides that, and knows nothing of positions.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta  # noqa: TC003 - libraries that encode positions look their types up
from typing import Final

__all__ = ("Stall", "StallDetector")

_LOOKS: Final = 100
"""How often quiet subscriptions are looked at in the time that makes a stall."""
_USUAL: Final = 3
"""A channel usually speaks if it had no pause as long as a stall for this many times the length of one."""


@dataclass(frozen=True, slots=True)
class Stall:
    """Nothing comes on a subscription that usually has events, though the client is connected.

    Attributes:
        subscription: The channel or pattern subscribed to.
        since: When the last event came, or when the session began if that was later.
        is_over: Whether an event has come again.
    """

    subscription: str
    since: datetime
    is_over: bool = False

    def __str__(self) -> str:
        if self.is_over:
            return f"{self.subscription}: events come again"
        return (
            f"{self.subscription}: connected, but no event has come since {self.since:%Y-%m-%d %H:%M:%S} UTC, and this "
            "channel usually has some; the server may have a backlog"
        )


class StallDetector:
    """Watches one subscription.

    Args:
        subscription: The channel or pattern.
        after: How long nothing comes in a stall.

    Attributes:
        stall: The present stall, or None.
    """

    def __init__(self, subscription: str, after: timedelta) -> None:
        self.stall: Stall | None = None
        self._subscription: Final = subscription
        self._after: Final = after
        self._speaks_since: datetime | None = None
        self._last: datetime | None = None
        self._quiet_since: datetime | None = None

    def on_session(self, now: datetime) -> None:
        """A session begins: the time without one is no silence."""
        self._quiet_since = now

    def look(self, now: datetime, *, has_event: bool) -> Stall | None:
        """Look at the present time, while connected. Returns a stall that begins or ends now.

        Args:
            now: The time.
            has_event: Whether an event came since the last look.
        """
        if has_event:
            return self._on_event(now)
        if self.stall is not None or not self._speaks_usually():
            return None
        if self._quiet_since is not None and now - self._quiet_since >= self._after:
            self.stall = Stall(self._subscription, self._quiet_since)
        return self.stall

    def _on_event(self, now: datetime) -> Stall | None:
        was_quiet = self._last is None or now - self._last >= self._after
        if was_quiet:
            self._speaks_since = now
        self._last = self._quiet_since = now
        over, self.stall = self.stall, None
        return None if over is None else replace(over, is_over=True)

    def _speaks_usually(self) -> bool:
        if self._last is None or self._speaks_since is None:
            return False
        return self._last - self._speaks_since >= _USUAL * self._after


class Stalls:
    """Watches all subscriptions of a client, each from its first event on: a channel without events has no stall.

    Args:
        after: How long nothing comes in a stall; None to look for none.
    """

    def __init__(self, after: timedelta | None) -> None:
        self._after: Final = after
        self._detectors: Final[dict[str, StallDetector]] = {}
        self._looked: datetime | None = None

    def is_time_to_look(self, now: datetime) -> bool:
        """Whether to look at the quiet subscriptions too. With every reply to a connect it would cost too much."""
        if self._after is None or (self._looked is not None and now - self._looked < self._after / _LOOKS):
            return False
        self._looked = now
        return True

    @property
    def present(self) -> tuple[Stall, ...]:
        """The stalls that are not over."""
        return tuple(each.stall for each in self._detectors.values() if each.stall is not None)

    def of(self, subscription: str) -> Stall | None:
        """The present stall of a subscription. For any thread."""
        detector = self._detectors.get(subscription)
        return None if detector is None else detector.stall

    def on_session(self, subscription: str, now: datetime) -> None:
        """The server has granted a subscription, or the client takes events again."""
        if (detector := self._detectors.get(subscription)) is not None:
            detector.on_session(now)

    def on_connect_reply(self, subscription: str, now: datetime, *, has_event: bool) -> Stall | None:
        """A connect was answered. Returns a stall of the subscription that begins or ends now."""
        detector = self._detectors.get(subscription)
        if detector is None:
            if self._after is None or not has_event:
                return None
            detector = self._detectors[subscription] = StallDetector(subscription, self._after)
        return detector.look(now, has_event=has_event)

    def remove(self, subscription: str) -> None:
        """A subscription has ended."""
        self._detectors.pop(subscription, None)
