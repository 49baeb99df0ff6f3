"""Which messages are answers, and which are events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ..message import Message
    from .sending import SendLane
    from .shared import Shared

__all__ = ("Answers",)


class Answers:
    """Tells answers from events, by what is asked at the moment."""

    def __init__(self, shared: Shared, sending: SendLane) -> None:
        self._shared: Final = shared
        self._sending: Final = sending

    def is_no_event(self, message: Message) -> bool:
        """Whether a message is an answer, of the protocol's own, or no message at all."""
        return message.successful is not None or message.is_meta or self._is_answer(message)

    def _is_answer(self, message: Message) -> bool:
        """Whether a message that does not say `successful` is an answer nevertheless, or no message at all.

        An event may carry the id that its publisher gave it, even one of ours: only a remote call is answered
        with data.
        """
        if message.id is None or not message.channel:
            return not message.channel
        if self._sending.awaits_data(message.id):
            return message.has_data
        return message.id in self._shared.unanswered and not message.has_data

    def is_call_reply(self, message: Message) -> bool:
        """Whether a message answers a remote call."""
        if message.id is None or message.is_meta or not self._sending.awaits_data(message.id):
            return False
        return message.has_data or message.successful is False
