from __future__ import annotations

from typing import Any

import pytest

from pybayeux.testing.differences import difference


@pytest.mark.parametrize(
    ("first", "other", "again"),
    [
        ({"a": [1, 2]}, {"a": [1, 2]}, {"a": [1, 2]}),
        ({"a": [1, "10:00"]}, {"a": [1, "10:01"]}, {"a": [1, "10:01"]}),
        ([1], [1, 2], [1, 2, 3]),
        ({"a": 1}, {"b": 1}, {"c": 1}),
        ({}, {}, {}),
    ],
)
def test_same_and_what_differs_anyway(first: Any, other: Any, again: Any) -> None:
    assert difference(first, other, again) is None


@pytest.mark.parametrize(
    ("first", "other", "again", "place"),
    [
        ({"a": [1, 2]}, {"a": [1, 3]}, {"a": [1, 2]}, "['a'][1]: 2 in one run, 3 in the other"),
        ([{"t": 1, "x": 1}], [{"t": 2, "x": 2}], [{"t": 3, "x": 1}], "[0]['x']: 1 in one run, 2 in the other"),
        ([{"t": 1}], [{"t": 2}, {"t": 3}], [{"t": 4}], ": [{'t': 1}] in one run, [{'t': 2}, {'t': 3}] in the other"),
        ({"a": 1}, {"a": 1, "b": 2}, {"a": 1}, ": {'a': 1} in one run, {'a': 1, 'b': 2} in the other"),
        ([], {}, [], ": [] in one run, {} in the other"),
        (1, [1], 1, ": 1 in one run, [1] in the other"),
    ],
)
def test_what_differs_is_named(first: Any, other: Any, again: Any, place: str) -> None:
    assert difference(first, other, again) == place
