from __future__ import annotations

from typing import Any

import pytest

from pybayeux_replay.commit import Commit, Grouping, commit_of


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("event", Commit(Grouping.EACH)),
        ("batch", Commit(Grouping.BATCH)),
        ("transaction", Commit(Grouping.TRANSACTION)),
        (5, Commit(Grouping.EACH, 5.0)),
        (0.25, Commit(Grouping.EACH, 0.25)),
    ],
)
def test_modes(mode: Any, expected: Commit) -> None:
    assert commit_of(mode) == expected


@pytest.mark.parametrize("mode", ["never", 0, -1.0, float("inf"), float("nan"), None])
def test_a_mode_that_makes_no_sense(mode: Any) -> None:
    with pytest.raises(ValueError, match="neither 'event', 'batch' nor 'transaction'"):
        commit_of(mode)
