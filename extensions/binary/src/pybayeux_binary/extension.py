"""The binary extension of CometD, the client's half: bytes as `data`.

A message with binary `data` has the mark ``ext.binary``, an empty object, and the bytes as text. This module sets the
mark on outgoing messages and removes it from incoming ones. The two forms of `data` are in `payload.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybayeux import hookimpl

from .payload import from_wire, is_binary, to_wire

if TYPE_CHECKING:
    from pybayeux import Message

__all__ = ("Binary",)


class Binary:
    """Publishes `BinaryData`, and makes the `data` of a message marked as binary a `BinaryData`. It has no options."""

    @hookimpl(tryfirst=True)  # nearest to the user: extensions that compress or encrypt have to see what is sent
    def outgoing(self, message: Message) -> None:
        """Encode bytes as text, and mark the message."""
        if message.is_meta or not is_binary(_json(message)):
            return
        message.data = to_wire(message.raw_data)
        ext = message.get_ext(create=True)
        assert ext is not None
        ext["binary"] = {}

    @hookimpl(trylast=True)
    def incoming(self, message: Message) -> None:
        """Decode the bytes of a marked message, and remove the mark, as CometD for Java does.

        A marked message that holds no Z85 text stays as it came, mark included, and is reported.

        Raises:
            ValueError: The payload is not binary.
        """
        ext = message.ext
        if ext is None or "binary" not in ext or message.is_meta or not message.has_data:
            return
        message.data = from_wire(message.raw_data)
        del ext["binary"]
        if not ext:
            message.ext = None


def _json(message: Message) -> bytes:
    try:
        return message.raw_data
    except TypeError:  # JSON cannot express it: the client raises an error when it encodes the message
        return b""
