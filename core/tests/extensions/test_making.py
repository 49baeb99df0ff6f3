from __future__ import annotations

import sys

import pytest

from pybayeux.errors import ExtensionLoadError
from pybayeux.extensions.making import make


class Pair:
    def __init__(self, first: int, second: int = 2) -> None:
        self.values = (first / second, second)


def test_class_is_made_with_its_options() -> None:
    made = make(Pair, {"first": 4}, extension="pair", origin="extension 'pair'")
    assert isinstance(made, Pair)
    assert made.values == (2, 2)


def test_anything_else_is_taken_as_it_is() -> None:
    assert make(sys, {}, extension="sys", origin="") is sys


def test_failing_constructor_is_named() -> None:
    with pytest.raises(
        ExtensionLoadError, match=r"extension 'pair' of x 1 cannot be made: ZeroDivisionError"
    ) as caught:
        make(Pair, {"first": 1, "second": 0}, extension="pair", origin="extension 'pair' of x 1")
    assert caught.value.extension == "pair"
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
