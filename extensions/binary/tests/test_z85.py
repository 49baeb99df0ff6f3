from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pybayeux_binary.z85 import decode, encode

# The first is the one of ZeroMQ's RFC 32; the others are what CometD's JavaScript client makes of these bytes.
_VECTORS = [
    ("864FD26FB559F75B", "HelloWorld"),
    ("", ""),
    ("00", "00"),
    ("FF", "@@"),
    ("0000", "000"),
    ("FFFF", "%nJ"),
    ("000000", "0000"),
    ("FFFFFF", "%nS9"),
    ("00000000", "00000"),
    ("FFFFFFFF", "%nSc0"),
    ("00000001", "00001"),
    ("864FD26FB5", "HelloWe"),
    ("864FD26FB559", "HelloWoi"),
    ("864FD26FB559F7", "HelloWork"),
]


@pytest.mark.parametrize(("data", "text"), _VECTORS)
def test_known_bytes_and_their_text(data: str, text: str) -> None:
    assert encode(bytes.fromhex(data)) == text
    assert decode(text) == bytes.fromhex(data)


@given(st.binary(max_size=200))
def test_encoded_bytes_are_decoded_to_the_same(data: bytes) -> None:
    text = encode(data)
    assert len(text) == len(data) + len(data) // 4 + (len(data) % 4 > 0)
    assert decode(text) == data


@given(st.binary(min_size=4).filter(lambda data: len(data) % 4 == 0))
def test_whole_groups_are_numbers_to_the_base_85(data: bytes) -> None:
    digits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
    text = encode(data)
    for group in range(len(data) // 4):
        number = 0
        for each in text[group * 5 : group * 5 + 5]:
            number = number * 85 + digits.index(each)
        assert number.to_bytes(4, "big") == data[group * 4 : group * 4 + 4]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("Hello_orld", "no character '_', at position 5"),
        ("Hello orld", "no character ' ', at position 5"),
        ("Hellö", "no character 'ö', at position 4"),
        ("Hell\n", r"no character '\\n', at position 4"),
        ("~~", "no character '~', at position 0"),
        ("0", "1 characters"),
        ("HelloW", "6 characters"),
        ("#####", "above that of four bytes"),
        ("%nSc1", "above that of four bytes"),
        ("##", "above that of four bytes"),
    ],
)
def test_text_that_is_not_z85_is_an_error(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        decode(text)


@given(st.text(max_size=20))
def test_any_text_is_decoded_or_an_error(text: str) -> None:
    try:
        data = decode(text)
    except ValueError:
        return
    assert decode(encode(data)) == data
