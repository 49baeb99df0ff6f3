from __future__ import annotations

from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol

import msgspec
import pytest

from pybayeux._util.conversion import ConversionError, convert, convert_text


class Store(Protocol):
    def get(self) -> str: ...


class OwnStore(dict[str, int]):
    pass


class Colour(StrEnum):
    RED = "red"


@dataclass
class Limits:
    low: int
    high: int = 9


def token() -> str:
    return "token"


STORE = OwnStore()


@pytest.mark.parametrize(
    ("value", "wanted", "result"),
    [
        ("3", int, 3),
        ("1.5", float, 1.5),
        (2, float, 2.0),
        ("true", bool, True),
        ("0", bool, False),
        ("3", str, "3"),
        ("3", int | None, 3),
        (None, int | None, None),
        ("3", int | str, "3"),
        ("red", Literal["red", "blue"], "red"),
        ("red", Colour, Colour.RED),
        (Colour.RED, Colour, Colour.RED),
        ("a/b", Path, Path("a/b")),
        ("a/b", Path | None, Path("a/b")),
        ("a/b", str | Path, "a/b"),
        (["1", 2], list[int], [1, 2]),
        ({"low": "1"}, Limits, Limits(1)),
        ("5", timedelta, timedelta(seconds=5)),
        ("7", Annotated[int, msgspec.Meta(gt=5)], 7),
        ("text", Any, "text"),
        ("text", object, "text"),
        ("text", str | Callable[[], str], "text"),
        (token, str | Callable[[], str] | None, token),
        (token, Callable[[], str], token),
        (STORE, MutableMapping[str, int], STORE),
        (STORE, Store, STORE),
        (int, type[int], int),
    ],
)
def test_value_becomes_what_is_asked_for(value: object, wanted: Any, result: object) -> None:
    converted = convert(value, wanted)
    assert converted == result
    assert type(converted) is type(result)


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("many", int),
        (True, int),
        (3, str),
        ("green", Literal["red", "blue"]),
        ("text", Callable[[], str]),
        ("text", Store),
        (3, str | Callable[[], str]),
        ("4", Annotated[int, msgspec.Meta(gt=5)]),
        (["x"], list[int]),
        ({"low": 1}, Limits | dict[str, int]),
    ],
)
def test_other_values_are_refused(value: object, wanted: Any) -> None:
    with pytest.raises(ConversionError):
        convert(value, wanted)


@pytest.mark.parametrize("wanted", [dict, dict[str, int], MutableMapping[str, int], Any, dict[str, int] | None])
def test_mapping_is_passed_as_the_same_object(wanted: Any) -> None:
    store: dict[str, int] = {"/a": 1}
    assert convert(store, wanted) is store


def test_container_that_cannot_be_checked_is_passed_as_it_is() -> None:
    stores: list[object] = [STORE]
    assert convert(stores, list[OwnStore | Store]) is stores


def test_text_may_be_json() -> None:
    assert convert_text("[1, 2]", list[int]) == [1, 2]
    assert convert_text('{"low": 1}', Limits) == Limits(1)
    assert convert_text("[1, 2]", str) == "[1, 2]"


def test_text_that_is_neither_is_refused_in_the_words_of_the_type() -> None:
    with pytest.raises(ConversionError, match="int"):
        convert_text("many", int)
    with pytest.raises(ConversionError, match="int"):
        convert_text('"many"', int)


@pytest.mark.parametrize("wanted", [Literal["red", "blue"], Literal["red", "blue"] | None])
def test_a_wrong_choice_is_told_with_the_right_ones(wanted: Any) -> None:
    with pytest.raises(ConversionError, match="expected one of red, blue; got 'rot'"):
        convert("rot", wanted)
    with pytest.raises(ConversionError, match="expected one of red; got 'rot'"):
        convert_text("rot", Colour)
