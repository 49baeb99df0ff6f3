"""The topic of dead letters, ``pybayeux.{consumer}.dead-letters``: how they are kept, read and deleted.

It is compacted, has one partition, and takes larger messages than other topics, since most events become dead letters
because they are too large. The key of a message is the same for the same event. The number of a dead letter is the
offset of its first message: the broker never uses it again, also after a deletion.
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

import msgspec
from confluent_kafka import KafkaError, KafkaException, Producer

from pybayeux_replay import DeadLetter

from .topics import COMPACTED, TIMEOUT, consumer_topic, create_topic, read_topic

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from confluent_kafka import Message

__all__ = ("LARGEST", "add_dead_letter", "delete_dead_letters", "read_dead_letters")

LARGEST: Final = 8 * 1024 * 1024
"""The largest message of the topic, in bytes. Hosted clusters allow as much."""

_decoder: Final = msgspec.json.Decoder(DeadLetter)


def add_dead_letter(config: Mapping[str, Any], consumer: str, letter: DeadLetter) -> int:
    """Keep a dead letter, or update the one of the same number or event; return its number.

    Raises:
        KafkaException: It is too large, or the broker does not take it.
    """
    topic = _topic(consumer)
    create_topic(config, topic, 1, {**COMPACTED, "max.message.bytes": str(LARGEST)})
    letters = _letters(config, consumer)
    if letter.number is None:
        key = _key(letter)
    else:
        keys = [key for key, known in letters.items() if known.number == letter.number]
        if not keys:
            return letter.number  # it was deleted
        (key,) = keys
    if (known := letters.get(key)) is not None:
        subject = letter if letter.number is None else replace(known, error=letter.error)
        letter = replace(subject, number=known.number, failed_at=letter.failed_at, attempts=known.attempts + 1)
    (offset,) = _write(config, topic, {key: msgspec.json.encode(letter)})
    return offset if letter.number is None else letter.number


def read_dead_letters(config: Mapping[str, Any], consumer: str) -> list[DeadLetter]:
    """Return the dead letters of a consumer, in the order of their numbers."""
    return sorted(_letters(config, consumer).values(), key=lambda letter: letter.number or 0)


def delete_dead_letters(config: Mapping[str, Any], consumer: str, numbers: Iterable[int]) -> None:
    """Delete dead letters; numbers that are not there are ignored."""
    unwanted = set(numbers)
    keys = [key for key, letter in _letters(config, consumer).items() if letter.number in unwanted]
    _write(config, _topic(consumer), dict.fromkeys(keys))


def _topic(consumer: str) -> str:
    return consumer_topic(consumer, "dead-letters")


def _key(letter: DeadLetter) -> bytes:
    """Return the same for the same event and subscription."""
    if letter.identity is None:
        return uuid4().hex.encode()
    return sha256(msgspec.json.encode([letter.subscription, letter.identity])).hexdigest().encode()


def _letters(config: Mapping[str, Any], consumer: str) -> dict[bytes, DeadLetter]:
    letters: dict[bytes, DeadLetter] = {}
    for message in read_topic(config, _topic(consumer)):
        key, value = message.key() or b"", message.value()
        if value is None:
            letters.pop(key, None)
            continue
        letter = _decoder.decode(value)
        letters[key] = letter if letter.number is not None else replace(letter, number=message.offset())
    return letters


def _write(config: Mapping[str, Any], topic: str, values: Mapping[bytes, bytes | None]) -> list[int]:
    """Write messages; return their offsets when the broker has stored them."""
    offsets: list[int] = []
    failed: list[KafkaError] = []

    def delivered(error: KafkaError | None, message: Message) -> None:
        if error is not None:
            failed.append(error)
        else:
            offsets.append(message.offset() or 0)

    # If the client sends a message twice, the later one stands for the key, and its offset is the one that is returned.
    producer = Producer({**config, "message.max.bytes": LARGEST})
    for key, value in values.items():
        producer.produce(topic, value, key, on_delivery=delivered)
    if producer.flush(TIMEOUT):
        failed.append(KafkaError(KafkaError._TIMED_OUT, f"the topic {topic} cannot be written"))
    if failed:
        raise KafkaException(failed[0])
    return offsets
