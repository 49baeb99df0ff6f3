"""Events as a receiver asked for them: with their data decoded into a type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Generic

import msgspec

from .._util.conversion import payload_decoder
from .._util.typevars import DataT
from ..errors import ReceiverError
from ..event_stamp import replay_id_of

if TYPE_CHECKING:
    from ..message import Message

__all__ = ("AS_RECEIVED", "Presentation")


class Presentation(Generic[DataT]):
    """How the events of one subscription are shown.

    Args:
        type: The type of their data; None for data as JSON has it.
    """

    def __init__(self, type: Any) -> None:
        self._decode: Final = None if type is None else payload_decoder(type)

    def copy_of(self, message: Message) -> Message[DataT]:
        """A copy of an event, with its data decoded.

        Raises:
            ReceiverError: The data does not fit the type.
        """
        shown = msgspec.structs.replace(message)
        if self._decode is not None:
            try:
                shown.data = self._decode(message.raw_data)
            except (msgspec.DecodeError, ValueError) as error:
                raise ReceiverError(message.channel, error, replay_id_of(message)) from error
        return shown


AS_RECEIVED: Final = Presentation[Any](None)
"""The presentation without a type; most subscriptions share it."""
