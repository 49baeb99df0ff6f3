"""Recognises the events that a server sends again because their batch was not acknowledged.

Why events come twice. Over a WebSocket the events of a batch arrive in frames of their own, before the frame of the
connect reply that brings the batch's number. They are passed on as they arrive. If the socket breaks in between, the
number is unknown, the next connect repeats the old one, and the server sends the whole batch again.

When a repeat is certain. A server that takes part sends events only in answer to a connect, keeps them in order, and
forgets none before a connect acknowledges it. So if no connect reply was accepted since the events ``a b c`` came,
then what the server sends after the next connect begins with ``a b c``. This module notes the events that come between
a connect and its reply, and drops them again as long as they come in exactly that order, with the same channel, id
and payload. The first event that differs ends it: whatever the reason, it is passed on, and so are those after it.
In doubt an event is delivered twice rather than never.

Where there is nothing to recognise. A long-polling reply is accepted whole, number included, or not at all. Events
outside a connect and its reply (servers that reply first and send events after it) are not noted: the number that was
accepted before covers them. A new handshake makes a new session, in which the server repeats nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pybayeux import Message

__all__ = ("UnacknowledgedEvents",)


class UnacknowledgedEvents:
    """The events received since the last accepted connect reply, in order, as fingerprints.

    A fingerprint is a number: keeping the events themselves would keep their batches in memory.
    """

    def __init__(self) -> None:
        self._received: list[int] = []
        self._expected: list[int] = []  # what comes again, the last one first

    @property
    def is_due(self) -> bool:
        """Whether there are events that the server will send again."""
        return bool(self._received)

    def begin(self) -> None:
        """A connect leaves: what was received without a number comes again, from the first on."""
        self._expected = self._received[::-1]

    def clear(self) -> None:
        """Everything received is accounted for: by a connect reply, or because the session is another."""
        self._received.clear()
        self._expected.clear()

    def is_repeat(self, event: Message) -> bool:
        """Note an event; return whether it was received before."""
        fingerprint = hash((event.channel, event.id, event.raw_data))
        if self._expected:
            if self._expected[-1] == fingerprint:
                self._expected.pop()
                return True
            del self._received[-len(self._expected) :]
            self._expected.clear()
        self._received.append(fingerprint)
        return False
