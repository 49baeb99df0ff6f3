"""The command ``python -m tests.soak``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

from click.testing import CliRunner

from tests.soak.command import scripts_from, soak

ROOT: Final = Path(__file__).parents[2]


def test_seeds_rise_until_the_limit_or_the_end_of_the_time() -> None:
    assert [script.name for script in scripts_from(7, 3, minutes=1)] == ["7", "8", "9"]
    assert list(scripts_from(7, None, minutes=0)) == []


def test_command_runs_scripts_and_shows_seed_and_totals() -> None:
    result = CliRunner().invoke(soak, ["--seed", "3", "--scripts", "2"])
    assert result.exit_code == 0, result.output
    first, *_, last = result.output.splitlines()
    assert first == "Seeds from 3 on. Ctrl-C stops."
    assert "2 scripts, " in result.output
    assert "none failed" in result.output
    assert last.startswith("  slowest recovery")


def test_module_shows_help_with_examples_and_exit_codes() -> None:
    command = [sys.executable, "-m", "tests.soak", "--help"]
    output = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "uv run python -m tests.soak --seed 4711 --scripts 1" in output
    assert "Exit codes" in output
