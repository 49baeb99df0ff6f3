"""The keys of one consumer in Redis, and what is in them.

``pybayeux:{consumer}:position:/orders`` is a position, in JSON, and ``pybayeux:{consumer}:positions`` the set of the
subscriptions that have one. Dead letters are in the hash ``...:letters``, by number, the numbers by event in
``...:numbers``, and the last number in ``...:number``. ``...:lease`` says who holds the lease, and
``...:lease-renewal`` until when. The hash ``...:members`` has the live replicas, ``...:shard:/orders`` who holds a
channel, ``...:shards`` the set of the channels that have such a record, and the hash ``...:claims`` who waits for one;
``...:shards-version`` is another text after each change of them.

Each position and each shard has a key of its own, because a transaction watches keys: consumers that share a name and
handle other channels do not disturb each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from pybayeux_replay.position_json import PositionRecord

if TYPE_CHECKING:
    from pybayeux_replay import Position

__all__ = ("Keys", "decode_position", "encode_position")

_decoder: Final = msgspec.json.Decoder(PositionRecord)


class Keys:
    """The keys of a consumer.

    Args:
        consumer: The consumer.
    """

    def __init__(self, consumer: str) -> None:
        base = f"pybayeux:{{{consumer}}}"
        self._position: Final = f"{base}:position:"
        self.subscriptions: Final = f"{base}:positions"
        self.letters: Final = f"{base}:letters"
        self.numbers: Final = f"{base}:numbers"
        self.last_number: Final = f"{base}:number"
        self.lease_term: Final = f"{base}:lease"
        self.lease_renewal: Final = f"{base}:lease-renewal"
        self.members: Final = f"{base}:members"
        self._shard: Final = f"{base}:shard:"
        self.shards: Final = f"{base}:shards"
        self.claims: Final = f"{base}:claims"
        self.shards_version: Final = f"{base}:shards-version"

    def position(self, subscription: str) -> str:
        """Return the key of a position."""
        return self._position + subscription

    def shard(self, subscription: str) -> str:
        """Return the key of a shard."""
        return self._shard + subscription


def encode_position(position: Position) -> bytes:
    """Return what is stored of a position."""
    return msgspec.json.encode(PositionRecord.of(position))


def decode_position(stored: bytes) -> Position:
    """Return the position that was stored.

    Raises:
        msgspec.DecodeError: It is none.
    """
    return _decoder.decode(stored).position()
