from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, TypedDict

import msgspec
import pydantic
import pytest

from pybayeux._util.conversion import payload_decoder
from pybayeux._util.json_text import to_json
from pybayeux.errors import UsageError


class Struct(msgspec.Struct):
    number: int


@dataclass
class Data:
    number: int


class Tuple(NamedTuple):
    number: int


class Dict(TypedDict):
    number: int


class Model(pydantic.BaseModel):
    number: int


class Opaque:
    """What nothing can be decoded into."""


class Renamed(pydantic.BaseModel):
    number: int = pydantic.Field(alias="number__c")


OBJECT = b'{"number": 1}'


@pytest.mark.parametrize(
    ("type", "payload", "value"),
    [
        (int, b"1", 1),
        (dict[str, int], OBJECT, {"number": 1}),
        (Any, OBJECT, {"number": 1}),
        (Struct, OBJECT, Struct(1)),
        (Data, OBJECT, Data(1)),
        (Dict, OBJECT, {"number": 1}),
        (Tuple, b"[1]", Tuple(1)),
        (Struct | None, b"null", None),
        (Model, OBJECT, Model(number=1)),
        (pydantic.TypeAdapter(list[Model]), b'[{"number": 1}]', [Model(number=1)]),
        (list[Model], b'[{"number": 1}]', [Model(number=1)]),
        (dict[str, Model | None], b'{"a": {"number": 1}, "b": null}', {"a": Model(number=1), "b": None}),
        (Renamed, b'{"number__c": 1}', Renamed(number__c=1)),
    ],
)
def test_payloads_become_what_was_asked_for_and_back(type: Any, payload: bytes, value: Any) -> None:
    assert payload_decoder(type)(payload) == value
    assert payload_decoder(type)(to_json(value)) == value


@pytest.mark.parametrize("type", [Struct, Data, Dict, Model, Model | None, list[Model], Opaque, int])
@pytest.mark.parametrize("payload", [b'{"number": "x"}', b"[1]", b"no JSON", b""])
def test_payloads_that_do_not_fit(type: Any, payload: bytes) -> None:
    with pytest.raises((ValueError, msgspec.DecodeError)):
        payload_decoder(type)(payload)


@pytest.mark.parametrize("type", [5, "text", print])
def test_types_that_are_none(type: Any) -> None:
    with pytest.raises(UsageError, match="data cannot be decoded into this type"):
        payload_decoder(type)
