from __future__ import annotations

from tests.soak.delivery_report import DeliveryReport
from tests.soak.script import Script
from tests.soak.script_run import Outcome
from tests.soak.totals import Totals


def outcome(name: str, report: DeliveryReport, *, runs: int = 1, recovery: float = 0.1) -> Outcome:
    return Outcome(Script(name, ()), report, logins=1, runs=runs, died=(), seconds=1.0, recovery=recovery)


def test_totals_add_up_and_name_failed_scripts() -> None:
    totals = Totals()
    totals.add(
        outcome("1", DeliveryReport(published=3, handled=3, again=2, gaps=1, declared=("a-1",)), runs=3, recovery=0.7)
    )
    assert "1 scripts, 3 of 3 events handled, none failed" in totals.line
    totals.add(outcome("2", DeliveryReport(published=2, handled=1, lost=("a-2",))))
    lines = str(totals).splitlines()
    assert lines[0].endswith("2 scripts, 4 of 5 events handled, failed: 2")
    assert lines[1:] == [
        "  4 processes, 2 of them beside or after another one, 2 logins",
        "  2 events handled again by another process",
        "  1 gaps reported, 1 events in them",
        "  slowest recovery 0.7 s after the last fault",
    ]
    assert totals.failed == ["2"]
