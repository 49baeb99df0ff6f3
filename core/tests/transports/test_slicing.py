"""Large answers, slice by slice."""

from __future__ import annotations

import json
from collections import deque

import pytest

from pybayeux import Message, decode, encode
from pybayeux.errors import MessageDecodeError
from pybayeux.transports.slicing import slices_of

TRAP = {"channel": "/x", "data": {"a": "te}, {xt", "b": [{"x": 1}, {"y": [{}, {}]}]}}


def decoded(body: bytes, size: int = 10**8) -> list[list[Message]]:
    """The slices that are not empty, of a body that comes in pieces of a size."""
    return [each.messages for each in slices_of(pieces_of(body, size)) if each.messages]


def pieces_of(body: bytes, size: int) -> deque[bytes]:
    return deque(body[start : start + size] for start in range(0, len(body), size))


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": "), (" ,\n", ":")])
@pytest.mark.parametrize(
    "events",
    [
        [{"channel": "/x", "data": number} for number in range(40_000)],
        [TRAP | {"id": str(number)} for number in range(10_000)],
        [TRAP | {"id": number, "x-more": [{}, {}]} for number in range(10_000)],
        [{"channel": "/x", "data": [{"n": number} for number in range(50_000)]}, TRAP, TRAP],
        [TRAP],
        [],
    ],
    ids=["plain", "traps", "lenient", "large", "one", "none"],
)
@pytest.mark.parametrize("size", [65_536, 10**8])
def test_all_slices_together_are_the_batch(events: list[object], separators: tuple[str, str], size: int) -> None:
    body = json.dumps(events, separators=separators).encode()
    slices = decoded(body, size)
    assert encode([message for part in slices for message in part]) == encode(decode(body))
    assert len(slices) > 1 or len(events) < 4


def test_no_slice_is_large() -> None:
    body = json.dumps([TRAP] * 20_000).encode()
    assert max(map(len, decoded(body))) < 5000


def test_a_piece_is_let_go_of_when_it_is_decoded() -> None:
    pieces = pieces_of(json.dumps([TRAP] * 30_000).encode(), 65_536)
    count = len(pieces)
    slices = slices_of(pieces)
    next(slices)
    assert len(pieces) > count / 2
    assert [each for each in slices if each.messages]
    assert not pieces


def test_damage_costs_itself_alone() -> None:
    body = json.dumps([TRAP] * 10_000).encode().replace(b'"te}, {xt"', b"NaN", 300)
    slices = list(slices_of([body]))
    assert sum(len(part.messages) for part in slices) == 10_000
    assert sum(len(part.damaged) for part in slices) == 300


def test_one_large_event_that_is_damaged_leaves_the_others() -> None:
    large = b'{"channel":"/large","data":[NaN,%b]}' % b",".join([b'{"x":1}'] * 400_000)
    slices = decoded(b'[{"channel":"/a"},%b,{"channel":"/b"}]' % large)
    assert [message.channel for part in slices for message in part] == ["/a", "", "/b"]


@pytest.mark.parametrize(
    "body",
    [
        b"[" + b"1," * 10**6 + b"1]",
        b"[" + b"{}," * 10**6 + b"{}]",
        b"[" * 10**6,
        json.dumps([TRAP] * 5000).encode()[:-50],
        json.dumps([TRAP] * 5000).encode() + b"x",
        b"<html>" * 10**5,
    ],
    ids=["numbers", "empty", "deep", "cut", "more", "html"],
)
def test_what_is_no_batch_is_refused(body: bytes) -> None:
    with pytest.raises(MessageDecodeError):
        decoded(body)


def test_what_is_cut_between_two_pieces_is_refused_after_the_slices_before() -> None:
    slices = slices_of(pieces_of(json.dumps([{"channel": "/x", "data": 1}] * 50_000).encode()[:-10], 65_536))
    assert next(slices).messages
    with pytest.raises(MessageDecodeError):
        list(slices)


def test_messages_are_limited() -> None:
    with pytest.raises(MessageDecodeError, match="more than 2097152 messages"):
        for _ in slices_of([b"[" + b'{"channel":"/"},' * (2**21 + 1) + b"{}]"]):
            pass
