from __future__ import annotations

from pybayeux._util.repeated_errors import RepeatedErrors
from pybayeux.errors import ExtensionHookError, TransportError


def failed(text: str = "no", cause: Exception | None = None, extension: str = "acme") -> ExtensionHookError:
    error = ExtensionHookError(text, extension=extension, hook="incoming")
    error.__cause__ = cause or ValueError()
    return error


def test_the_same_error_of_one_hook_is_told_once_then_by_powers_of_ten() -> None:
    repeated = RepeatedErrors()
    told = [text for number in range(1, 1001) if (text := repeated.text_of(failed(f"event {number}")))]
    assert told == [
        "event 1",
        "event 10 (10 times by now)",
        "event 100 (100 times by now)",
        "event 1000 (1000 times by now)",
    ]
    assert repeated.rest() == []


def test_what_was_not_told_is_told_at_the_end() -> None:
    repeated = RepeatedErrors()
    for number in range(1, 13):
        repeated.text_of(failed(f"event {number}"))
    assert repeated.rest() == ["event 12 (12 times in all)"]
    assert repeated.rest() == []
    assert repeated.text_of(failed("again")) == "again"


def test_another_extension_hook_or_exception_is_another_error() -> None:
    repeated = RepeatedErrors()
    errors = [failed(), failed(cause=KeyError()), failed(extension="other")]
    assert [repeated.text_of(error) for error in errors] == ["no", "no", "no"]


def test_other_errors_are_all_told() -> None:
    repeated = RepeatedErrors()
    assert [repeated.text_of(TransportError("gone")) for _ in range(3)] == ["gone"] * 3
