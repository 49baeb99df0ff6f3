"""The command ``pybayeux-devserver soak``."""

from __future__ import annotations

from click.testing import CliRunner

from pybayeux_devserver.commands.main import main
from pybayeux_devserver.commands.soak import scripts_from


def test_scripts_have_one_seed_after_the_other_and_end() -> None:
    assert [script.name for script in scripts_from(7, 3, minutes=1)] == ["7", "8", "9"]
    assert list(scripts_from(7, None, minutes=0)) == []


def test_it_plays_shows_its_seed_and_counts() -> None:
    result = CliRunner().invoke(main, ["soak", "--seed", "3", "--scripts", "2"])
    assert result.exit_code == 0, result.output
    first, *_, last = result.output.splitlines()
    assert first == "Seeds from 3 on. Ctrl-C ends it."
    assert "2 scripts, " in result.output
    assert "none failed" in result.output
    assert last.startswith("  slowest recovery")


def test_its_help_teaches() -> None:
    output = CliRunner().invoke(main, ["soak", "--help"]).output
    assert "pybayeux-devserver soak --seed 4711 --scripts 1" in output
    assert "Exit codes" in output
