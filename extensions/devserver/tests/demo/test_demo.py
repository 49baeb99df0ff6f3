"""The whole demo: every fault happens, nothing is lost, and nothing is written twice."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from click.testing import CliRunner
from rich.console import Console

from pybayeux_devserver.commands import demo
from pybayeux_devserver.demo.run import Settings, run
from pybayeux_replay.policies import MOST_UNSTORED
from tests.support.loops import in_long_loop

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


@in_long_loop
async def test_demo_loses_no_order_and_writes_none_twice(tmp_path: Path) -> None:
    output = io.StringIO()
    tally = await run(Settings(seconds=2, rate=100, seed=1, folder=tmp_path), Console(file=output, width=200))
    shown = output.getvalue()
    assert tally.is_good, shown
    assert tally.written == tally.published >= 200
    assert tally.twice <= MOST_UNSTORED, "the listener was killed once"
    for text in ("server drops the session", "answer with orders", "token expires", "restarts", "listener is killed"):
        assert text in shown
    assert shown.count("back in ") == 5
    *_, written, twice = shown.splitlines()
    assert written.strip() == f"{tally.published} written in the transaction that stores the position"
    assert twice.strip() == "0 written twice"


@in_long_loop
async def test_demo_without_replay_counts_what_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYBAYEUX_DISABLE_EXTENSIONS", "replay")
    output = io.StringIO()
    settings = Settings(seconds=1, rate=50, seed=1, folder=tmp_path, patience=5)
    tally = await run(settings, Console(file=output, width=200))
    assert tally.lost, "what was published while the session was lost"
    assert not tally.is_good
    shown = output.getvalue()
    assert "written" not in shown
    assert " s: new session\n" in shown
    assert "replay" not in shown, "what is left out has recovered nothing"


def test_command_wants_a_new_folder(tmp_path: Path) -> None:
    (tmp_path / "positions.db").touch()
    result = CliRunner().invoke(demo, ["--keep", str(tmp_path)])
    assert result.exit_code == 2
    assert "expected a new or empty folder" in result.output
