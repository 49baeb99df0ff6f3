"""Back-pressure: what becomes of the stream while receivers are slower than it.

Memory is bounded by `queue_size`. While that many events wait, no connect is sent, for a moment: that costs nothing and
is not reported. If it lasts, the server may drop the session, and there are two ways on. Where the server sends again
what is not taken (an extension knows that, by the hook `redelivery`), the client polls on and takes no more events
until there is room. Elsewhere the user's policy `overflow` decides. Each step is reported.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, Protocol

from ..errors import SlowReceiverError
from ..transports.base import DONE

if TYPE_CHECKING:
    from ..errors import BayeuxError
    from ..hookspecs import Redelivery
    from ..session import Batch
    from ..transports.base import Completion
    from .config import Overflow
    from .dispatcher import Dispatcher
    from .event_queue import EventQueue
    from .hooks import HookRunner
    from .reporter import Reporter

__all__ = ("BackPressure", "Polling", "SubscriptionCutter")


class Polling(Protocol):
    """How the stream is held back: the runner."""

    @property
    def accepting(self) -> bool:
        """Whether the events that come in now are taken."""

    def hold_connects(self) -> None:
        """Send no connect for now."""

    def release_connects(self) -> None:
        """Send connects again."""

    def reading_blocked(self) -> None:
        """A transport on which events come unasked reads no further."""

    def discard_events(self) -> None:
        """Poll to keep the session alive, and take none of the events that come."""

    def without_events(self, batch: Batch) -> Batch:
        """The replies of a batch."""


class SubscriptionCutter(Protocol):
    """Ends a subscription with an error: the subscription manager."""

    def cut(self, queue: EventQueue, error: BayeuxError) -> None:
        """End one subscription with an error."""


class BackPressure:
    """Holds the stream back, discards what comes, or ends a subscription.

    Args:
        policy: What to do where the server sends nothing again.
        polling: Holds connects back.
        dispatcher: Has the events that wait.
        subscriptions: Ends a subscription with an error.
        hooks: Know whether the server sends again.
        reporter: Is told of each step.
    """

    def __init__(
        self,
        policy: Overflow,
        polling: Polling,
        dispatcher: Dispatcher,
        subscriptions: SubscriptionCutter,
        hooks: HookRunner,
        reporter: Reporter,
    ) -> None:
        self._policy: Final = policy
        self._polling: Final = polling
        self._dispatcher: Final = dispatcher
        self._subscriptions: Final = subscriptions
        self._hooks: Final = hooks
        self._reporter: Final = reporter
        self._redelivery: Redelivery | None = None
        self._may_discard = False
        self._not_taken = 0
        self._is_reported = False
        self._room: asyncio.Future[None] | None = None

    def room_changed(self, there_is_room: bool) -> None:
        """The queues are full, or there is room again."""
        if not there_is_room:
            self._polling.hold_connects()
            self._room = asyncio.get_running_loop().create_future()
            return
        if self._not_taken and self._redelivery is not None and self._redelivery.request is not None:
            self._redelivery.request()
        self._polling.release_connects()
        self._open()
        if self._is_reported:
            lost = self._dispatcher.stop_dropping() if self._policy == "drop_oldest" else 0
            count = self._not_taken or lost
            self._is_reported, self._not_taken = False, 0
            self._reporter.report(SlowReceiverError(f"there is room again; {count} events were not taken meanwhile"))

    def room(self) -> Completion:
        """Done where more may be read of what comes unasked, or when it was decided what becomes of it."""
        if self._room is None:
            return DONE
        self._polling.reading_blocked()
        return self._room

    def _open(self) -> None:
        room, self._room = self._room, None
        if room is not None and not room.done():
            room.set_result(None)

    def poll_overdue(self) -> None:
        """Connects have been held back for as long as it is safe."""
        self._redelivery = self._hooks.redelivery()
        if self._redelivery is not None:
            self._may_discard = True
            self._polling.discard_events()
            self._dispatcher.make_room()
            self._open()
            self._report("what comes now is left to the server, which sends it again")
        elif self._policy == "drop_oldest":
            self._report("the oldest of them are dropped for new ones")
            self._dispatcher.start_dropping()
            self._polling.release_connects()
            self._open()
        elif self._policy == "raise":
            slowest = max(self._dispatcher.router, key=lambda queue: queue.pending)
            self._subscriptions.cut(slowest, self._report(f"the subscription to {slowest.channel} is ended"))
        else:
            self._report("no connect is sent until there is room, and the server may drop the session")

    def _report(self, measure: str) -> SlowReceiverError:
        self._is_reported = True
        error = SlowReceiverError(f"{self._dispatcher.waiting} events wait for their receivers: {measure}")
        self._reporter.report(error)
        return error

    def filter_accepted(self, batch: Batch) -> Batch:
        """What is taken of a batch: all of it, or the replies alone while events are discarded."""
        if not self._may_discard:
            return batch
        if self._polling.accepting:
            # The connect that was under way before still brings what is taken: discarding ends with room alone.
            self._may_discard = self._dispatcher.full
            return batch
        taken = self._polling.without_events(batch)
        self._not_taken += len(batch.messages) - len(taken.messages)
        return taken
