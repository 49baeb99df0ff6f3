"""Several arrays, decoded in one call where each of them is an array as the protocol has it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.tests.strategies import messages
from core.tests.test_message import contents
from pybayeux import Message, decode, encode
from pybayeux.codec import decode_many

WHOLE = b'[{"channel":"/a","data":1}]'


@given(st.lists(st.lists(messages(), max_size=3), max_size=4))
def test_the_messages_are_those_of_each_array(batches: list[list[Message]]) -> None:
    for message in (message for batch in batches for message in batch):
        message.extra.clear()  # the fast way refuses other members
        if message.advice is not None:
            message.advice.extra.clear()
    bodies = [encode(batch) for batch in batches]
    decoded = decode_many(bodies)
    assert decoded is not None
    assert [contents(m) for m in decoded] == [contents(m) for body in bodies for m in decode(body)]


@pytest.mark.parametrize(
    "other",
    [
        b'{"channel":"/a"}',
        b'[{"channel":"/a","unknown":1}]',
        b'[{"data":1}]',
        b"[{",
        b"",
        b"  ",
        b"[],[]",
        b"\xff",
        b"[" * 3000 + b"]" * 3000,
        '[{"channel":"/a"}]'.encode("utf-16"),
    ],
)
def test_one_that_is_not_leaves_all_to_be_decoded_one_by_one(other: bytes) -> None:
    assert decode_many([WHOLE, other]) is None
    assert decode_many([other, WHOLE]) is None
