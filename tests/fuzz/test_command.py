"""The command ``python -m tests.fuzz``, without Atheris: it ends the process that it runs in."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner

from tests.fuzz.command import fuzz
from tests.fuzz.drivers import run_hypothesis

ROOT: Final = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _without_atheris(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.fuzz.command.has_atheris", lambda: False)


def test_inputs_are_made_until_the_time_is_over() -> None:
    result = CliRunner().invoke(fuzz, ["advice", "--seconds", "1"])
    assert result.exit_code == 0, result.output
    first, last = result.output.splitlines()
    assert "uv run --with atheris" in first
    number, words = last.split(" ", 1)
    assert int(number) > 0
    assert words == "inputs, none failed."


def test_an_input_that_fails_is_an_error() -> None:
    def target(data: bytes) -> None:
        assert b"a" in data

    with pytest.raises(AssertionError):
        run_hypothesis("channel", 60, target)


def test_unknown_targets_are_refused_with_the_known_ones() -> None:
    result = CliRunner().invoke(fuzz, ["nonsense"])
    assert result.exit_code == 2
    assert "'decoder'" in result.output


def test_module_shows_help_with_examples_and_exit_codes() -> None:
    command = [sys.executable, "-m", "tests.fuzz", "--help"]
    output = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "uv run --with atheris python -m tests.fuzz decoder --seconds 60" in output
    assert "Exit codes" in output
