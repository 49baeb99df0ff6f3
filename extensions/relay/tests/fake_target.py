"""A target in memory, whose transactions fail when a test says so."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

import msgspec

from pybayeux_replay import DeadLetter, MemoryStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence

    from pybayeux_relay import Record
    from pybayeux_replay import Fence, Position

__all__ = ("BadRecord", "FakeTarget")


class BadRecord(Exception):
    """The target refuses a record."""


class _Store(MemoryStore):
    """Positions, dead letters, and what the transactions wrote."""

    def __init__(self) -> None:
        super().__init__()
        self.letters: Final[list[DeadLetter]] = []
        self.transactions: Final[list[list[Record]]] = []
        self.before_commit: Callable[[], None] = lambda: None
        self.after_commit: Callable[[], None] = lambda: None

    def fenced_set(self, consumer: str, positions: Mapping[str, Position], fence: Fence) -> None:
        self.set(consumer, fence(self.items(consumer)))

    def transaction(self, consumer: str, positions: Mapping[str, Position]) -> Any:
        return self.fenced_transaction(consumer, positions, lambda stored: positions)

    @asynccontextmanager
    async def fenced_transaction(
        self, consumer: str, positions: Mapping[str, Position], fence: Fence
    ) -> AsyncIterator[list[Record]]:
        chosen, written = fence(self.items(consumer)), list[Any]()
        yield written
        self.before_commit()
        self.set(consumer, chosen)
        self.transactions.append(written)
        self.after_commit()

    def add_dead_letter(self, consumer: str, letter: DeadLetter) -> int:
        self.letters.append(letter)
        return len(self.letters)

    def dead_letters(self, consumer: str) -> list[DeadLetter]:
        return self.letters

    def delete_dead_letters(self, consumer: str, numbers: Iterable[int]) -> None:
        raise NotImplementedError


class FakeTarget:
    """A target in memory.

    Args:
        refused: The members `number` of the data of the records that it refuses.
    """

    def __init__(self, *refused: int) -> None:
        self.store: Final = _Store()
        self.before_prepare: Callable[[], None] = lambda: None
        self._refused: Final = refused

    async def check(self) -> Sequence[str]:
        return ["memory"]

    async def prepare(self) -> None:
        """There is nothing to make."""
        self.before_prepare()

    async def write(self, transaction: list[Record], records: Sequence[Record]) -> None:
        if any(msgspec.json.decode(each.data)["number"] in self._refused for each in records):
            raise BadRecord("too salty")
        transaction.extend(records)

    def refuses(self, error: Exception) -> bool:
        return isinstance(error, BadRecord)

    async def aclose(self) -> None:
        """There is nothing to close."""

    def batches(self) -> list[list[int]]:
        """The members `number` of the data, by transaction."""
        return [[msgspec.json.decode(each.data)["number"] for each in batch] for batch in self.store.transactions]

    def numbers(self) -> list[int]:
        return [number for batch in self.batches() for number in batch]
