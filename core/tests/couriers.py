"""A `Delivery` with its ends open: the tests put events in, take them out, and see what it tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pybayeux import Message
from pybayeux._client.dispatcher import Delivery
from pybayeux.subscription import Subscription

if TYPE_CHECKING:
    from collections.abc import Awaitable

__all__ = ("Office", "events")


class Office:
    """A delivery, what it told, and the subscriptions made with it.

    Attributes:
        delivered: The data of the events that were told as delivered, in order.
        room: What was told about room, in order.
        slow: Whether telling takes an await.
    """

    def __init__(self, limit: int = 1000, *, listened: bool = True, slow: bool = False) -> None:
        self.delivered: list[Any] = []
        self.messages: list[Message] = []
        self.room: list[bool] = []
        self.left: list[Subscription] = []
        self.aside: list[Awaitable[None]] = []
        self.listened, self.slow = listened, slow
        self.delivery = Delivery(
            limit=limit,
            listened=lambda: self.listened,
            delivered=self._delivered,
            room=self.room.append,
            leave=self._leave,
            aside=self.aside.append,
        )

    def _delivered(self, message: Message) -> Awaitable[None] | None:
        if self.slow:
            return self._note(message)
        self.delivered.append(message.data)
        self.messages.append(message)
        return None

    async def _note(self, message: Message) -> None:
        self.delivered.append(message.data)

    async def _leave(self, subscription: Subscription) -> None:
        self.delivery.router.remove(subscription)
        self.left.append(subscription)
        subscription.end()

    def subscribe(self, channel: str, **arguments: Any) -> Subscription:
        """A subscription that receives from now on."""
        subscription = Subscription(channel, self.delivery, **arguments)
        self.delivery.router.add(subscription)
        return subscription

    def send(self, channel: str, *data: Any) -> None:
        """A batch of events on one channel."""
        self.delivery.dispatch(events(channel, *data))

    @property
    def waiting(self) -> int:
        """How many events wait in the queues of all subscriptions."""
        return sum(subscription.pending for subscription in self.delivery.router)


def events(channel: str, *data: Any) -> list[Message]:
    """One event for each of these."""
    return [Message(channel=channel, data=each) for each in data]
