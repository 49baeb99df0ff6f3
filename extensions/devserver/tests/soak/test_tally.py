from __future__ import annotations

from pybayeux_devserver.soak.script import Script
from pybayeux_devserver.soak.stage import Outcome
from pybayeux_devserver.soak.tally import SoakTally
from pybayeux_devserver.soak.verdict import Verdict


def outcome(name: str, verdict: Verdict, *, runs: int = 1, late: float = 0.1) -> Outcome:
    return Outcome(Script(name, ()), verdict, logins=1, runs=runs, died=(), seconds=1.0, late=late)


def test_it_adds_up_and_names_what_failed() -> None:
    tally = SoakTally()
    tally.add(outcome("1", Verdict(published=3, handled=3, again=2, gaps=1, gone=("a-1",)), runs=3, late=0.7))
    assert "1 scripts, 3 of 3 events handled, none failed" in tally.line
    tally.add(outcome("2", Verdict(published=2, handled=1, lost=("a-2",))))
    lines = str(tally).splitlines()
    assert lines[0].endswith("2 scripts, 4 of 5 events handled, failed: 2")
    assert lines[1:] == [
        "  4 processes, 2 of them after a SIGKILL, 2 logins",
        "  2 events handled once more after a crash",
        "  1 gaps told, 1 events in them",
        "  slowest recovery 0.7 s after the last trouble",
    ]
    assert tally.failed == ["2"]
