"""Where one subscription begins: at first, after a lost session, and after a position that cannot be used.

This module also finds the gap that follows from the place. A gap is found when the place is chosen, and reported when
the server has granted it: until then the stored position is still good, and no event is lost.

What was received and handled is noted by `Window`; what the options say is answered by `Policies`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from .gaps import Gap, GapReason
from .origin import is_certainly_same, may_be_same, merged
from .position import EARLIEST, LATEST, begins_at, place_name
from .window import Window

if TYPE_CHECKING:
    from datetime import datetime

    from .grouping import Grouping
    from .policies import Policies
    from .position import Position

__all__ = ("ReplayContext", "Resumption", "UnusablePosition")


@dataclass(frozen=True, slots=True)
class ReplayContext:
    """What is known of the server and the session at one moment.

    Attributes:
        now: The time.
        origin: The org and instance that numbers the events, if an extension knows it.
        announced: Whether the server announced replay in the handshake.
    """

    now: datetime
    origin: str | None
    announced: bool


class UnusablePosition(Exception):
    """The position cannot be used, and the subscriber is to get an error."""


class Resumption:
    """The places at which one subscription begins, from session to session.

    Args:
        subscription: The channel or pattern.
        policies: What the options say.
        stored: The position in the store, or None.
        grouping: Within which events no position is stored.
        remembered: How many handled events to recognise if they come again.

    Attributes:
        subscription: The channel or pattern.
        window: What was received and handled.
        stored: The position that it began with, if that has a replay id.
        has_event: Whether an event came since `SubscriptionsWithEvents.take` was last called.
        begins_at: The time of the events to begin with, where it was set by hand; earlier ones are dropped.
        asked: The place that the server was last asked for.
        is_live: Whether the server has granted the subscription in this session.
        gave_up: Whether the subscriber is to get an error because the position cannot be used.
        is_unnumbered: Whether there are events without a replay id, which the server cannot send again.
    """

    __slots__ = (
        "_complete_from",
        "_fallback",
        "_gap",
        "_granted_before",
        "_policies",
        "asked",
        "begins_at",
        "gave_up",
        "has_event",
        "is_live",
        "is_unnumbered",
        "stored",
        "subscription",
        "window",
    )

    def __init__(
        self, subscription: str, policies: Policies, stored: Position | None, *, grouping: Grouping, remembered: int
    ) -> None:
        start = policies.start(subscription)
        self.begins_at: Final = None if stored is None else begins_at(stored)
        if stored is not None and stored.replay_id < 0:  # set by hand: a place, but not the position of an event
            start, stored = stored.replay_id, None
        self.subscription: Final = subscription
        self.stored: Position | None = stored
        self.has_event: bool = False
        self.window: Final = Window(
            subscription,
            start,
            None if stored is None else stored.replay_id,
            grouping=grouping,
            remembered=remembered,
            resumes=not policies.live_only,
        )
        self.window.origin = None if stored is None else stored.org
        self.asked: int = start
        self.gave_up: bool = False
        self.is_unnumbered: bool = False
        self._policies: Final = policies
        self.is_live: bool = False
        self._granted_before = False
        # Since when no event is missing that was not received, unless the server has deleted it.
        self._complete_from: datetime | None = None
        self._fallback: int | None = None
        self._gap: Gap | None = None

    def can_resume(self, context: ReplayContext) -> bool:
        """Whether the server certainly sends again what was not handled."""
        return self.is_replayed(context) and not self.is_unnumbered and self.window.can_resume

    def is_replayed(self, context: ReplayContext) -> bool:
        """Whether the server has replay for this subscription: it has announced it, or sent a replay id."""
        return context.announced or not self.window.is_untouched

    # -- the place to ask for

    def on_subscribe(self, context: ReplayContext, position: Position | None) -> int:
        """A subscribe leaves: return the place after which the server should begin.

        Args:
            context: What is known at the moment.
            position: The newest position of the subscription, or None.

        Raises:
            UnusablePosition: The position cannot be used, and the policy is to raise an error.
        """
        self.is_live = self.gave_up = False
        reason = self._reason_against(context, position) if self.window.is_numbered else None
        if reason is not None and not self._fall_back(reason, context, position) and reason is GapReason.FOREIGN:
            place = "what was received" if self.window.position is None else f"position {self.window.position}"
            raise UnusablePosition(f"{self.subscription}: {place} is of another org or instance")
        if self.window.origin != context.origin:
            self.window.origin = self._origin(context)
        self.asked = self.window.on_subscribe(self._other_place())
        if self.window.lost_track:
            self.window.lost_track, self._complete_from = False, None
        if self._fallback is None and self._granted_before and self.is_replayed(context):
            self._gap = self._gap or self._gap_before(self.asked, context, position)
        return self.asked

    def _reason_against(self, context: ReplayContext, position: Position | None) -> GapReason | None:
        """Return why what is numbered cannot be used, as far as that is known without asking the server."""
        window = self.window
        if not may_be_same(window.origin, context.origin):
            return GapReason.FOREIGN
        if window.position is not None and self._policies.is_expired(_age(position, context)):
            return GapReason.EXPIRED
        return None

    def _origin(self, context: ReplayContext) -> str | None:
        """Return who numbers the events, as far as is known now or was known before.

        What could not be read this time is taken from before: if it is wrong, a gap is reported too many, not too few.
        """
        if may_be_same(self.window.origin, context.origin):
            return merged(context.origin, self.window.origin)
        return context.origin

    def _other_place(self) -> int | None:
        """Return the place to ask for, if it is not the one of the window."""
        if self._fallback is not None:
            return self._fallback
        return LATEST if self._granted_before and self._policies.live_only else None

    def _gap_before(self, asked: int, context: ReplayContext, position: Position | None) -> Gap | None:
        """Return the gap if the stream does not go on after an event: the server refuses no such request."""
        if asked == LATEST:
            return self.skipped(context, position)
        if asked == EARLIEST and not self._policies.is_kept(_since(self._complete_from, context)):
            return Gap(self.subscription, GapReason.EXPIRED, position, _age(position, context), "earliest")
        return None

    def skipped(self, context: ReplayContext, position: Position | None) -> Gap:
        """Return the gap of a stream that goes on with new events only."""
        return Gap(self.subscription, GapReason.SKIPPED, position, _age(position, context), "latest")

    # -- the server's answer

    def on_granted(self, context: ReplayContext) -> Gap | None:
        """The server grants what was asked for: return the gap that comes before it, if there is one."""
        gap, self._gap = self._gap, None
        self._granted_before, self.is_live, self._fallback = True, True, None
        if self.asked == EARLIEST and (gap is not None or self._complete_from is None):
            self._complete_from = context.now
        return gap

    def on_refused(self, context: ReplayContext, position: Position | None) -> bool:
        """The server does not know the place asked for: return whether there is another one to ask for.

        If there is none, the subscriber gets the server's error.
        """
        if self._fallback is None and self.asked < 0:
            return False
        if self._fallback is not None:
            self.gave_up = True
            return False
        return self._fall_back(GapReason.EXPIRED, context, position)

    def _fall_back(self, reason: GapReason, context: ReplayContext, position: Position | None) -> bool:
        """Choose the place for a position that cannot be used; return whether there is one.

        There is always a gap. An event that came soon after the last one may be deleted, or may have been held back
        until it was: that connects were answered without events since, and even recently, proves nothing.
        """
        window = self.window
        gap = Gap(self.subscription, reason, position, _age(position, context))
        place = self._policies.fall_back(gap)
        if place is None:
            self.gave_up = True
            return False
        self._gap = replace(gap, resumes_at=place_name(place))
        window.restart(place, is_same_numbering=is_certainly_same(window.origin, context.origin))
        self._fallback = place
        return True

    # -- the end

    def close(self) -> None:
        """The client has unsubscribed. Receivers that come later miss nothing by that."""
        self.is_live = self._granted_before = False
        self.window.close()


def _age(position: Position | None, context: ReplayContext) -> timedelta | None:
    """Return how old the last handled event is, or its position if the event has no time."""
    return None if position is None else _since(position.event_time or position.stored_at, context)


def _since(moment: datetime | None, context: ReplayContext) -> timedelta | None:
    """Return how long ago a moment was: 0 if the server's clock is ahead of ours."""
    return None if moment is None else max(timedelta(0), context.now - moment)
