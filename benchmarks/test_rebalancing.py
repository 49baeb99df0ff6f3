"""The measurement of the division runs. How long it takes is of no interest here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from click.testing import CliRunner

from benchmarks.rebalancing import rebalancing

if TYPE_CHECKING:
    from pathlib import Path


def test_channels_are_divided_anew_at_each_step(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/rebalancing.db"
    arguments = ["--store", store, "--channels", "40", "--replicas", "3", "--lease", "1"]
    result = CliRunner().invoke(rebalancing, arguments, catch_exceptions=False)
    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    assert [line[:10].strip() for line in lines[1:]] == [
        "one starts",
        "one joins",
        "the others",
        "one leaves",
        "one joins",
        "one is sil",
        "at rest, a",
    ]
    assert lines[1].split()[-7:-2] == ["1", "40", "40", "to", "40"]


def test_a_store_that_cannot_divide_is_an_error() -> None:
    result = CliRunner().invoke(rebalancing, ["--store", "memory"])
    assert result.exit_code == 2
    assert "memory cannot divide channels; expected a database" in result.output
