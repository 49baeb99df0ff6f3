from __future__ import annotations

from pybayeux_salesforce_emulator import SalesforceEmulator
from tests.soak.named_scripts import NAMED
from tests.soak.script import FAULT


def test_scripts_have_unique_names() -> None:
    assert len({script.name for script in NAMED}) == len(NAMED) >= 20


def test_scripts_use_existing_kinds_of_faults() -> None:
    asked = {step.arguments["kind"] for script in NAMED for step in script.steps if step.action == FAULT}
    assert asked <= {*SalesforceEmulator.fault_kinds}


def test_steps_are_in_order() -> None:
    assert all(list(script.steps) == sorted(script.steps) for script in NAMED)
