"""What becomes of the stream while receivers are slower than it.

Memory is bounded by `queue_size`. While that many events wait, no connect is sent, for a moment: that costs nothing,
and nobody is told. If it lasts, the server may drop the session, and there are two ways on. Where the server sends
again what is not taken (an extension knows that: `redelivers`), the client polls on and takes no more events until
there is room. Elsewhere the user's policy decides. Each step is reported.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from ..errors import SlowReceiverError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..errors import BayeuxError
    from ..session import Batch, Session
    from ..subscription import Subscription
    from .dispatcher import Delivery

__all__ = ("Overflow", "Pressure")

Overflow: TypeAlias = Literal["wait", "drop_oldest", "raise"]
"""What to do where the server sends nothing again: wait, at the risk of the session; drop the events that wait longest;
or end the subscription that has most of them with an error."""


class Pressure:
    """Holds the stream back, lets it pass by, or cuts it.

    Args:
        policy: What to do where the server sends nothing again.
        session: What polls.
        delivery: Where events wait.
        redelivers: Tells whether the server sends again what is not taken.
        rewind: Called when there is room again for what was not taken.
        end: Ends a subscription with an error.
        report: Is told of each step.
        poke: Has the session asked again what to do.
        now: The time, as the session has it.
    """

    def __init__(
        self,
        policy: Overflow,
        session: Session,
        delivery: Delivery,
        *,
        redelivers: Callable[[], bool],
        rewind: Callable[[], None],
        end: Callable[[Subscription, BayeuxError], None],
        report: Callable[[BayeuxError], None],
        poke: Callable[[], None],
        now: Callable[[], float],
    ) -> None:
        self._policy: Final = policy
        self._session: Final = session
        self._delivery: Final = delivery
        self._redelivers: Final = redelivers
        self._rewind: Final = rewind
        self._end: Final = end
        self._report: Final = report
        self._poke: Final = poke
        self._now: Final = now
        self._passed_by = 0
        self._measure: str | None = None
        self._open: Final = asyncio.Event()
        self._open.set()

    def room(self, there_is: bool) -> None:
        """Whether there is room for more events has changed."""
        if there_is and self._passed_by:
            self._rewind()
        self._session.pause(not there_is, self._now())
        if there_is:
            self._open.set()
        else:
            self._open.clear()
        if there_is and self._measure is not None:
            lost = self._delivery.stop_dropping() if self._policy == "drop_oldest" else 0
            counted = self._passed_by or lost
            self._measure, self._passed_by = None, 0
            self._report(SlowReceiverError(f"there is room again; {counted} events were not taken meanwhile"))

    async def wait(self) -> None:
        """Wait for room, or until it was decided what becomes of events without; for transports that bring any."""
        if not self._open.is_set():
            self._session.block()
            self._poke()
            await self._open.wait()

    def overdue(self) -> None:
        """Connects have been held back for as long as it is safe."""
        if self._redelivers():
            self._session.discard(self._now())
            self._delivery.make_room()
            self._open.set()
            self._take("what comes now is left to the server, which sends it again")
        elif self._policy == "drop_oldest":
            self._take("the oldest of them are dropped for new ones")
            self._delivery.start_dropping()
            self._session.pause(False, self._now())
            self._open.set()
        elif self._policy == "raise":
            slowest = max(self._delivery.router, key=lambda subscription: subscription.pending)
            self._end(slowest, self._take(f"the subscription to {slowest.channel} is ended"))
        else:
            self._take("no connect is sent until there is room, and the server may drop the session")

    def _take(self, measure: str) -> SlowReceiverError:
        self._measure = measure
        error = SlowReceiverError(f"{self._delivery.waiting} events wait for their receivers: {measure}")
        self._report(error)
        return error

    def taken_of(self, batch: Batch) -> Batch:
        """What is taken of a batch: all of it, or the replies alone while events are to pass by."""
        if self._session.accepting:
            return batch
        taken = self._session.without_events(batch)
        self._passed_by += len(batch.messages) - len(taken.messages)
        return taken
