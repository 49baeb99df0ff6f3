"""A short form of the proof of the relay; see `tests.soak.relay`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

import click
import pytest

from tests.servers.fixtures import needs_tools
from tests.soak.relay.command import write_section
from tests.soak.relay.faults import FAULTS
from tests.soak.relay.report import as_json, table
from tests.soak.relay.run import Outcome, Plan, run_proof
from tests.soak.relay.verdict import judge

ROOT: Final = Path(__file__).parents[3]

# What has found faults: stopped or cut off longer than the lease, and a target that is lost or refuses.
_FAULTS: Final = ("pause", "cut-database", "kill-engine", "refuse")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("target", ["sqlite", "postgresql", "redis"])
def test_each_event_is_there_once_and_in_order(target: str) -> None:
    with needs_tools():
        outcome = run_proof(Plan(target, events=300, minutes=0.15, seed=7, lease=1.0, faults=_FAULTS))
    assert outcome.is_good, (outcome.stalled, outcome.died, outcome.verdict, outcome.log)
    assert outcome.verdict.events == 300
    assert {"pause", "refuse"} <= outcome.faults.keys()


@pytest.mark.parametrize(
    ("records", "lost", "repeated", "out_of_order", "unknown"),
    [
        ([("/a", 0), ("/b", 0), ("/a", 1)], 0, 0, 0, 0),
        ([("/a", 0), ("/b", 0)], 1, 0, 0, 0),
        ([("/a", 0), ("/a", 1), ("/a", 1), ("/b", 0)], 0, 1, 0, 0),
        ([("/a", 1), ("/a", 0), ("/b", 0)], 0, 0, 1, 0),
        ([("/a", 0), ("/a", 1), ("/b", 0), ("/b", 1), ("/c", 0)], 0, 0, 0, 2),
    ],
)
def test_the_verdict_finds_each_problem(
    records: list[tuple[str, int]], lost: int, repeated: int, out_of_order: int, unknown: int
) -> None:
    verdict = judge({"/a": 2, "/b": 1}, records)
    assert (verdict.lost, verdict.repeated, verdict.out_of_order, verdict.unknown) == (
        lost,
        repeated,
        out_of_order,
        unknown,
    )
    assert verdict.is_good is not any((lost, repeated, out_of_order, unknown))


def _outcome() -> Outcome:
    outcome = Outcome(Plan("redis", events=3, minutes=1, seed=1), starts=4)
    outcome.verdict = judge({"/a": 3}, [("/a", 0), ("/a", 1)])
    outcome.faults["kill"] = 2
    outcome.failed_over = [("kill", 1.0), ("kill", 2.0)]
    return outcome


def test_the_table_has_the_figures() -> None:
    lines = table([_outcome()]).splitlines()
    assert "| lost | 1 |" in lines
    assert f"| - {FAULTS['kill'].what} | 2 |" in lines
    assert f"| {FAULTS['kill'].what} | 1.5 / 1.99 / 2.0 |" in lines
    assert as_json(_outcome())["is good"] is False


def test_the_table_takes_the_place_of_an_older_one(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- relay-proof: made by a command -->\nold\n<!-- /relay-proof -->\nafter\n")
    write_section(page, "new")
    assert page.read_text() == (
        "before\n<!-- relay-proof: made by a command -->\n\nnew\n\n<!-- /relay-proof -->\nafter\n"
    )
    page.write_text("no place")
    with pytest.raises(click.ClickException, match="expected one section"):
        write_section(page, "new")


def test_module_shows_help_with_examples_and_exit_codes() -> None:
    command = [sys.executable, "-m", "tests.soak.relay", "--help"]
    output = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "uv run python -m tests.soak.relay --target redis" in output
    assert "Exit codes" in output
