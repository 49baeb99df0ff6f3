"""Compressed events for pybayeux: zlib, as base64 text, marked in `ext`."""

import json
import logging
import zlib
from base64 import b64decode, b64encode

from pybayeux import Channel, ChannelType, Drop, Message, hookimpl

__all__ = ("MARK", "Compress")

MARK = "com.example.compress"

_logger = logging.getLogger("bayeux_compress")


class Compress:
    """Compresses what is published, and restores what comes in compressed.

    Args:
        level: From 1, the fastest, to 9, the smallest.
        limit: The most bytes that an event may have when it is restored.
    """

    def __init__(self, level: int = 6, limit: int = 16_000_000) -> None:
        self._level = level
        self._limit = limit

    # Neither first nor last: what makes data unreadable, such as encryption, asks for the place next to the wire.

    @hookimpl
    def outgoing(self, message: Message) -> None:
        """Compress the data of an event, where that makes it smaller."""
        if Channel(message.channel).type is not ChannelType.BROADCAST:
            return
        text = message.raw_data
        packed = b64encode(zlib.compress(text, self._level)).decode()
        if len(packed) < len(text):
            message.data = packed
            message.ext = {**(message.ext or {}), MARK: "zlib"}

    @hookimpl
    def incoming(self, message: Message) -> Drop | None:
        """Restore the data of a marked event, and take the mark off; drop what cannot be restored."""
        if message.ext is None or MARK not in message.ext or message.successful is not None:
            return None
        try:
            message.data = json.loads(self._unpacked(message.data))
        except (TypeError, ValueError, zlib.error) as error:
            reason = f"it is marked as compressed and cannot be restored: {error}"
            _logger.warning("an event of %s is dropped: %s", message.channel, reason)
            return Drop(reason)
        message.ext = {name: value for name, value in message.ext.items() if name != MARK} or None
        return None

    def _unpacked(self, packed: str) -> bytes:
        unpacker = zlib.decompressobj()
        text = unpacker.decompress(b64decode(packed, validate=True), self._limit)
        if not unpacker.eof:
            raise ValueError(f"it is cut off, or longer than {self._limit} bytes")
        return text
