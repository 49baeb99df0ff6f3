from __future__ import annotations

from typing import Any

import pytest

from pybayeux.testing.differences import combined, difference, shortened


@pytest.mark.parametrize(
    ("first", "other", "again"),
    [
        ({"a": [1, 2]}, {"a": [1, 2]}, {"a": [1, 2]}),
        ({"a": [1, "10:00"]}, {"a": [1, "10:01"]}, {"a": [1, "10:01"]}),
        ([1], [1, 2], [1, 2, 3]),
        ({"a": 1}, {"b": 1}, {"c": 1}),
        ({}, {}, {}),
        ({"t": "<various>"}, {"t": "10:00"}, {"t": "<various>"}),
        ({"t": "10:00"}, {"t": "<various>"}, {"t": "10:00"}),
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


def test_of_long_arrays_the_place_is_told_where_they_begin_to_differ() -> None:
    events = [{"number": number, "text": "x" * 20} for number in range(10)]
    assert difference({"a": events}, {"a": events[:4]}, {"a": events}) == (
        f"['a'] (10 in one run, 4 in the other) from [4] on: {events[4]!r} in one run, nothing in the other"
    )
    other = [*events[:3], {"other": 1}, *events[4:], 1]
    assert str(difference(events, other, events)).startswith(
        " (10 in one run, 11 in the other) from [3] on: {'number': 3"
    )


def test_long_values_are_shortened() -> None:
    assert shortened("short") == "'short'"
    text = shortened(list(range(1000)))
    assert text.startswith("[0, 1, 2")
    assert text.endswith("998, 999]")
    assert len(text) <= 120
    assert len(str(difference({"a": "x" * 5000}, {"a": "y" * 5000}, {"a": "x" * 5000}))) < 300


def test_messages_are_combined_into_one() -> None:
    first: dict[str, Any] = {"clientId": "1", "advice": {"timeout": 0}}
    assert combined(
        [first, {"clientId": "2", "ext": {"ack": 1}}, {"clientId": "2", "ext": {"ack": 2, "sig": True}}]
    ) == {
        "clientId": "<various>",
        "advice": {"timeout": 0},
        "ext": {"ack": "<various>", "sig": True},
    }
    assert combined([]) == {}
