"""A `Dispatcher` on its own: the tests put events in, take them out, and see what it calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from core.tests.reporting import RecordingReporter
from pybayeux import Message
from pybayeux._client.dead_letters import DeadLetters
from pybayeux._client.dispatcher import Dispatcher
from pybayeux._client.event_queue import EventQueue

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence
    from contextlib import AbstractAsyncContextManager

    from pybayeux._client.background import BackgroundTasks
    from pybayeux._client.dead_letters import DeadLetterKeeper
    from pybayeux._client.hooks import HookRunner
    from pybayeux.errors import ReceiverError

__all__ = ("DispatcherProbe", "events")


class DispatcherProbe:
    """A dispatcher, the queues made with it, and in its place everything that it calls.

    Attributes:
        delivered: The data of the events that `delivered` was called with, in order.
        reported: The errors that were reported, in order.
        room: What the back-pressure was told about room, in order.
        left: The queues that their receivers have left.
        reporter: Has the errors.
        background: What is left to await in the background.
        observed: Whether an extension wants to know what is delivered.
        slow: Whether `delivered` is asynchronous.
        transaction: The transaction of an extension.

    Args:
        keeper: Keeps dead letters; by default nothing does.
    """

    def __init__(
        self,
        limit: int = 1000,
        *,
        observed: bool = True,
        slow: bool = False,
        keeper: DeadLetterKeeper | None = None,
        reporter: RecordingReporter | None = None,
    ) -> None:
        self.delivered: list[Any] = []
        self.messages: list[Message] = []
        self.room: list[bool] = []
        self.reporter = reporter or RecordingReporter()
        self.reported = self.reporter.errors
        self.left: list[EventQueue] = []
        self.background: list[Awaitable[None]] = []
        self.observed, self.slow = observed, slow
        self.transaction: AbstractAsyncContextManager[Any] | None = None
        self.dispatcher = Dispatcher(
            limit,
            cast("HookRunner", _Hooks(self)),
            cast("BackgroundTasks", _Background(self)),
            DeadLetters(keeper or _NoKeeper(), self.reporter),
            self.reporter.report,
        )
        self.dispatcher.attach(_BackPressure(self), _Subscriptions(self))

    def subscribe(self, channel: str, **arguments: Any) -> EventQueue:
        """A queue that receives from now on."""
        queue = EventQueue(channel, self.dispatcher, **arguments)
        self.dispatcher.router.add(queue)
        return queue

    def send(self, channel: str, *data: Any) -> None:
        """Dispatch a batch of events on one channel."""
        self.dispatcher.dispatch(events(channel, *data))

    @property
    def waiting(self) -> int:
        """How many events wait in the queues of all subscriptions."""
        return sum(queue.pending for queue in self.dispatcher.router)


class _Hooks:
    def __init__(self, probe: DispatcherProbe) -> None:
        self._probe = probe

    @property
    def observes_delivery(self) -> bool:
        return self._probe.observed

    def delivered(self, message: Message) -> Awaitable[None] | None:
        if self._probe.slow:
            return self._note(message)
        self._probe.delivered.append(message.data)
        self._probe.messages.append(message)
        return None

    async def _note(self, message: Message) -> None:
        self._probe.delivered.append(message.data)

    def transaction(self, message: Message, earlier: Sequence[Message]) -> AbstractAsyncContextManager[Any] | None:
        return self._probe.transaction


class _NoKeeper:
    async def dead_letter(self, message: Message, subscription: str, error: ReceiverError) -> str | None:
        return None


class _Background:
    def __init__(self, probe: DispatcherProbe) -> None:
        self._probe = probe

    def add(self, work: Awaitable[Any]) -> None:
        self._probe.background.append(work)


class _BackPressure:
    def __init__(self, probe: DispatcherProbe) -> None:
        self._probe = probe

    def room_changed(self, there_is_room: bool) -> None:
        self._probe.room.append(there_is_room)


class _Subscriptions:
    def __init__(self, probe: DispatcherProbe) -> None:
        self._probe = probe

    async def leave(self, queue: EventQueue, wait: bool = True) -> None:
        self._probe.dispatcher.router.remove(queue)
        self._probe.left.append(queue)
        queue.end()


def events(channel: str, *data: Any) -> list[Message]:
    """One event for each of these."""
    return [Message(channel=channel, data=each) for each in data]
