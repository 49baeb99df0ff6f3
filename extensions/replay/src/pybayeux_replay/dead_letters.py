"""Dead letters: events that a handler failed on, as a store keeps them, and the protocol of such stores.

They are written by the hook `dead_letter` of `Replay`, and read by the command line.
"""

from __future__ import annotations

from collections.abc import Iterable  # noqa: TC003 - a protocol that is checked at run time
from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - libraries that encode dead letters look their types up
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from pybayeux import decode, encode

from .event_fields import event_uuid, read_key
from .store import Store

if TYPE_CHECKING:
    from pybayeux import Message
    from pybayeux.errors import ReceiverError

__all__ = ("DeadLetter", "DeadLetterStore", "dead_letter_of")


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event that a handler failed on.

    Attributes:
        subscription: The channel or pattern that the handler was subscribed to.
        channel: The channel of the event.
        replay_id: Its replay id, or None if it has none.
        error: What the handler failed with last.
        failed_at: When it failed last, in UTC.
        content: The event, in JSON.
        identity: What identifies the event, or None if nothing does. The same event is kept once for each subscription.
        number: Its number in the store. None as long as it is not stored.
        attempts: How often the event was handled without success.
    """

    subscription: str
    channel: str
    replay_id: int | None
    error: str
    failed_at: datetime
    content: str
    identity: str | None = None
    number: int | None = None
    attempts: int = 1

    @property
    def message(self) -> Message:
        """The event. Each time it is a new object."""
        (message,) = decode(self.content.encode())
        return message

    def as_json(self) -> dict[str, Any]:
        """Return what the command line shows in JSON."""
        return {
            "number": self.number,
            "subscription": self.subscription,
            "channel": self.channel,
            "replay_id": self.replay_id,
            "error": self.error,
            "failed_at": self.failed_at.isoformat(),
            "attempts": self.attempts,
            "data": self.message.data,
        }


def dead_letter_of(message: Message, subscription: str, error: ReceiverError, now: datetime) -> DeadLetter:
    """Return the dead letter of an event.

    Raises:
        TypeError: The event is not JSON, because an extension has put something else in its place.
    """
    key, uuid = read_key(message), event_uuid(message)
    cause = error.__cause__ or error
    return DeadLetter(
        str(subscription),  # plain strings, as encoders expect them: both may be a Channel
        str(message.channel),
        None if key is None else key[0],
        f"{type(cause).__name__}: {cause}",
        now,
        encode([message]).decode(),
        None if key is None else uuid or _digest(message),
    )


def _digest(message: Message) -> str:
    # A replay id alone is not enough: after a migration of the server it may stand for another event.
    return sha256(f"{message.channel} ".encode() + message.raw_data).hexdigest()


@runtime_checkable
class DeadLetterStore(Store, Protocol):
    """A store that also keeps dead letters. All methods are optional; of a `blocking` one, threads call them."""

    def add_dead_letter(self, consumer: str, letter: DeadLetter) -> int:
        """Keep a dead letter, safely; return its number.

        One that has a number, or the subscription and the identity of another one, replaces that one: the number
        stays, and one attempt is added. A number that is no longer there is ignored.
        """

    def dead_letters(self, consumer: str) -> list[DeadLetter]:
        """Return all dead letters of a consumer, in the order of their numbers."""

    def delete_dead_letters(self, consumer: str, numbers: Iterable[int]) -> None:
        """Delete the dead letters of these numbers; numbers that are not there are ignored."""
