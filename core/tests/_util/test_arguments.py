from __future__ import annotations

import logging
from typing import Any

import pytest

from pybayeux import AsyncClient, BayeuxClient, Client
from pybayeux._util.arguments import (
    check_choice,
    check_counts,
    check_has,
    check_names,
    check_names_or_flag,
    check_objects,
    check_pairs,
    check_positive,
    check_range,
    check_tables,
    check_text,
)
from pybayeux.errors import UsageError


def test_check_choice_names_the_choices() -> None:
    check_choice("policy", "b", ("a", "b"))
    with pytest.raises(UsageError, match="policy: expected one of 'a', 'b'; got 'c'"):
        check_choice("policy", "c", ("a", "b"))


def test_check_positive_refuses_zero_and_less() -> None:
    check_positive(size=1, delay=0.1)
    figures: list[Any] = [0, -1, -0.5, True, None]
    for figure in figures:
        with pytest.raises(UsageError, match=f"delay: expected a number greater than zero; got {figure}"):
            check_positive(size=1, delay=figure)


def test_check_counts_refuses_what_is_not_whole() -> None:
    check_counts(size=1)
    figures: list[Any] = [0, -1, 2.5, True, None]
    for figure in figures:
        with pytest.raises(UsageError, match=f"size: expected a whole number greater than zero; got {figure}"):
            check_counts(size=figure)


def test_check_range_says_what_was_expected() -> None:
    check_range("share", 1, 0, 1, "a share")
    figures: list[Any] = [1.1, -0.1, True, None, float("nan")]
    for figure in figures:
        with pytest.raises(UsageError, match=f"share: expected a share; got {figure}"):
            check_range("share", figure, 0, 1, "a share")


class Thing:
    """An object whose text nobody wants in an error."""


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("ack", r"expected a list of names, such as \['ack'\]; got the string 'ack'"),
        (5, "expected a list of names; got 5"),
        (Thing(), "expected a list of names; got an object of type Thing"),
        (["ack", 5], "expected a list of names; got 5 in it"),
    ],
)
def test_check_names_refuses_what_is_no_list_of_strings(value: Any, why: str) -> None:
    assert check_names("disabled", (each for each in ["a", "b"])) == ("a", "b")
    with pytest.raises(UsageError, match=f"disabled: {why}"):
        check_names("disabled", value)
    assert check_names_or_flag("discover", False) is False


def test_check_objects_refuses_a_single_one() -> None:
    thing = Thing()
    assert check_objects("extensions", [thing]) == (thing,)
    with pytest.raises(UsageError, match=r"extensions: expected a list, such as \[Thing\(...\)\]; got an object"):
        check_objects("extensions", thing)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"extensions: expected a list, such as \[Thing\(...\)\]; got the class Thing"):
        check_objects("extensions", Thing)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"extensions: expected a list of objects; got None"):
        check_objects("extensions", None)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"extensions: expected a list of objects; got an object of type dict"):
        check_objects("extensions", {"ack": thing})
    with pytest.raises(UsageError, match="extensions: expected a list of objects; got the string 'ack'"):
        check_objects("extensions", "ack")


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ([1], "expected a mapping such as .*; got an object of type list"),
        ({5: {}}, "expected a mapping such as .*; got the name 5"),
        ({"ack": 5}, "expected a mapping for 'ack'; got 5"),
    ],
)
def test_check_tables_refuses_what_is_no_mapping_of_mappings(value: Any, why: str) -> None:
    assert check_tables("options", None) == {}
    assert check_tables("options", {"ack": {"a": 1}}) == {"ack": {"a": 1}}
    with pytest.raises(UsageError, match=f"options: {why}"):
        check_tables("options", value)


def test_check_pairs_takes_a_mapping_or_pairs() -> None:
    assert check_pairs("headers", None) == {}
    assert check_pairs("headers", {"a": "1"}) == check_pairs("headers", [("a", "1")]) == {"a": "1"}
    for wrong in (5, "Authorization: secret"):
        with pytest.raises(UsageError, match="headers: expected a mapping of names to values; got an object") as error:
            check_pairs("headers", wrong)  # type: ignore[arg-type]
        assert "secret" not in str(error.value)


def test_check_text_refuses_what_is_none() -> None:
    assert check_text("url", "x", "an address") == "x"
    with pytest.raises(UsageError, match="url: expected an address; got an object of type Thing"):
        check_text("url", Thing(), "an address")


def test_check_has_looks_for_the_methods() -> None:
    check_has("logger", logging.getLogger(), "a logger", "log")
    with pytest.raises(UsageError, match="logger: expected a logger; got None"):
        check_has("logger", None, "a logger", "log")


@pytest.mark.parametrize("kind", [AsyncClient, BayeuxClient, Client])
@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("extensions", Thing()),
        ("options", {"ack": True}),
        ("discover", "ack"),
        ("disabled", "ack"),
        ("order", 1),
        ("transports", "websocket"),
        ("transport_options", {"websocket": 1}),
        ("headers", "X-Tenant: acme"),
        ("logger", 5),
        ("max_network_delay", "1"),
    ],
)
def test_each_client_says_which_argument_is_wrong(kind: type, argument: str, value: object) -> None:
    with pytest.raises(UsageError, match=f"{argument}: expected a"):
        kind("http://127.0.0.1:1/cometd", **{argument: value})
