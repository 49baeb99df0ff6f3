"""The test kit for targets: what every target has to do, as checks that any package can run on its own.

A check makes targets and asserts; it knows no test framework. It runs event loops of its own, so call it from an
ordinary function. What the store of a target has to do is checked by `pybayeux_replay.testing`.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec

from pybayeux_replay import FencedTransactionalStore, LoopBoundStore, Position

from .records import Record
from .write_first import WriteFirstStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from .target import Target

__all__ = ("TARGET_CHECKS", "TargetKit", "relay_contract")

_NOON: Final = datetime(2026, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)
_CONSUMER: Final = "contract"
_CHANNEL: Final = "/orders"

_RECORDS: Final = (
    Record(_CHANNEL, 7, "2ec0", _NOON, "0015g00000", '{"item":"tea","price":1.25,"tags":["a",null,true]}'),
    Record("/orders/new", 9_007_199_254_740_993, None, _NOON, None, '"a text with \'quotes\', \\"more\\" and %s :x"'),
    Record("/bestellungen/größe", None, None, _NOON, "ключ", '{"größe":"☃ 🍵","lines":"one\\ntwo"}'),
    Record(_CHANNEL, 8, None, _NOON, "", "null"),
)


@dataclass(frozen=True, slots=True)
class TargetKit:
    """What the checks are given.

    Attributes:
        make: Returns a target. All targets that it returns have the same content.
        read: Returns the records that are there for other programs to see, in their order; before the first `prepare`
            an empty list, too.
        refused: A record that the target refuses, if there is any.
    """

    make: Callable[[], Target]
    read: Callable[[], Sequence[Record]]
    refused: Record | None = None


def check_changes_nothing(kit: TargetKit) -> None:
    """`check` and `prepare` write no record, and may be called twice."""

    async def use(target: Target) -> None:
        for _ in range(2):
            assert all(isinstance(line, str) for line in await target.check())
        for _ in range(2):
            await target.prepare()
        assert await target.check()

    _run(kit, use)
    assert list(kit.read()) == []


def all_members_are_kept_in_order(kit: TargetKit) -> None:
    """What is read is what was written, over several transactions."""

    async def use(target: Target) -> None:
        await target.prepare()
        await _write(target, 1, _RECORDS[:3])
        await _write(target, 2, _RECORDS[3:])

    _run(kit, use)
    assert [_comparable(each) for each in kit.read()] == [_comparable(each) for each in _RECORDS]


def many_records_are_one_transaction(kit: TargetKit) -> None:
    """A transaction takes a thousand records, and one."""
    many = [Record(_CHANNEL, each, None, _NOON, f"key-{each % 7}", f"{each}") for each in range(1000)]

    async def use(target: Target) -> None:
        await target.prepare()
        await _write(target, 1, many)
        await _write(target, 2, _RECORDS[:1])

    _run(kit, use)
    assert [each.replay_id for each in kit.read()] == [*range(1000), _RECORDS[0].replay_id]


def records_and_position_come_together(kit: TargetKit) -> None:
    """Before the end of the block there are neither; after it both."""

    async def use(target: Target) -> None:
        await target.prepare()
        async with _transaction(target, 5) as transaction:
            await target.write(transaction, _RECORDS[:2])
            if not isinstance(target.store, WriteFirstStore):
                assert await asyncio.to_thread(kit.read) == []
        assert len(await asyncio.to_thread(kit.read)) == 2
        assert _position(target) == 5

    _run(kit, use)
    _run(kit, _expect_position(5))


def a_block_that_raises_leaves_nothing(kit: TargetKit) -> None:
    """Neither records nor position are there after an exception, and the next transaction is not disturbed."""

    async def use(target: Target) -> None:
        await target.prepare()
        try:
            async with _transaction(target, 5) as transaction:
                if not isinstance(target.store, WriteFirstStore):
                    await target.write(transaction, _RECORDS)
                raise ZeroDivisionError
        except ZeroDivisionError:
            pass
        assert _position(target) is None
        assert await asyncio.to_thread(kit.read) == []
        await _write(target, 6, _RECORDS[:1])
        assert len(await asyncio.to_thread(kit.read)) == 1

    _run(kit, use)


def a_cancelled_block_leaves_nothing(kit: TargetKit) -> None:
    """A relay that is stopped in the middle of a transaction has written nothing of it."""

    async def use(target: Target) -> None:
        await target.prepare()
        written = asyncio.Event()

        async def write() -> None:
            async with _transaction(target, 5) as transaction:
                if not isinstance(target.store, WriteFirstStore):
                    await target.write(transaction, _RECORDS)
                written.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(write())
        await written.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled()
        assert _position(target) is None

    _run(kit, use)
    assert list(kit.read()) == []


def another_relay_is_noticed(kit: TargetKit) -> None:
    """Where the stored position is another one than expected, nothing is written."""

    def refuse(stored: Mapping[str, Position]) -> Mapping[str, Position]:
        assert {name: each.replay_id for name, each in stored.items()} == {_CHANNEL: 5}
        raise ZeroDivisionError

    async def use(target: Target) -> None:
        await target.prepare()
        await _write(target, 5, _RECORDS[:1])
        assert isinstance(target.store, FencedTransactionalStore), "its store has no method fenced_transaction"
        try:
            async with target.store.fenced_transaction(_CONSUMER, {_CHANNEL: Position(6, _NOON)}, refuse) as opened:
                await target.write(opened, _RECORDS[1:])
        except ZeroDivisionError:
            pass
        assert _position(target) == 5

    _run(kit, use)
    assert len(kit.read()) == 1


def a_refused_record_is_told_from_an_outage(kit: TargetKit) -> None:
    """`refuses` says which errors are about a record; nothing is written with one. An outage is none of them."""

    async def use(target: Target) -> None:
        await target.prepare()
        for outage in (ConnectionResetError(), TimeoutError(), OSError(28, "No space left on device")):
            assert not target.refuses(outage), outage
        if kit.refused is None:
            return
        try:
            await _write(target, 5, [_RECORDS[0], kit.refused])
        except Exception as error:
            failure = error
        else:
            raise AssertionError("it takes the record that it should refuse")
        assert target.refuses(failure), failure
        assert _position(target) is None
        assert await asyncio.to_thread(kit.read) == []
        await _write(target, 6, _RECORDS[:1])

    _run(kit, use)


TARGET_CHECKS: Final[tuple[Callable[[TargetKit], None], ...]] = (
    check_changes_nothing,
    all_members_are_kept_in_order,
    many_records_are_one_transaction,
    records_and_position_come_together,
    a_block_that_raises_leaves_nothing,
    a_cancelled_block_leaves_nothing,
    another_relay_is_noticed,
    a_refused_record_is_told_from_an_outage,
)
"""All checks, to be parametrised over. Each begins with an empty target."""


def relay_contract(
    make: Callable[[], Target],
    read: Callable[[], Sequence[Record]],
    clear: Callable[[], object] = lambda: None,
    *,
    refused: Record | None = None,
) -> None:
    """Run all checks on a target.

    Args:
        make: Returns a target. All targets that it returns have the same content.
        read: Returns the records that are there for other programs to see, in their order.
        clear: Deletes all content, positions as well. It is called before each check.
        refused: A record that the target refuses, if there is any.

    Raises:
        AssertionError: A check failed; its name is in a note.
    """
    for check in TARGET_CHECKS:
        clear()
        try:
            check(TargetKit(make, read, refused))
        except AssertionError as error:
            error.add_note(f"in {check.__name__}")
            raise


# -- what the checks share


def _run(kit: TargetKit, use: Callable[[Target], Any]) -> None:
    async def main() -> None:
        target = kit.make()
        try:
            await use(target)
        finally:
            await target.aclose()
            if isinstance(target.store, LoopBoundStore):
                await target.store.aclose()
            target.store.close()

    asyncio.run(main())


@asynccontextmanager
async def _transaction(target: Target, replay_id: int) -> AsyncIterator[Any]:
    async with target.store.transaction(_CONSUMER, {_CHANNEL: Position(replay_id, _NOON)}) as transaction:
        yield transaction


async def _write(target: Target, replay_id: int, records: Sequence[Record]) -> None:
    async with _transaction(target, replay_id) as transaction:
        await target.write(transaction, records)


def _position(target: Target) -> int | None:
    position = target.store.get(_CONSUMER, _CHANNEL)
    return None if position is None else position.replay_id


def _expect_position(expected: int) -> Callable[[Target], Any]:
    async def use(target: Target) -> None:
        assert _position(target) == expected

    return use


def _comparable(record: Record) -> tuple[Any, ...]:
    """A database may lay JSON out anew."""
    return (*(getattr(record, name) for name in record.__struct_fields__[:-1]), msgspec.json.decode(record.data))
