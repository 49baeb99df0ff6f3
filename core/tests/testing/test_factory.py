from __future__ import annotations

import pytest

from pybayeux.errors import ExtensionOptionError, UsageError
from pybayeux.testing.factory import ExtensionFactory, name_of, new_extension


class TwoWords:
    def __init__(self, number: int = 1) -> None:
        self.number = number


class Named:
    name = "other"


def test_names_are_those_of_a_client() -> None:
    assert name_of(TwoWords) == name_of(TwoWords()) == "two-words"
    assert name_of(Named) == "other"


def test_options_are_converted_as_a_client_does() -> None:
    extension = new_extension(TwoWords, {"number": 2})
    assert isinstance(extension, TwoWords)
    assert extension.number == 2
    with pytest.raises(ExtensionOptionError):
        new_extension(TwoWords, {"number": "many"})


def test_what_is_ready_made_is_left_alone() -> None:
    ready = TwoWords()
    assert new_extension(ready) is ready
    with pytest.raises(UsageError):
        new_extension(ready, {"number": 2})


def test_a_factory_makes_new_ones() -> None:
    factory = ExtensionFactory(TwoWords, {"number": 3})
    assert factory.kind is TwoWords
    first, second = factory.new(), factory.new()
    assert first is not second
    assert isinstance(first, TwoWords)
    assert first.number == 3
    changed = factory.with_options({}).new()
    assert isinstance(changed, TwoWords)
    assert changed.number == 1


def test_a_factory_of_a_function() -> None:
    factory = ExtensionFactory(lambda: TwoWords(4))
    made_one = factory.new()
    assert factory.kind is None
    assert isinstance(made_one, TwoWords)
    assert made_one.number == 4
