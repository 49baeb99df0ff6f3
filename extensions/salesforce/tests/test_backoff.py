from __future__ import annotations

import itertools
from random import Random

import pytest

from pybayeux_salesforce.backoff import Backoff, LoginLookup


class _NoJitter(Random):
    def random(self) -> float:
        return 0.0


def _waits(backoff: Backoff, of: str, times: list[float]) -> list[float]:
    return [backoff.next(of, now) for now in times]


def test_waits_double_up_to_the_longest() -> None:
    backoff = Backoff(300, 3600, _NoJitter())
    assert _waits(backoff, "session", [0, 300, 900, 2100, 4500, 8100, 11700]) == [
        300,
        600,
        1200,
        2400,
        3600,
        3600,
        3600,
    ]


def test_waits_start_again_after_a_recovery() -> None:
    backoff = Backoff(100, 1000, _NoJitter())
    assert _waits(backoff, "session", [0, 200, 601, 701]) == [100, 200, 100, 200]


def test_each_key_has_its_own_waits() -> None:
    backoff = Backoff(100, 1000, _NoJitter())
    assert [backoff.next(name, 0) for name in ("/event/A__e", "/event/B__e", "/event/A__e")] == [100, 100, 200]


def test_jitter_shortens_a_wait_by_up_to_a_fifth() -> None:
    waits = [Backoff(100, 1000, Random(seed)).next("session", 0) for seed in range(200)]
    assert all(80 <= wait <= 100 for wait in waits)
    assert max(waits) - min(waits) > 15


@pytest.mark.parametrize(("first", "longest"), [(0, 10), (-1, 10), (20, 10)])
def test_invalid_waits_are_errors(first: float, longest: float) -> None:
    with pytest.raises(ValueError, match="expected a first wait above 0 s"):
        Backoff(first, longest)


@pytest.fixture
def lookup() -> LoginLookup:
    """A lookup with waits from 10 to 40 seconds, less the jitter."""
    return LoginLookup(Backoff(10.0, 40.0, Random(1)))


def test_lookups_without_a_new_address_become_rarer(lookup: LoginLookup) -> None:
    asked = [second for second in range(200) if lookup.is_due(float(second))]
    assert asked[0] == 0
    pauses = [later - earlier for earlier, later in itertools.pairwise(asked)]
    assert 8 <= pauses[0] <= 11
    assert pauses[0] < pauses[1] < pauses[2]
    assert all(32 <= pause <= 41 for pause in pauses[2:])


def test_reset_allows_the_next_lookup_at_once(lookup: LoginLookup) -> None:
    assert lookup.is_due(0.0)
    assert not lookup.is_due(1.0)
    lookup.reset()
    assert lookup.is_due(1.0)
