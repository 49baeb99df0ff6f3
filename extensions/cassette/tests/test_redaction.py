from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pybayeux_cassette import Redaction

SECRET = "s3cr3t-value"
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)


def test_what_is_not_secret_stays() -> None:
    data = {"number": 1, "items": [{"name": "tea", "price": 1.5}], "done": True, "none": None}
    redaction = Redaction()
    assert redaction(data) == data
    assert not redaction.secrets


@pytest.mark.parametrize(
    "name", ["token", "password", "apiKey", "client_secret", "Cookie", "sessionId", "Authorization"]
)
def test_members_with_the_name_of_a_secret_are_replaced(name: str) -> None:
    redaction = Redaction()
    replaced = redaction({"deep": [{name: SECRET}, {name: {"inner": [SECRET]}}]})
    assert SECRET not in str(replaced)
    assert replaced["deep"][0][name].startswith("redacted-")
    assert redaction.secrets == {f"data.deep.{name}": 2}


def test_a_name_that_only_sounds_like_a_secret_can_be_kept() -> None:
    change = {"payload": {"ChangeEventHeader": {"transactionKey": "0001", "sequenceNumber": 1}}}
    assert Redaction()(change) == change
    assert Redaction(not_secret=["sort.key"])({"sort": {"key": "a"}, "key": SECRET})["sort"] == {"key": "a"}
    assert SECRET not in str(Redaction(not_secret=["sort.key"])({"sort": {"key": "a"}, "key": SECRET}))


@pytest.mark.parametrize(
    ("path", "replaced"),
    [
        ("Email", {"a", "b", "c"}),
        ("data.Email", {"a"}),
        ("payload.Email", {"b"}),
        ("people.Email", {"c"}),
        ("*.Email", {"a", "b", "c"}),
        ("payload.*", {"b", "c"}),
        ("payload", {"b", "c"}),
        ("ext.Email", set()),
        ("mail", set()),
    ],
)
def test_a_path_is_the_end_of_the_way(path: str, replaced: set[str]) -> None:
    data = {"Email": "a", "payload": {"Email": "b", "people": [{"Email": "c"}]}}
    text = str(Redaction(redact=[path])(data))
    assert {each for each in "abc" if f"'{each}'" not in text} == replaced
    without = str(Redaction(remove=[path])(data))
    assert {each for each in "abc" if f"'{each}'" not in without} == replaced


@pytest.mark.parametrize("path", ["", ".", "a..b", ".a"])
def test_a_wrong_path_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="expected names with dots between them"):
        Redaction(redact=[path])


def test_equal_values_get_equal_pseudonyms_of_their_type() -> None:
    redaction = Redaction(redact=["id", "owner", "price", "flag"])
    one = redaction({"id": "x", "price": 1.5, "flag": True, "number": {"id": 5}})
    other = redaction({"owner": ["x", "y"], "number": {"id": 5}})
    assert one["id"] == other["owner"][0] != other["owner"][1]
    assert one["number"] == other["number"] != {"id": 5}
    assert [type(each) for each in (one["id"], one["number"]["id"], one["price"])] == [str, int, float]
    assert one["flag"] is True
    assert Redaction(redact=["id"])({"id": "x"}) != Redaction(redact=["id"])({"id": "x"})
    assert Redaction(redact=["id"], key=b"k")({"id": "x"}) == Redaction(redact=["id"], key=b"k")({"id": "x"})


def test_texts_that_stay_are_cleaned() -> None:
    redaction = Redaction()
    cleaned = redaction({"text": ["of client-1"], "client-1": 1}, clean=lambda text: text.replace("client-1", "***"))
    assert cleaned == {"text": ["of ***"], "***": 1}


@given(VALUES)
def test_a_replaced_value_keeps_its_shape(value: Any) -> None:
    replaced = Redaction(redact=["it"])({"it": value})["it"]
    assert msgspec.json.decode(msgspec.json.encode(replaced)) == replaced
    assert _shape(replaced) == _shape(value)


def _shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _shape(each) for name, each in value.items()}
    return [_shape(each) for each in value] if isinstance(value, list) else type(value)
