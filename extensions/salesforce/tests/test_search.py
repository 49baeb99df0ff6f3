from __future__ import annotations

import itertools
from random import Random

import pytest

from pybayeux_salesforce.pace import Pace
from pybayeux_salesforce.search import Search


@pytest.fixture
def search() -> Search:
    """One that waits 10 seconds at first, and 40 at the most, less a fifth."""
    return Search(Pace(10.0, 40.0, Random(1)))


def test_logins_that_tell_nothing_new_are_few_and_ever_fewer(search: Search) -> None:
    asked = [second for second in range(200) if search.is_due(float(second))]
    assert asked[0] == 0
    pauses = [later - earlier for earlier, later in itertools.pairwise(asked)]
    assert 8 <= pauses[0] <= 11
    assert pauses[0] < pauses[1] < pauses[2]
    assert all(32 <= pause <= 41 for pause in pauses[2:])


def test_where_one_told_something_new_the_next_may_ask_at_once(search: Search) -> None:
    assert search.is_due(0.0)
    assert not search.is_due(1.0)
    search.found()
    assert search.is_due(1.0)
