"""The targets of this project do what every target has to do, and the contract finds those that do not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from extensions.relay.tests.targets import sqlite_target
from pybayeux_relay.testing import TARGET_CHECKS, TargetKit, relay_contract

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from extensions.relay.tests.targets import TestTarget
    from pybayeux_relay import Target


@pytest.mark.parametrize("check", TARGET_CHECKS, ids=lambda check: check.__name__)
def test_target(check: Callable[[TargetKit], None], relay_target: TestTarget) -> None:
    check(relay_target.kit)


class _Wrong:
    """A target with one method of another kind."""

    def __init__(self, target: Target, **methods: Any) -> None:
        self._target = target
        self.__dict__.update(methods)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._target, name)


def _contract_of(tmp_path: Path, **methods: Any) -> None:
    target, made = sqlite_target(tmp_path), 0

    def clear() -> None:
        for file in tmp_path.glob("relay.db*"):
            file.unlink()

    def make() -> Any:
        nonlocal made
        made += 1
        right = target.kit.make()
        return _Wrong(right, **{name: method(right) for name, method in methods.items()})

    relay_contract(make, target.kit.read, clear)


def test_the_contract_is_kept_by_a_right_target(tmp_path: Path) -> None:
    _contract_of(tmp_path)


def test_it_finds_records_that_come_in_another_order(tmp_path: Path) -> None:
    def write(target: Target) -> Any:
        async def wrong(transaction: Any, records: Any) -> None:
            await target.write(transaction, records[::-1])

        return wrong

    with pytest.raises(AssertionError) as error:
        _contract_of(tmp_path, write=write)
    assert error.value.__notes__ == ["in all_members_are_kept_in_order"]


def test_it_finds_records_that_are_written_outside_of_the_transaction(tmp_path: Path) -> None:
    def write(target: Target) -> Any:
        async def wrong(transaction: Any, records: Any) -> None:
            await target.write(transaction, records)
            await transaction.exec_driver_sql("COMMIT")
            await transaction.exec_driver_sql("BEGIN IMMEDIATE")

        return wrong

    with pytest.raises(AssertionError) as error:
        _contract_of(tmp_path, write=write)
    assert error.value.__notes__ == ["in records_and_position_come_together"]


def test_it_finds_a_target_that_takes_an_outage_for_a_refusal(tmp_path: Path) -> None:
    with pytest.raises(AssertionError) as error:
        _contract_of(tmp_path, refuses=lambda target: lambda error: True)
    assert error.value.__notes__ == ["in a_refused_record_is_told_from_an_outage"]
