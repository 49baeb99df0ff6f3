"""`KafkaTarget`: a topic as the target of a relay: each record is a message in JSON, with the record's key."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from pybayeux_relay import TargetError

from .store import KafkaStore
from .topics import TIMEOUT, create_topic

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pybayeux_relay import Record

    from .store import KafkaTransaction

__all__ = ("KafkaTarget",)

_REFUSALS: Final = (
    KafkaError.MSG_SIZE_TOO_LARGE,
    KafkaError.INVALID_RECORD,
    KafkaError.RECORD_LIST_TOO_LARGE,
)


class KafkaTarget:
    """A topic.

    Args:
        config: What librdkafka is given, such as ``bootstrap.servers`` and ``security.protocol``.
        topic: The topic. It is created if it is missing.
        partitions: How many partitions it gets then; -1: the broker's default.
    """

    def __init__(self, config: Mapping[str, Any], topic: str, partitions: int = -1) -> None:
        self._config: Final = config
        self._topic: Final = topic
        self._partitions: Final = partitions
        self.store: Final = KafkaStore(config)

    def __repr__(self) -> str:
        return f"kafka://{self._config['bootstrap.servers']}/{self._topic}"

    async def check(self) -> Sequence[str]:
        """Ask the broker for the topic, and change nothing.

        Raises:
            TargetError: It does not answer, or a parameter is wrong.
        """
        with self._explained():
            topics = await asyncio.to_thread(self._topics)
        if self._topic not in topics:
            return [f"{self!r}: the topic {self._topic} will be created"]
        return [f"{self!r}: the topic {self._topic} is there, with {len(topics[self._topic].partitions)} partitions"]

    async def prepare(self) -> None:
        """Create the topic, if it is missing.

        Raises:
            TargetError: It cannot be created, the broker does not answer, or a parameter is wrong.
        """
        with self._explained():
            await asyncio.to_thread(create_topic, self._config, self._topic, self._partitions)

    def _topics(self) -> Mapping[str, Any]:
        return AdminClient(dict(self._config)).list_topics(timeout=TIMEOUT).topics

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except KafkaException as error:
            raise TargetError(f"{self!r}: {error.args[0].str().strip()}") from error

    async def write(self, transaction: KafkaTransaction, records: Sequence[Record]) -> None:
        """Write a message for each record; its key is that of the record, or the channel."""
        await asyncio.to_thread(self._write, transaction, records)

    def _write(self, transaction: KafkaTransaction, records: Sequence[Record]) -> None:
        for record in records:
            subject = record.channel if record.key is None else record.key
            transaction.produce(self._topic, subject.encode(), record.as_json())

    def refuses(self, error: Exception) -> bool:
        """Whether a message is larger than the topic or the client takes, or invalid."""
        return isinstance(error, KafkaException) and error.args[0].code() in _REFUSALS

    async def aclose(self) -> None:
        """Do nothing: the producer is that of the store."""
