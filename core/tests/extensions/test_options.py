from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Literal

import pytest

from pybayeux.errors import ExtensionOptionError
from pybayeux.extensions.options import Option, Settings, environment_name, options_of, read_options

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal
    from pathlib import Path


class Signature:
    def __init__(self, key: str, header: str = "sig", *, rounds: int = 3) -> None: ...


class OneOf:
    pybayeux_needs_one_of = (("token", "flow"),)

    def __init__(self, token: str | None = None, flow: str | None = None, scheme: str = "") -> None: ...


class Unknowable:
    def __init__(self, price: Decimal, rounds: int = 1) -> None: ...


class Unimported:
    def __init__(self, path: Path, token: str | Callable[[], str] = "") -> None: ...


class Open:
    def __init__(self, key: str = "", **others: object) -> None: ...


class Bare:
    pass


class Own(dict[str, str]):
    """Its constructor is written in C and tells nothing."""


class Untyped:
    def __init__(self, key, pattern=None, store=Bare) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
        ...


_Place = Literal["first", "last"]


class Aliased:
    def __init__(self, place: _Place, path: Path | None = None) -> None: ...


@dataclass
class Data:
    key: str | Callable[[], str]
    rounds: int = 3


def read(target: type, given: dict[str, object] | None = None) -> Settings:
    return read_options(target, given, extension="my-sig", origin="extension 'my-sig' of dist 1.2")


def test_options_are_the_keyword_parameters() -> None:
    assert options_of(Signature) == (
        Option("key", "str", None, required=True),
        Option("header", "str", "sig", required=False),
        Option("rounds", "int", 3, required=False),
    )


def test_options_of_other_things() -> None:
    assert options_of(sys) == ()
    assert options_of(Signature("")) == ()
    assert options_of(Bare) == ()
    assert options_of(Own) == ()
    assert options_of(Open) == (Option("key", "str", "", required=False),)
    assert [each.name for each in options_of(Data)] == ["key", "rounds"]


def test_options_without_annotation_have_no_type() -> None:
    key, pattern, store = options_of(Untyped)
    assert (key.type, pattern.default, pattern.required) == ("", None, False)
    assert store.default == repr(Bare), "no plain data: shown as text"


def test_given_values_are_converted() -> None:
    assert read(Signature, {"key": "k", "rounds": "4"}) == Settings({"key": "k", "rounds": 4}, ())
    assert read(Data, {"key": len}).values == {"key": len}
    assert read(Untyped, {"key": 3}).values == {"key": 3}


def test_values_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYBAYEUX_MY_SIG_KEY", "from outside")
    monkeypatch.setenv("PYBAYEUX_MY_SIG_ROUNDS", "5")
    assert read(Signature).values == {"key": "from outside", "rounds": 5}
    assert read(Signature, {"key": "given"}).values == {"key": "given", "rounds": 5}


def test_environment_name() -> None:
    assert environment_name("salesforce-auth", "client_id") == "PYBAYEUX_SALESFORCE_AUTH_CLIENT_ID"
    assert environment_name("a.b", "c") == "PYBAYEUX_A_B_C"


def test_nothing_given_is_not_configured() -> None:
    assert read(Signature) == Settings({}, ("key",))


def test_nothing_needed_is_configured() -> None:
    assert read(Bare) == Settings({}, ())


@pytest.mark.parametrize(
    ("given", "option", "words"),
    [
        ({"header": "x"}, "key", "missing"),
        ({}, "key", "missing"),
        ({"key": "k", "heder": "x"}, "heder", "did you mean 'header'"),
        ({"key": "k", "zzz": "x"}, "zzz", "expected one of key, header, rounds"),
        ({"key": 3}, "key", "Expected `str`, got `int`"),
        ({"key": "k", "rounds": "many"}, "rounds", "Expected `int`"),
    ],
)
def test_wrong_options_name_everything(given: dict[str, object], option: str, words: str) -> None:
    with pytest.raises(ExtensionOptionError) as caught:
        read(Signature, given)
    text = str(caught.value)
    assert text.startswith(f"extension 'my-sig' of dist 1.2: option {option!r} ")
    assert words in text
    assert (caught.value.extension, caught.value.option) == ("my-sig", option)


def test_wrong_environment_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYBAYEUX_MY_SIG_ROUNDS", "many")
    with pytest.raises(ExtensionOptionError, match="option 'rounds' in PYBAYEUX_MY_SIG_ROUNDS is wrong"):
        read(Signature, {"key": "k"})


def test_partly_configured_by_the_environment_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYBAYEUX_MY_SIG_HEADER", "x")
    expected = r"'key' is missing beside header \(PYBAYEUX_MY_SIG_HEADER\): add it, or take that away"
    with pytest.raises(ExtensionOptionError, match=expected):
        read(Signature)


def test_secret_value_is_not_in_the_text() -> None:
    with pytest.raises(ExtensionOptionError) as caught:
        read(Signature, {"key": "k", "rounds": "s3cret"})
    assert "s3cret" not in str(caught.value)


def test_class_that_takes_everything_gets_everything() -> None:
    assert read(Open, {"key": "k", "colour": 3}).values == {"key": "k", "colour": 3}


def test_usual_names_need_no_import_at_run_time() -> None:
    assert read(Unimported, {"path": "a/b", "token": len}).values == {"path": PurePath("a/b"), "token": len}
    with pytest.raises(ExtensionOptionError, match="'token' is wrong"):
        read(Unimported, {"path": "a/b", "token": 3})


def test_annotation_that_only_type_checkers_know_takes_any_value() -> None:
    value: Any = Bare()
    assert read(Unknowable, {"price": value, "rounds": "2"}).values == {"price": value, "rounds": 2}


def test_types_are_listed_with_their_aliases_resolved() -> None:
    assert [option.type for option in options_of(Aliased)] == ["Literal['first', 'last']", "Path | None"]
    assert [option.type for option in options_of(Unknowable)] == ["Decimal", "int"]


def test_one_of_several_options_may_be_required() -> None:
    assert read(OneOf) == Settings({}, ("token or flow",))
    for option in ("token", "flow"):
        assert read(OneOf, {option: "a"}) == Settings({option: "a"}, ())
    with pytest.raises(ExtensionOptionError, match="option 'token or flow' is missing"):
        read(OneOf, {"scheme": "a"})
