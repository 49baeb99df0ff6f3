"""The binary extension of CometD, the client's half: bytes as `data`.

Messages whose `data` is binary say so with ``ext.binary``, an empty object, and carry the bytes as text. This module
puts the mark on what goes out and takes it off what comes in; the two forms of `data` are in `payload.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybayeux import hookimpl

from .payload import from_wire, is_binary, to_wire

if TYPE_CHECKING:
    from pybayeux import Message

__all__ = ("Binary",)


class Binary:
    """Publishes `BinaryData`, and makes `data` of what comes marked as binary a `BinaryData`. It has no options."""

    @hookimpl(tryfirst=True)  # nearest to the user: what compresses or encrypts has to see what travels
    def outgoing(self, message: Message) -> None:
        """Put bytes into the form that travels, and mark the message."""
        if message.is_meta or not is_binary(_json(message)):
            return
        message.data = to_wire(message.raw_data)
        ext = message.get_ext(create=True)
        assert ext is not None
        ext["binary"] = {}

    @hookimpl(trylast=True)
    def incoming(self, message: Message) -> None:
        """Give the bytes of a marked message, and take the mark off, as CometD for Java does.

        A message that is marked and holds no Z85 stays as it came, mark included, and is reported.

        Raises:
            ValueError: The payload is not what the mark promises.
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
    except TypeError:  # nothing that JSON can express: whoever sends it says so
        return b""
