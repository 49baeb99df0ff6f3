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


def test_failing_constructor_is_named() -> None:
    with pytest.raises(
        ExtensionLoadError, match=r"extension 'pair' of x 1 cannot be made: ZeroDivisionError"
    ) as caught:
        instantiate(Pair, {"first": 1, "second": 0}, extension="pair", origin="extension 'pair' of x 1")
    assert caught.value.extension == "pair"
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
