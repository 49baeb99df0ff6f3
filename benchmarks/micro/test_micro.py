"""The pieces run, and a count and a ratio are read as they are meant. Nothing is counted here: that takes minutes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from benchmarks.micro import ratios
from benchmarks.micro.counting import counted
from benchmarks.micro.pieces import BASELINE, PIECES

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("piece", PIECES)
def test_each_piece_runs(piece: str) -> None:
    asyncio.run(PIECES[piece](1))


def test_a_count_is_read() -> None:
    assert counted("==7== \n==7== I   refs:      71,326,607\n") == 71_326_607
    assert counted("valgrind: no such program") is None


@pytest.mark.parametrize(
    ("ratio", "before", "is_wrong"), [(2.29, 2.0, False), (2.31, 2.0, True), (0.5, 2.0, False), (9.0, None, False)]
)
def test_only_what_is_larger_by_more_than_the_margin_is_wrong(
    ratio: float, before: float | None, is_wrong: bool
) -> None:
    assert (ratios.verdict(ratio, before) is not None) == is_wrong


def test_ratios_are_kept_for_each_version(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(ratios, "FILE", tmp_path / "ratios.json")
    ratios.keep({"a": 1.234}, "3.11")
    ratios.keep({"a": 2}, "3.12")
    assert [ratios.kept(version) for version in ("3.11", "3.12", "3.13")] == [{"a": 1.23}, {"a": 2}, {}]


def test_every_piece_has_a_ratio() -> None:
    assert set(ratios.kept("3.11")) == set(PIECES) - {BASELINE}
