from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, TypedDict

import msgspec
import pydantic
import pytest

from pybayeux._util.conversion import payload_decoder
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
    ],
)
def test_payloads_become_what_was_asked_for(type: Any, payload: bytes, value: Any) -> None:
    assert payload_decoder(type)(payload) == value


@pytest.mark.parametrize("type", [Struct, Data, Dict, Model, int])
@pytest.mark.parametrize("payload", [b'{"number": "x"}', b"[]", b"no JSON", b""])
def test_payloads_that_do_not_fit(type: Any, payload: bytes) -> None:
    with pytest.raises((ValueError, msgspec.DecodeError)):
        payload_decoder(type)(payload)


@pytest.mark.parametrize("type", [5, "text", print])
def test_types_that_are_none(type: Any) -> None:
    with pytest.raises(UsageError, match="data cannot be decoded into this type"):
        payload_decoder(type)
