from __future__ import annotations

import inspect

from pybayeux_devserver.faults.catalogue import FAULTS, describe_faults
from pybayeux_devserver.faults.faults import Faults


def test_every_fault_is_offered() -> None:
    public = {name for name, _ in inspect.getmembers(Faults, inspect.isfunction) if not name.startswith("_")}
    assert set(FAULTS) == {name for name in public if not name.startswith("for_")}


def test_a_fault_is_described_by_its_method() -> None:
    described = {fault["name"]: fault for fault in describe_faults()}
    assert list(described) == list(FAULTS)
    assert all(fault["about"].endswith(".") for fault in described.values())
    assert described["delay_replies"]["arguments"] == [
        {"name": "n", "kind": "integer", "nullable": False, "default": 1},
        {"name": "seconds", "kind": "number", "nullable": False},
        {"name": "channel", "kind": "text", "nullable": True, "default": None},
    ]
    assert described["close_websockets"]["arguments"] == [
        {"name": "code", "kind": "integer", "nullable": True, "default": 1001}
    ]
    kinds = {argument["kind"] for fault in described.values() for argument in fault["arguments"]}
    assert kinds == {"integer", "number", "text", "flag", "object"}
