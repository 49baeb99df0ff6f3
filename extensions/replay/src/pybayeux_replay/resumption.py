"""Where one subscription begins: at first, after a lost session, after a position that is of no use.

Owns what may be missing then. A gap is found when it is decided where to begin, and it is told when the server has
granted that: until then nothing is lost that the position kept would not bring.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from .gap import Gap, GapReason
from .position import EARLIEST, LATEST, place_name
from .window import Window

if TYPE_CHECKING:
    from datetime import datetime

    from .commit import Grouping
    from .policies import Policies
    from .position import Position

__all__ = ("Present", "Refusal", "Resumption")


@dataclass(frozen=True, slots=True)
class Present:
    """What is known at the moment.

    Attributes:
        now: The time of day.
        quiet_until: The last moment at which the server had nothing more to send.
        origin: Who numbers the events, where somebody knows it.
        announced: Whether the server said that it replays.
    """

    now: datetime
    quiet_until: datetime | None
    origin: str | None
    announced: bool


class Refusal(Exception):
    """The position is of no use, and the subscriber is to be told."""


class Resumption:
    """The beginnings of one subscription.

    Args:
        subscription: The channel or pattern.
        policies: What was chosen.
        kept: The position in the store.
        grouping: Which events belong together.
        remembered: How many handled events to recognise if they come again.

    Attributes:
        window: What was received and handled.
        kept: The position that it began with.
        gave_up: Whether its subscriber is to be told that the position is of no use.
        is_unnumbered: Whether events without replay ids come: the server keeps none of them.
    """

    def __init__(
        self, subscription: str, policies: Policies, kept: Position | None, *, grouping: Grouping, remembered: int
    ) -> None:
        start = policies.start(subscription)
        if kept is not None and kept.replay_id < 0:
            start, kept = kept.replay_id, None
        self.kept: Final = kept
        self.window: Final = Window(
            subscription,
            start,
            None if kept is None else kept.replay_id,
            grouping=grouping,
            remembered=remembered,
            resumes=not policies.live_only,
        )
        self.window.origin = None if kept is None else kept.org
        self.gave_up = False
        self.is_unnumbered = False
        self._policies: Final = policies
        self._granted_before = False
        self._granted_at: datetime | None = None
        self._quiet_until: datetime | None = None
        self._fallback: int | None = None
        self._gap: Gap | None = None

    @property
    def is_live(self) -> bool:
        """Whether the server has granted it in this session."""
        return self._granted_at is not None

    def can_resume(self, present: Present) -> bool:
        """Whether the server surely sends again what was not handled."""
        return self.is_replayed(present) and not self.is_unnumbered and self.window.can_resume

    def is_replayed(self, present: Present) -> bool:
        """Whether the server has replay, as far as can be told."""
        return present.announced or not self.window.is_untouched

    def quiet_until(self, present: Present) -> datetime | None:
        """Until when everything of this subscription came and is handled, or waits for that; None if nobody knows."""
        if self.window.lost_track:
            return None
        if self._granted_at is None or present.quiet_until is None or present.quiet_until < self._granted_at:
            return self._quiet_until
        return present.quiet_until

    # -- where to begin

    def ask(self, present: Present, position: Position | None) -> int:
        """A subscribe leaves; gives the place after which the server should begin.

        Args:
            present: What is known at the moment.
            position: The newest position of the subscription.

        Raises:
            Refusal: There is none.
        """
        self._leave(present)
        self.gave_up = False
        reason = self._what_is_wrong(present, position)
        if reason is not None and not self._fall_back(reason, present, position) and reason is GapReason.FOREIGN:
            place = "what came so far" if self.window.position is None else f"position {self.window.position}"
            raise Refusal(f"{self.window.subscription}: {place} is of another org or instance")
        self.window.origin = present.origin or self.window.origin
        asked = self.window.ask(self._place())
        if self.window.lost_track:
            self.window.lost_track, self._quiet_until = False, None
        if self._fallback is None and self._granted_before and self.is_replayed(present):
            self._gap = self._gap or self._gap_before(asked, present, position)
        return asked

    def _gap_before(self, asked: int, present: Present, position: Position | None) -> Gap | None:
        """What is missing where a stream does not go on after an event: no server tells that by a refusal."""
        if asked == LATEST:
            return self.skipped(present, position)
        if asked == EARLIEST and self._policies.may_miss(self._sure_age(present, position), asked):
            age = self._age(present, position)
            return Gap(self.window.subscription, GapReason.EXPIRED, position, age, "earliest")
        return None

    def _place(self) -> int | None:
        """The place to ask for, where it is not the one that the window has."""
        if self._fallback is not None:
            return self._fallback
        return LATEST if self._granted_before and self._policies.live_only else None

    def _what_is_wrong(self, present: Present, position: Position | None) -> GapReason | None:
        window = self.window
        if window.is_numbered and None not in (window.origin, present.origin) and window.origin != present.origin:
            return GapReason.FOREIGN
        if window.position is not None and self._policies.is_past(self._age(present, position)):
            return GapReason.EXPIRED
        return None

    def refused(self, present: Present, position: Position | None) -> bool:
        """The server does not know the place asked for; whether there is another one to ask for.

        Where there is none, the subscriber gets the refusal.
        """
        if self._fallback is None and self.window.asked < 0:
            return False
        if self._fallback is not None:
            self.gave_up = True
            return False
        return self._fall_back(GapReason.EXPIRED, present, position)

    def _fall_back(self, reason: GapReason, present: Present, position: Position | None) -> bool:
        window = self.window
        gap = Gap(window.subscription, reason, position, self._age(present, position))
        place = self._policies.fall_back(gap)
        if place is None:
            self.gave_up = True
            return False
        if reason is GapReason.FOREIGN or self._policies.may_miss(self._sure_age(present, position), place):
            self._gap = replace(gap, resumes_at=place_name(place))
        is_same_numbering = window.origin is not None and window.origin == present.origin
        window.restart(place, is_same_numbering=is_same_numbering)
        self._fallback = place
        return True

    def _age(self, present: Present, position: Position | None) -> timedelta | None:
        """How old the position is, at least."""
        age = self._sure_age(present, position)
        return _since(position.stored_at, present) if age is None and position is not None else age

    def _sure_age(self, present: Present, position: Position | None) -> timedelta | None:
        """How long ago everything was there, as far as that is sure."""
        moments = [self._quiet_until, None if position is None else position.complete_until]
        known = [moment for moment in moments if moment is not None]
        return _since(max(known), present) if known else None

    # -- what came of it

    def skipped(self, present: Present, position: Position | None) -> Gap:
        """The gap of a stream that goes on with what is new."""
        return Gap(self.window.subscription, GapReason.SKIPPED, position, self._age(present, position), "latest")

    def granted(self, present: Present) -> Gap | None:
        """The server grants what was asked for; gives the gap that is before it, if there is one."""
        gap, self._gap = self._gap, None
        self._granted_before, self._granted_at, self._fallback = True, present.now, None
        return gap

    def close(self, present: Present) -> None:
        """The client has unsubscribed: receivers that come later miss nothing by that."""
        self._leave(present)
        self._granted_before = False
        self.window.close()

    def _leave(self, present: Present) -> None:
        self._quiet_until = self.quiet_until(present)
        self._granted_at = None


def _since(moment: datetime, present: Present) -> timedelta:
    """How long ago a moment was; none where the server's clock is ahead of ours."""
    return max(timedelta(0), present.now - moment)
