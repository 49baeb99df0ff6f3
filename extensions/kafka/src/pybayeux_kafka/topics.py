"""The topics of a consumer: their names, how they are made, and how one is read from its beginning to its end.

The messages in them are defined in `positions` and `dead_letters`. The functions here wait for the broker: call them in
threads.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from pybayeux.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from confluent_kafka import Message

__all__ = ("COMPACTED", "TIMEOUT", "consumer_topic", "create_topic", "read_topic")

TIMEOUT: Final = 10.0
"""Seconds that the broker has for an answer."""

COMPACTED: Final = {"cleanup.policy": "compact"}
"""The settings of a topic in which the last message of each key is kept."""

_NAME: Final = re.compile(r"[\w.-]{1,200}", re.ASCII)
_READING: Final = {
    "isolation.level": "read_committed",
    "enable.partition.eof": True,
    "enable.auto.commit": False,
    "auto.offset.reset": "earliest",
    # At the end of a partition the broker would hold each answer back for half a second, in case something comes.
    "fetch.wait.max.ms": 10,
}


def consumer_topic(consumer: str, content: str) -> str:
    """Return the name of a consumer's topic.

    Raises:
        UsageError: The consumer's name has characters that the name of a topic may not have.
    """
    if not _NAME.fullmatch(consumer):
        raise UsageError(f"consumer: in Kafka expected letters, digits, '.', '_' and '-'; got {consumer!r}")
    return f"pybayeux.{consumer}.{content}"


def create_topic(
    config: Mapping[str, Any], topic: str, partitions: int = -1, settings: Mapping[str, str] | None = None
) -> None:
    """Create a topic, if it is missing. Replicas, and partitions unless they are named, are the broker's default.

    Raises:
        KafkaException: It cannot be created.
    """
    admin = AdminClient(dict(config))
    if topic in admin.list_topics(timeout=TIMEOUT).topics:
        return
    new = NewTopic(topic, num_partitions=partitions, replication_factor=-1, config=dict(settings or {}))
    try:
        admin.create_topics([new], request_timeout=TIMEOUT)[topic].result()
    except KafkaException as error:
        if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
            raise


def read_topic(config: Mapping[str, Any], topic: str) -> Iterator[Message]:
    """Yield the committed messages of a topic's only partition; none where there is no such topic.

    Raises:
        KafkaException: The broker does not answer.
    """
    reader = Consumer({**config, **_READING, "group.id": topic})  # the group is not joined
    try:
        if topic not in reader.list_topics(timeout=TIMEOUT).topics:
            return
        reader.assign([TopicPartition(topic, 0, 0)])
        while True:
            message = reader.poll(TIMEOUT)
            if message is None:
                raise KafkaException(KafkaError(KafkaError._TIMED_OUT, f"the topic {topic} cannot be read"))
            if (error := message.error()) is None:
                yield message
            elif error.code() == KafkaError._PARTITION_EOF:
                return
            else:
                raise KafkaException(error)
    finally:
        reader.close()
