"""The topic of positions, ``pybayeux.{consumer}.positions``: what its messages are, and what they add up to.

It is compacted and has one partition. A message has the subscription as its key, and the position in JSON. The message
with the empty key names the store that began last: a store that was fenced off learns from it whether another one has
begun, or the broker only gave up its transaction.

Each consumer has a topic of its own, because a reader of committed messages stops at the first open transaction of a
partition, and must not stop at that of another consumer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import msgspec

from pybayeux_replay.position_json import PositionRecord

from .topics import consumer_topic, read_topic

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pybayeux_replay import Position

__all__ = ("WRITER_KEY", "StoredPositions", "encode_position", "positions_topic", "read_positions")

WRITER_KEY: Final = b""
"""The key of the message that names the store that began last."""

_decoder: Final = msgspec.json.Decoder(PositionRecord)


@dataclass(slots=True)
class StoredPositions:
    """What the topic of a consumer says.

    Attributes:
        positions: The positions, by subscription.
        writer: The name of the store that began last; empty if there was none.
    """

    positions: dict[str, Position] = field(default_factory=dict)
    writer: bytes = b""


def positions_topic(consumer: str) -> str:
    """Return the topic of a consumer.

    Raises:
        UsageError: Its name has characters that the name of a topic may not have.
    """
    return consumer_topic(consumer, "positions")


def encode_position(position: Position) -> bytes:
    """Return what is stored of a position."""
    return msgspec.json.encode(PositionRecord.of(position))


def read_positions(config: Mapping[str, Any], consumer: str) -> StoredPositions:
    """Return what is committed.

    Raises:
        KafkaException: The broker does not answer.
    """
    found = StoredPositions()
    for message in read_topic(config, positions_topic(consumer)):
        key, value = message.key() or b"", message.value()
        if key == WRITER_KEY:
            found.writer = value or b""
        elif value is None:
            found.positions.pop(key.decode(), None)
        else:
            found.positions[key.decode()] = _decoder.decode(value).position()
    return found
