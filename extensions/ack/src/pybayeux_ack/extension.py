"""The acknowledge extension of CometD, the client's half.

A server that takes part keeps what it sent until the client says that it has it: every successful ``/meta/connect``
reply carries a number in ``ext.ack``, the next connect carries that number back, and the server sends everything
after it again. This module owns that number. It never tells the server more than what was received, because a server
drops what it holds up to that number. It sends nothing to a server that does not take part.

Events that come a second time after a broken connection are recognised in `redelivery.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pybayeux import Channel, Drop, Redelivery, hookimpl

from .redelivery import UnacknowledgedEvents

if TYPE_CHECKING:
    from pybayeux import HookClient, Message

__all__ = ("Ack",)

# Their replies are decoded and accepted as a whole, or not at all: no part of them can come twice.
_WHOLE_REPLIES: Final = frozenset({"long-polling", "callback-polling"})
_META: Final = "/meta/"


class Ack:
    """Acknowledges batches of events, so that a server sends again what was lost on the way.

    One instance belongs to one client. It has no options.

    Attributes:
        supported: Whether the server of the present session takes part.
        batch: The number of the last batch received and accepted in the present session.
    """

    def __init__(self) -> None:
        self.supported: bool = False
        self.batch: int = 0
        self._unacknowledged: Final = UnacknowledgedEvents()
        self._watching = False

    @hookimpl
    def outgoing(self, message: Message) -> None:
        """Offer acknowledgement in the handshake, acknowledge in each connect."""
        if message.channel == Channel.META_HANDSHAKE:
            self._begin_session(message)
        elif message.channel == Channel.META_CONNECT and self.supported:
            _ext(message)["ack"] = self.batch
            self._unacknowledged.begin()
            self._watching = message.connection_type not in _WHOLE_REPLIES or self._unacknowledged.is_due

    @hookimpl(tryfirst=True)
    def incoming(self, message: Message, client: HookClient) -> Drop | None:
        """Take the number of each batch; drop what was received before, ahead of other extensions."""
        if message.successful is None:
            # Not `is_meta`: every event passes here, and a call would take half as long as all else.
            if self._watching and message.channel[:6] != _META and self._unacknowledged.is_repeat(message):
                return Drop("already received: the server sent an unacknowledged batch again")
        elif message.channel == Channel.META_CONNECT:
            self._connect_reply(message, accepting=client.accepting)
        elif message.channel == Channel.META_HANDSHAKE and message.successful:
            self._handshake_reply(message)
        return None

    @hookimpl
    def redelivery(self) -> Redelivery | None:
        """The server sends again by itself what is not acknowledged, so the client need not take it now."""
        return Redelivery() if self.supported else None

    def _begin_session(self, message: Message) -> None:
        _ext(message)["ack"] = True
        self.supported, self.batch, self._watching = False, 0, False
        self._unacknowledged.clear()

    def _handshake_reply(self, message: Message) -> None:
        ack = (message.ext or {}).get("ack")
        if isinstance(ack, dict):  # servers that may deliver events with the handshake's reply
            self.supported = ack.get("enabled") is True
            self._accept(ack.get("batch"))
        else:
            self.supported = ack is True

    def _connect_reply(self, message: Message, *, accepting: bool) -> None:
        self._watching = False
        if self.supported and message.successful and accepting:
            self._accept((message.ext or {}).get("ack"))
            self._unacknowledged.clear()

    def _accept(self, number: object) -> None:
        if type(number) is int:
            self.batch = number


def _ext(message: Message) -> dict[str, Any]:
    ext = message.get_ext(create=True)
    assert ext is not None
    return ext
