from __future__ import annotations

from pybayeux_devserver.salesforce import SalesforceEmulator
from pybayeux_devserver.soak.named import NAMED
from pybayeux_devserver.soak.script import FAULT


def test_there_are_twenty_with_names_of_their_own() -> None:
    assert len({script.name for script in NAMED}) == len(NAMED) == 20


def test_they_ask_for_faults_that_there_are() -> None:
    asked = {step.arguments["kind"] for script in NAMED for step in script.steps if step.action == FAULT}
    assert asked <= {*SalesforceEmulator.fault_kinds}


def test_everything_happens_in_order() -> None:
    assert all(list(script.steps) == sorted(script.steps) for script in NAMED)
