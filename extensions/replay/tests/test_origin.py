from __future__ import annotations

import pytest

from pybayeux_replay.origin import has_same_host, is_certainly_same, may_be_same, merged, org_of


@pytest.mark.parametrize(
    ("origin", "org"),
    [(None, ""), ("", ""), ("cluster-7", ""), ("org/1", ""), ("00D1@host", "00D1"), ("00D1@h@i", "00D1")],
)
def test_the_org_is_the_first_of_several_parts(origin: str | None, org: str) -> None:
    assert org_of(origin) == org


@pytest.mark.parametrize(
    ("origin", "other", "expected"),
    [
        (None, "o@h@i", True),
        ("o@h@i", "o@h@i", True),
        ("o@h", "o@h@i", True),
        ("o@h@", "o@h@i", True),
        ("o@h@j", "o@h@i", False),
        ("o@g", "o@h@i", False),
        ("p@h@i", "o@h@i", False),
        ("cluster-7", "cluster-8", False),
        ("cluster-7", "cluster-7", True),
    ],
)
def test_what_is_not_known_differs_from_nothing(origin: str | None, other: str, expected: bool) -> None:
    assert may_be_same(origin, other) is may_be_same(other, origin) is expected


@pytest.mark.parametrize(
    ("origin", "other", "expected"),
    [
        ("o@h@i", "o@h@i", True),
        ("org/1", "org/1", True),
        ("o@h@", "o@h@", False),
        ("o@h", "o@h@", False),
        (None, None, False),
    ],
)
def test_sameness_is_certain_only_if_everything_is_known(origin: str | None, other: str | None, expected: bool) -> None:
    assert is_certainly_same(origin, other) is expected


@pytest.mark.parametrize(
    ("origin", "other", "expected"),
    [
        ("o@h@", "o@h@i", "o@h@i"),
        ("o@h", "o@h@i", "o@h@i"),
        (None, "o@h", "o@h"),
        ("o@h", None, "o@h"),
        (None, None, None),
    ],
)
def test_unknown_parts_are_taken_from_the_other(origin: str | None, other: str | None, expected: str | None) -> None:
    assert merged(origin, other) == expected


@pytest.mark.parametrize(
    ("origin", "other", "expected"),
    [("o@h@i", "p@h@j", True), ("o@h", "p@h@j", True), ("o@g", "o@h", False), ("o", "o", False), (None, None, False)],
)
def test_hosts_are_compared_without_the_org(origin: str | None, other: str | None, expected: bool) -> None:
    assert has_same_host(origin, other) is expected
