from __future__ import annotations

import pytest

from pybayeux.errors import ExtensionOptionError, UsageError
from pybayeux.testing.subject import Subject, made, name_of


class TwoWords:
    def __init__(self, number: int = 1) -> None:
        self.number = number


class Named:
    name = "other"


def test_names_are_those_of_a_client() -> None:
    assert name_of(TwoWords) == name_of(TwoWords()) == "two-words"
    assert name_of(Named) == "other"


def test_options_are_converted_as_a_client_does() -> None:
    extension = made(TwoWords, {"number": 2})
    assert isinstance(extension, TwoWords)
    assert extension.number == 2
    with pytest.raises(ExtensionOptionError):
        made(TwoWords, {"number": "many"})


def test_what_is_ready_made_is_left_alone() -> None:
    ready = TwoWords()
    assert made(ready) is ready
    with pytest.raises(UsageError):
        made(ready, {"number": 2})


def test_subject_makes_new_ones() -> None:
    subject = Subject(TwoWords, {"number": 3})
    assert subject.kind is TwoWords
    first, second = subject.make(), subject.make()
    assert first is not second
    assert isinstance(first, TwoWords)
    assert first.number == 3
    changed = subject.with_options({}).make()
    assert isinstance(changed, TwoWords)
    assert changed.number == 1


def test_subject_of_a_function() -> None:
    subject = Subject(lambda: TwoWords(4))
    made_one = subject.make()
    assert subject.kind is None
    assert isinstance(made_one, TwoWords)
    assert made_one.number == 4
