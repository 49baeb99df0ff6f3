"""`KafkaStore`: positions in Kafka, and transactions in which records are written as well.

A transaction of Kafka has the records and the positions. The transactional id is that of the consumer, so that the
broker admits one producer of a consumer. Where another one begins, the broker fences off the producer before it: its
open transaction is rolled back, and it can write nothing any more. So the positions that are read after that can change
no more.

A producer that cannot end its transaction is closed. The next one learns from the broker whether the transaction was
stored. The broker also fences off a producer whose transaction was open for too long, because the program was paused or
cut off, with the same error. So before a store begins again, it looks whether another one has begun.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from confluent_kafka import KafkaError, KafkaException, Producer

from pybayeux.errors import ConsumerConflictError, UsageError
from pybayeux_replay.store import as_positions

from .dead_letters import add_dead_letter, delete_dead_letters, read_dead_letters
from .positions import WRITER_KEY, encode_position, positions_topic, read_positions
from .topics import COMPACTED, TIMEOUT, create_topic

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping
    from contextlib import AbstractAsyncContextManager

    from confluent_kafka import Message

    from pybayeux_replay import DeadLetter, Fence, Position

__all__ = ("KafkaStore", "KafkaTransaction")

_TRANSACTION_TIMEOUT: Final = 10_000
"""Milliseconds after which the broker rolls back the transaction of a program that was killed. Readers of committed
messages wait for it, unless a new producer of the consumer has it rolled back before."""
_FULL_QUEUE_PAUSE: Final = 0.1

_silent: Final = logging.getLogger("pybayeux.kafka.librdkafka")
_silent.setLevel(logging.CRITICAL + 1)  # librdkafka's log repeats on standard error what its exceptions say


class KafkaTransaction:
    """An open transaction.

    Args:
        producer: The producer, after ``begin_transaction``.
    """

    def __init__(self, producer: Producer) -> None:
        self._producer: Final = producer
        self._failed: KafkaError | None = None

    def produce(self, topic: str, key: bytes, value: bytes | None) -> None:
        """Write a message, which waits in a buffer; it may wait until there is room. For threads.

        Raises:
            KafkaException: The message is larger than allowed, or the transaction has failed.
        """
        while True:
            try:
                self._producer.produce(topic, value, key, on_delivery=self._delivered)
            except BufferError:
                self._producer.poll(_FULL_QUEUE_PAUSE)
            except KafkaException as error:
                if error.args[0].code() == KafkaError._FATAL:
                    self._producer.abort_transaction(TIMEOUT)  # it raises what "fatal" is about, such as being fenced
                raise
            else:
                self._producer.poll(0)
                return

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        # Those that follow fail because of the first one.
        if error is not None and self._failed is None:
            self._failed = error

    def flush(self) -> None:
        """Wait until the broker has what was written. It is not committed yet. For threads."""
        self._producer.flush(TIMEOUT)

    def commit(self) -> None:
        """Send what waits, and commit.

        Raises:
            KafkaException: The error of the first message that was not taken, or that of the commit.
        """
        try:
            self._producer.commit_transaction(TIMEOUT)
        except KafkaException as error:
            if self._failed is not None:
                raise KafkaException(self._failed) from error
            raise


class KafkaStore:
    """Keeps positions in Kafka, in the transactions of a producer.

    Its first use fences off any other producer of the consumer, and from then on it is the store of that consumer
    alone, until it is closed.

    Args:
        config: What librdkafka is given, such as ``bootstrap.servers``.
        fence_reads: Whether the first read fences off others as well, since a transaction of a killed program may still
            be ending. False is for commands that look at what a running program stores.
    """

    blocking: Final = True

    def __init__(self, config: Mapping[str, Any], *, fence_reads: bool = True) -> None:
        self._config: Final = dict(config)
        self._fence_reads: Final = fence_reads
        self._name = _new_name()
        self._producer: Producer | None = None
        self._consumer: str | None = None
        self._positions: dict[str, Position] = {}

    def __repr__(self) -> str:
        return f"KafkaStore({self._config['bootstrap.servers']!r})"

    # -- positions

    def get(self, consumer: str, subscription: str) -> Position | None:
        """Return the position of a subscription, or None.

        Raises:
            UsageError: The store is that of another consumer.
        """
        return self.items(consumer).get(subscription)

    def items(self, consumer: str) -> Mapping[str, Position]:
        """Return all positions of the consumer, by subscription."""
        if not self._fence_reads and self._producer is None:
            return read_positions(self._config, consumer).positions
        self._start(consumer)
        return dict(self._positions)

    def set(self, consumer: str, positions: Mapping[str, Position | int]) -> None:
        """Store these positions, all or none; a bare replay id is a position stored now."""
        chosen = as_positions(positions)
        self.fenced_set(consumer, chosen, lambda stored: chosen)

    def fenced_set(self, consumer: str, positions: Mapping[str, Position], fence: Fence) -> None:
        """Store what `fence` returns when it is called with the stored positions, all or none."""
        transaction, chosen = self._begin(consumer, positions, fence)
        self._commit(consumer, transaction, chosen)

    def delete(self, consumer: str, subscription: str) -> None:
        """Delete a position, if there is one."""
        transaction, _ = self._begin(consumer, {}, lambda stored: stored)
        transaction.produce(positions_topic(consumer), subscription.encode(), None)
        self._commit(consumer, transaction, {})
        self._positions.pop(subscription, None)

    # -- transactions

    def transaction(self, consumer: str, positions: Mapping[str, Position]) -> AbstractAsyncContextManager[Any]:
        """Return a transaction as `fenced_transaction` does, whatever is stored."""
        return self.fenced_transaction(consumer, positions, lambda stored: positions)

    @asynccontextmanager
    async def fenced_transaction(
        self, consumer: str, positions: Mapping[str, Position], fence: Fence
    ) -> AsyncIterator[KafkaTransaction]:
        """Run a transaction, at whose end the positions are stored that `fence` returned at its beginning.

        Yields:
            The transaction, to write messages in.

        Raises:
            ConsumerConflictError: Another producer of this consumer had begun before. Nothing was written.
            KafkaException: The broker does not answer, refuses a message, or has fenced this producer off. Try again:
                then it is known whether the transaction was stored, and whether another producer has begun.
        """
        transaction, chosen = await asyncio.to_thread(self._begin, consumer, positions, fence)
        try:
            yield transaction
        except BaseException:
            await asyncio.shield(asyncio.to_thread(self._abort))
            raise
        await asyncio.to_thread(self._commit, consumer, transaction, chosen)

    # -- dead letters, which are no part of a transaction

    def add_dead_letter(self, consumer: str, letter: DeadLetter) -> int:
        """Keep a dead letter; return its number."""
        return add_dead_letter(self._config, consumer, letter)

    def dead_letters(self, consumer: str) -> list[DeadLetter]:
        """Return all dead letters of a consumer, in the order of their numbers."""
        return read_dead_letters(self._config, consumer)

    def delete_dead_letters(self, consumer: str, numbers: Iterable[int]) -> None:
        """Delete the dead letters of these numbers."""
        delete_dead_letters(self._config, consumer, numbers)

    # -- the producer; all of this is called in threads, one at a time

    def _start(self, consumer: str) -> Producer:
        """Return the producer. A new one fences off others, has open transactions ended, and reads the positions.

        Raises:
            ConsumerConflictError: Another store has begun: a new producer would fence it off in turn.
        """
        if self._consumer not in (None, consumer):
            raise UsageError(
                f"this store is that of consumer {self._consumer!r}: expected another one for {consumer!r}"
            )
        if self._producer is None:
            topic = positions_topic(consumer)
            create_topic(self._config, topic, 1, COMPACTED)
            if self._consumer is not None and read_positions(self._config, consumer).writer != self._name:
                raise ConsumerConflictError(
                    f"another relay of consumer {consumer!r} has begun, and this one can write nothing any more. "
                    "Nothing was written. Stop one of the two, or give each a name of its own (option consumer)"
                )
            producer = self._new_producer(consumer)
            stored = read_positions(self._config, consumer)
            if stored.writer != self._name:
                producer.begin_transaction()
                producer.produce(topic, self._name, WRITER_KEY)
                producer.commit_transaction(TIMEOUT)
            self._producer, self._consumer, self._positions = producer, consumer, stored.positions
        return self._producer

    def _new_producer(self, consumer: str) -> Producer:
        config = {
            "transaction.timeout.ms": _TRANSACTION_TIMEOUT,
            **self._config,
            "transactional.id": f"pybayeux.{consumer}",
            "partitioner": "murmur2",  # that of Kafka's own clients
        }
        producer = Producer(config, logger=_silent)
        producer.init_transactions(TIMEOUT)
        return producer

    def _begin(
        self, consumer: str, positions: Iterable[str], fence: Fence
    ) -> tuple[KafkaTransaction, Mapping[str, Position]]:
        producer = self._start(consumer)
        chosen = fence({name: self._positions[name] for name in positions if name in self._positions})
        try:
            producer.begin_transaction()
        except KafkaException:
            self._producer = None
            raise
        return KafkaTransaction(producer), chosen

    def _commit(self, consumer: str, transaction: KafkaTransaction, chosen: Mapping[str, Position]) -> None:
        try:
            for subscription, position in chosen.items():
                transaction.produce(positions_topic(consumer), subscription.encode(), encode_position(position))
            transaction.commit()
        except BaseException:
            self._abort()
            raise
        self._positions.update(chosen)

    def _abort(self) -> None:
        """End the transaction, and go on with the producer if it can."""
        producer, self._producer = self._producer, None
        if producer is not None:
            try:
                producer.abort_transaction(TIMEOUT)
            except KafkaException:
                return  # the next producer has it ended
            self._producer = producer

    def close(self) -> None:
        """Forget the producer. The store may be used again, then under a new name."""
        self._name, self._producer, self._consumer = _new_name(), None, None


def _new_name() -> bytes:
    return uuid4().hex.encode()
