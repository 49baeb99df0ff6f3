from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pybayeux_binary import BinaryData
from pybayeux_binary.payload import from_wire, is_binary, to_wire

_meta = st.none() | st.dictionaries(st.text(max_size=5), st.integers(0, 99) | st.text(max_size=5), max_size=3)


@given(st.builds(BinaryData, st.binary(max_size=50), st.booleans(), _meta))
def test_bytes_are_the_same_after_the_wire(payload: BinaryData) -> None:
    text = msgspec.json.encode(payload)
    assert is_binary(text)
    wire = bytes(to_wire(text))
    assert not is_binary(wire)
    assert from_wire(wire) == payload


@pytest.mark.parametrize(
    ("payload", "wire"),
    [
        (BinaryData(b""), {"data": "", "last": True}),
        (BinaryData(b"\x00"), {"data": "00", "last": True}),
        (BinaryData(b"\x00", last=False), {"data": "00", "last": False}),
        (BinaryData(b"\x00", meta={"name": "a"}), {"data": "00", "last": True, "meta": {"name": "a"}}),
        (BinaryData(b"\x00", meta={}), {"data": "00", "last": True, "meta": {}}),
    ],
)
def test_the_form_on_the_wire(payload: BinaryData, wire: dict[str, Any]) -> None:
    assert msgspec.json.decode(to_wire(msgspec.json.encode(payload))) == wire


@pytest.mark.parametrize(
    "data", [{"data": "00", "last": True}, {"pybayeux-binary": "other", "data": ""}, "pybayeux-binary", None, [], 1]
)
def test_other_data_is_not_binary(data: Any) -> None:
    assert not is_binary(msgspec.json.encode(data))


@pytest.mark.parametrize(
    ("wire", "payload"),
    [
        ({"data": "00"}, BinaryData(b"\x00")),
        ({"data": "00", "last": None, "meta": None}, BinaryData(b"\x00")),
        ({"data": "00", "last": False, "unknown": 1}, BinaryData(b"\x00", last=False)),
    ],
)
def test_members_may_be_missing_or_unknown(wire: dict[str, Any], payload: BinaryData) -> None:
    assert from_wire(msgspec.json.encode(wire)) == payload


@pytest.mark.parametrize(
    "wire", [None, "00", [], {}, {"last": True}, {"data": 1}, {"data": "0"}, {"data": "00", "meta": []}, {"data": "~~"}]
)
def test_another_form_is_an_error(wire: Any) -> None:
    with pytest.raises(ValueError):
        from_wire(msgspec.json.encode(wire))


@pytest.mark.parametrize("data", [bytearray(b"abc"), memoryview(b"abc")])
def test_any_object_with_the_buffer_protocol_is_accepted(data: Any) -> None:
    payload = BinaryData(data)
    assert type(payload.data) is bytes
    assert payload == BinaryData(b"abc")


@pytest.mark.parametrize("data", ["abc", None, 3])
def test_other_objects_are_an_error(data: Any) -> None:
    with pytest.raises(TypeError, match="bytes-like"):
        BinaryData(data)
