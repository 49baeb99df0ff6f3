from __future__ import annotations

import sys

import pytest

from pybayeux.errors import ExtensionLoadError, ExtensionOptionError, UsageError
from pybayeux.extensions.selection import instantiate


class Pair:
    def __init__(self, first: int, second: int = 2) -> None:
        self.values = (first / second, second)


def test_class_is_made_with_its_options() -> None:
    made = instantiate(Pair, {"first": 4}, extension="pair", origin="extension 'pair'")
    assert isinstance(made, Pair)
    assert made.values == (2, 2)


def test_anything_else_is_taken_as_it_is() -> None:
    assert instantiate(sys, {}, extension="sys", origin="") is sys


class RefusesOptions:
    def __init__(self, first: int, second: int) -> None:
        raise UsageError("first and second do not go together")


def test_options_that_do_not_fit_together_are_wrong_options() -> None:
    with pytest.raises(ExtensionOptionError, match=r"extension 'refuses' of x 1: first and second do not go") as caught:
        instantiate(RefusesOptions, {"first": 1, "second": 2}, extension="refuses", origin="extension 'refuses' of x 1")
    assert caught.value.extension == "refuses"
    assert isinstance(caught.value.__cause__, UsageError)


class Positive:
    def __init__(self, size: int = 0) -> None:
        if size < 1:
            raise ValueError(f"size: expected 1 or more; got {size}")


def test_a_value_that_the_constructor_refuses_is_a_wrong_option() -> None:
    """As if its type were wrong: left out with a warning, an extension such as a store of positions would be missed."""
    with pytest.raises(ExtensionOptionError, match=r"extension 'positive' of x 1: size: expected 1 or more; got -1"):
        instantiate(Positive, {"size": -1}, extension="positive", origin="extension 'positive' of x 1")


def test_without_options_the_constructor_is_at_fault() -> None:
    with pytest.raises(ExtensionLoadError, match="cannot be made: ValueError: size: expected 1 or more"):
        instantiate(Positive, {}, extension="positive", origin="extension 'positive' of x 1")


def test_failing_constructor_is_named() -> None:
    with pytest.raises(
        ExtensionLoadError, match=r"extension 'pair' of x 1 cannot be made: ZeroDivisionError"
    ) as caught:
        instantiate(Pair, {"first": 1, "second": 0}, extension="pair", origin="extension 'pair' of x 1")
    assert caught.value.extension == "pair"
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
