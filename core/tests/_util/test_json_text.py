from __future__ import annotations

from typing import Any

import msgspec
import pydantic
import pytest

from pybayeux import Channel
from pybayeux._util.json_text import beginning_of, encode_other, to_json


class Model(pydantic.BaseModel):
    number: int = pydantic.Field(alias="number__c")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": [1, None]}, b'{"a":[1,null]}'),
        (Channel("/a"), b'"/a"'),
        ([Model(number__c=1)], b'[{"number__c":1}]'),
        (msgspec.Raw(b"[1, 2]"), b"[1, 2]"),
    ],
)
def test_values_as_json(value: object, expected: bytes) -> None:
    assert to_json(value) == expected


class Unwilling(pydantic.BaseModel):
    @pydantic.model_serializer
    def fail(self) -> None:
        raise ValueError("not today")


@pytest.mark.parametrize("value", [object(), [{1j}], Unwilling(), [Unwilling()]])
def test_values_that_json_cannot_express(value: object) -> None:
    with pytest.raises(TypeError, match="JSON cannot express"):
        to_json(value)


def test_a_value_that_holds_itself_cannot_be_expressed() -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(TypeError, match="JSON cannot express this value"):
        to_json(value)


def test_a_channel_becomes_a_plain_string() -> None:
    assert type(encode_other(Channel("/a"))) is str


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, msgspec.Raw, lambda body: body.decode()])
def test_the_beginning_of_a_text(kind: Any) -> None:
    assert beginning_of(kind(b"<html>" + b"x" * 500)) == "<html>" + "x" * 194


def test_the_beginning_of_what_is_no_text() -> None:
    assert beginning_of(b"\xff{") == "\ufffd{"
