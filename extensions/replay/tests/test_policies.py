from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from pybayeux_replay import Gap, GapReason
from pybayeux_replay.grouping import Grouping
from pybayeux_replay.policies import MOST_UNSTORED, CommitPolicy, Policies, commit_policy
from pybayeux_replay.position import EARLIEST, LATEST

GAP = Gap("/orders", GapReason.EXPIRED, None, None)
HOUR = timedelta(hours=1)


def test_the_start_of_a_subscription_without_a_position() -> None:
    assert Policies().start("/orders") == LATEST
    assert Policies(since="earliest").start("/orders") == EARLIEST
    each = Policies(since={"/cases": "earliest", "/orders": 4711})
    assert [each.start(name) for name in ("/cases", "/orders", "/leads")] == [EARLIEST, 4711, LATEST]


@pytest.mark.parametrize(("choice", "place"), [("earliest", EARLIEST), ("latest", LATEST), ("raise", None)])
def test_the_start_of_a_subscription_whose_position_cannot_be_used(choice: Any, place: int | None) -> None:
    assert Policies(on_invalid=choice).fall_back(GAP) == place
    assert Policies(on_invalid=lambda gap: choice).fall_back(GAP) == place


def test_a_function_gets_the_gap_and_may_return_a_replay_id() -> None:
    seen: list[Gap] = []

    def decide(gap: Gap) -> int:
        seen.append(gap)
        return 4711

    assert Policies(on_invalid=decide).fall_back(GAP) == 4711
    assert seen == [GAP]


def test_a_function_that_returns_a_wrong_value() -> None:
    nonsense: Any = lambda gap: "newest"  # noqa: E731
    with pytest.raises(ValueError, match=r"on_invalid: expected .*; got 'newest'"):
        Policies(on_invalid=nonsense).fall_back(GAP)


def test_what_the_server_no_longer_keeps() -> None:
    policies = Policies(retention=3600)
    assert [policies.is_expired(age) for age in (None, HOUR, HOUR * 2)] == [False, False, True]
    assert Policies(retention=timedelta(hours=1)).is_expired(HOUR * 2)
    assert not Policies().is_expired(timedelta(days=1000))


@pytest.mark.parametrize(
    ("retention", "age", "expected"),
    [(3600, HOUR, True), (3600, HOUR * 2, False), (3600, None, False), (None, HOUR, False)],
)
def test_what_the_server_still_keeps(retention: float | None, age: timedelta | None, expected: bool) -> None:
    assert Policies(retention=retention).is_kept(age) is expected


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"since": -7}, "since: expected .*; got -7"),
        ({"since": {"/orders": "newest"}}, "since /orders: expected .*; got 'newest'"),
        ({"on_invalid": "newest"}, "on_invalid: expected .*; got 'newest'"),
        ({"on_recovery": "earliest"}, "on_recovery: expected .*; got 'earliest'"),
        ({"retention": 0}, "retention: expected .*; got 0"),
        ({"retention": timedelta(days=-1)}, "retention"),
    ],
)
def test_wrong_options(options: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Policies(**options)


def test_recovery() -> None:
    assert [Policies(on_recovery=choice).live_only for choice in ("resume", "latest")] == [False, True]


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("event", CommitPolicy(Grouping.EACH, most_unstored=MOST_UNSTORED)),
        ("batch", CommitPolicy(Grouping.BATCH)),
        ("transaction", CommitPolicy(Grouping.TRANSACTION)),
        (5, CommitPolicy(Grouping.EACH, 5.0)),
        (0.25, CommitPolicy(Grouping.EACH, 0.25)),
    ],
)
def test_commit_modes(mode: Any, expected: CommitPolicy) -> None:
    assert commit_policy(mode) == expected


@pytest.mark.parametrize("mode", ["never", 0, -1.0, float("inf"), float("nan"), None])
def test_wrong_commit_modes(mode: Any) -> None:
    with pytest.raises(ValueError, match="commit: expected 'event', 'batch', 'transaction' or a number"):
        commit_policy(mode)
