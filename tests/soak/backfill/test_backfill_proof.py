"""A short form of the proof of the backfill; see `tests.soak.backfill`."""

from __future__ import annotations

import pytest

from extensions.devserver.tests.engine_client import in_loop
from tests.soak.backfill.command import outcomes
from tests.soak.backfill.script import random_script
from tests.soak.backfill.verdict import judge, last_versions
from tests.soak.journal import Entry

_SCRIPTS = 12
_BATCH = 6

pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize("first", range(0, _SCRIPTS, _BATCH))
@in_loop
async def test_random_scripts_leave_no_gap(first: int) -> None:
    failed = [str(outcome) async for outcome in outcomes(range(first, first + _BATCH)) if not outcome.is_good]
    assert not failed, "\n".join(failed)


# Each of these was a fault of a backfill: bookmarks beyond what was read, states that were forgotten.
@in_loop
async def test_scripts_that_found_a_fault_leave_no_gap() -> None:
    failed = [str(outcome) async for outcome in outcomes((29, 219, 237, 20070)) if not outcome.is_good]
    assert not failed, "\n".join(failed)


def test_a_seed_determines_its_script() -> None:
    assert str(random_script(7)) == str(random_script(7))
    assert str(random_script(7)) != str(random_script(8))


def _event(mark: str, run: int = 1, origin: str = "stream") -> Entry:
    return Entry("event", origin, mark, run)


@pytest.mark.parametrize(
    ("entries", "problems"),
    [
        ([_event("A:1"), _event("A:2")], set()),
        ([_event("A:2", origin="backfill")], set()),
        ([_event("A:1")], {"last state not handled", "neither handled nor filled"}),
        ([_event("A:2")], {"neither handled nor filled"}),
        ([_event("A:1"), _event("A:2"), _event("A:1"), _event("A:2", run=2)], {"an older state after a newer one"}),
        ([_event("A:1"), _event("A:2"), _event("A:2")], {"handled twice by one process"}),
        ([_event("A:1"), _event("A:2"), _event("A:2", run=2)], set()),
        ([_event("A:1"), _event("A:2"), Entry("open", text="why")], {"gap left open"}),
    ],
)
def test_the_verdict_finds_each_problem(entries: list[Entry], problems: set[str]) -> None:
    verdict = judge({"A": [1.0, 2.0]}, {"A": 2.0}, entries)
    assert set(verdict.problems) == problems
    assert last_versions(entries)["A"] in (1.0, 2.0)
