from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pybayeux_salesforce_emulator import SalesforceEmulator
from tests.soak.random_scripts import random_script
from tests.soak.script import CRASH, FAULT, PUBLISH, REPLICA

KINDS = SalesforceEmulator.fault_kinds
SEEDS = range(300)


@given(st.integers())
def test_seed_determines_the_script(seed: int) -> None:
    script = random_script(seed, KINDS)
    assert script == random_script(seed, KINDS)
    assert [step.arguments for step in script.steps] == [step.arguments for step in random_script(seed, KINDS).steps]
    assert list(script.steps) == sorted(script.steps)
    assert any(step.action == PUBLISH for step in script.steps)


def test_the_seeds_of_the_proof_cover_every_kind_of_fault_and_many_crashes() -> None:
    scripts = [random_script(seed, KINDS) for seed in SEEDS]
    faults = {step.arguments["kind"] for script in scripts for step in script.steps if step.action == FAULT}
    assert faults == {*KINDS}
    actions = {step.action for script in scripts for step in script.steps}
    assert actions >= {
        PUBLISH,
        CRASH,
        "rebalance",
        "revoke",
        "expire",
        "kill_sessions",
        "busy",
        "quota",
        "migrate",
        "purge",
        "backlog_for",
    }
    moves = [step.arguments for script in scripts for step in script.steps if step.action == "migrate"]
    assert {} in moves  # renumbering without a change of name
    assert sum(script.crashes for script in scripts) > len(scripts)
    assert sum(script.exactly_once for script in scripts) > 30
    assert sum(any(step.action == REPLICA for step in script.steps) for script in scripts) > 60


def test_a_script_is_shown_step_by_step() -> None:
    text = str(random_script(7, KINDS))
    assert text.startswith("script 7\n")
    assert "publish(channel=" in text
