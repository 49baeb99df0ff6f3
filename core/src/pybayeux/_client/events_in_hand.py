"""The events that a receiver has taken and not finished.

Owns what counts as handled, the acknowledgements, and what becomes of an event that the receiver cannot take or failed
on. It does not know where the events come from: `EventQueue` puts them here.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TypeAlias, cast

from ..errors import ReceiverError, UsageError
from ..event_stamp import replay_id_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence
    from contextlib import AbstractAsyncContextManager

    from ..errors import BayeuxError
    from ..message import Message

__all__ = ("NO_EVENTS", "ErrorPolicy", "EventsInHand", "EventsInHandOwner")

NO_EVENTS: Final[deque[Message]] = cast("deque[Message]", ())
"""The events of a subscription that has had none yet. A deque takes 0.6 kB, and some never need theirs."""
_NONE_ACKNOWLEDGED: Final[set[int]] = set()
"""Of subscriptions whose events are not acknowledged one by one. Nothing is added to it."""

ErrorPolicy: TypeAlias = Literal["raise", "skip", "retry", "dead_letter"]


class EventsInHandOwner(Protocol):
    """Is told what became of events: the dispatcher."""

    observed: bool
    """Whether an extension wants to know which events were handled."""

    def event_handled(self, message: Message) -> Awaitable[Any] | None:
        """A receiver has finished with this event; returns what is left to await."""

    def events_abandoned(self, messages: Sequence[Message]) -> None:
        """A receiver ended its subscription and will not handle these."""

    def transaction(self, message: Message, earlier: Sequence[Message]) -> AbstractAsyncContextManager[Any] | None:
        """The transaction in which an event may be handled, and those before it, or None."""

    def report(self, error: BayeuxError) -> None:
        """Report an error after which the receiver goes on."""

    async def keep(self, message: Message, subscription: str, error: ReceiverError) -> bool:
        """Have an event kept as a dead letter that its receiver failed on; return whether it is safe."""


class EventsInHand:
    """The events that one receiver has taken and not finished, in order.

    Args:
        channel: The channel or pattern subscribed to.
        owner: Is told which events were handled.
        manual: Whether each counts as handled when the receiver acknowledges it and all before it.
        on_error: What becomes of an event that the receiver cannot take.

    Attributes:
        events: The events. Who takes one appends it, after `begin`.
        is_closed: Whether the subscription has ended: what is acknowledged afterwards counts no more.
    """

    __slots__ = ("_acknowledged", "_channel", "_manual", "_on_error", "_owner", "events", "is_closed")

    def __init__(self, channel: str, owner: EventsInHandOwner, *, manual: bool, on_error: ErrorPolicy) -> None:
        self._channel: Final = channel
        self._owner: Final = owner
        self._manual: Final = manual
        self._on_error: Final = on_error
        self.events: deque[Message] = NO_EVENTS
        self._acknowledged: Final = set[int]() if manual else _NONE_ACKNOWLEDGED
        self.is_closed: bool = False

    def __len__(self) -> int:
        return len(self.events)

    def begin(self) -> deque[Message]:
        """The receiver is about to take its first event: return where to put those that it takes."""
        self.events = deque()
        return self.events

    # -- handled

    async def finish(self, count: int) -> None:
        """The first `count` of the events taken are handled, unless they are to be acknowledged one by one."""
        if not self.events:
            return
        if not self._owner.observed and count >= len(self.events) and not self._manual:
            self.events.clear()
            return
        for _ in range(min(count, len(self.events))):
            if (unfinished := self.finish_one()) is not None:
                await unfinished

    def finish_one(self) -> Awaitable[Any] | None:
        """The event taken first is handled; returns what is left to await."""
        if not self.events or self._manual:
            return None
        message = self.events.popleft()
        return self._owner.event_handled(message) if self._owner.observed else None

    # -- acknowledged by the receiver

    def acknowledge(self, message: Message) -> list[Awaitable[Any]]:
        """Record an acknowledgement; returns what is left to await for the events handled without a gap."""
        if self.is_closed:
            return []  # it was dropped; the server sends it again if it keeps it
        self._acknowledged.add(id(message))
        unfinished = []
        while self.events and id(self.events[0]) in self._acknowledged:
            handled = self.events.popleft()
            self._acknowledged.discard(id(handled))
            if self._owner.observed and (pending := self._owner.event_handled(handled)) is not None:
                unfinished.append(pending)
        return unfinished

    def transaction(self, message: Message, earlier: Sequence[Message] = ()) -> AbstractAsyncContextManager[Any]:
        """The transaction in which an event may be handled, and those before it.

        Raises:
            UsageError: No extension has one.
        """
        found = self._owner.transaction(message, earlier)
        if found is None:
            raise UsageError(
                f"no extension has a transaction for this event of {message.channel}: "
                "it takes pybayeux-replay with a store in a database"
            )
        return found

    # -- events that the receiver cannot take, or failed on

    def failure(self, cause: BaseException) -> ReceiverError:
        """The error of the receiver on the event that it took last."""
        replay_id = replay_id_of(self.events[-1]) if self.events else None
        return ReceiverError(self.events[-1].channel if self.events else self._channel, cause, replay_id)

    def pass_over(self, error: ReceiverError) -> Awaitable[Any] | None:
        """Go on after the event taken last, which does not fit, where the policy says so; returns what to await.

        Raises:
            ReceiverError: The policy does not.
        """
        if self._on_error == "skip":
            self._owner.report(error)
            return self.settle(self.events[-1], None) if self._manual else self.finish_one()
        if self._on_error == "dead_letter":
            self._owner.report(error)
            return self.set_aside(error)
        raise error

    async def set_aside(self, error: ReceiverError, shown: Message | None = None) -> None:
        """Have the event taken last kept as a dead letter; only then it counts as handled.

        Args:
            error: What the receiver failed with.
            shown: The event as the receiver got it, or None if it got none.

        Raises:
            ReceiverError: No extension keeps it.
        """
        if (event := self._latest) is None:
            return  # the receiver has acknowledged it
        if not await self._owner.keep(event, self._channel, error):
            raise error
        await self.settle(event, shown)

    async def settle(self, message: Message, shown: Message | None) -> None:
        """The event taken last is handled, even if the receiver acknowledges by itself.

        Args:
            message: The event as it was received.
            shown: The event as the receiver got it, or None if it got none.
        """
        if not self._manual:
            await self.finish(1)
        elif shown is not None and shown.receipt is not None:
            await shown.receipt.acknowledge()  # the receiver might call it as well
        else:
            for unfinished in self.acknowledge(message):
                await unfinished

    @property
    def _latest(self) -> Message | None:
        """The event taken last, as it was received; None where it is handled."""
        if not self.events or id(self.events[-1]) in self._acknowledged:
            return None
        return self.events[-1]

    # -- given up

    async def abandon(self, handled: int) -> None:
        """Nothing is taken any more; of the events taken, the first `handled` are handled, the others not."""
        await self.finish(handled)
        self.release()

    def release(self) -> None:
        """None of them will be handled any more."""
        if self.events:
            self._owner.events_abandoned(list(self.events))
            self.events.clear()
