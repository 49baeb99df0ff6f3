"""Frames of a WebSocket, however they are cut into reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from pybayeux.transports.frames import FrameSplitter

if TYPE_CHECKING:
    from collections.abc import Iterable

_SIZES = (0, 1, 2, 125, 126, 127, 300, 65_535, 65_536)
_TEXT = Opcode.TEXT

sizes = st.sampled_from(_SIZES)
frames = st.lists(
    st.builds(
        lambda opcode, size, fin, rsv1: Frame(opcode, b"x" * size, fin, rsv1),
        st.sampled_from([_TEXT, _TEXT, Opcode.BINARY, Opcode.CONT]),
        sizes,
        st.booleans(),
        st.booleans(),
    )
    | st.builds(Frame, st.sampled_from([Opcode.PING, Opcode.CLOSE]), st.just(b"bye")),
    max_size=12,
)


def on_the_wire(frame: Frame) -> bytes:
    """The library refuses a first byte that is wrong or compressed, so that is set here."""
    data = Frame(_TEXT, frame.data).serialize(mask=False)
    return bytes([frame.fin << 7 | frame.rsv1 << 6 | frame.opcode]) + data[1:]


def is_text(frame: Frame) -> bool:
    return frame.opcode is _TEXT and frame.fin and not frame.rsv1


def cut(data: bytes, places: Iterable[int]) -> list[bytes]:
    ends = sorted({min(place, len(data)) for place in places} | {len(data)})
    return [data[begin:end] for begin, end in zip([0, *ends], ends, strict=False)]


def split(splitter: FrameSplitter, data: bytes) -> list[bytes]:
    """Texts by their payloads, other frames as they are, in order."""
    splitter.feed(data)
    found: list[bytes] = []
    while splitter.take_texts(found):
        if not (frame := splitter.take_frame()):
            break
        found.append(frame)
    return found


@given(frames, st.lists(st.integers(0, 2**18), max_size=20))
def test_every_frame_comes_once_and_in_order(sent: list[Frame], places: list[int]) -> None:
    splitter = FrameSplitter(None)
    reads = cut(b"".join(map(on_the_wire, sent)), places)
    found = [each for read in reads for each in split(splitter, read)]
    assert found == [frame.data if is_text(frame) else on_the_wire(frame) for frame in sent]
    assert splitter.take_all() == b""


@given(st.sampled_from(_SIZES), st.integers(0, 80_000))
def test_what_is_incomplete_waits(size: int, place: int) -> None:
    data = on_the_wire(Frame(_TEXT, b"x" * size))
    splitter = FrameSplitter(None)
    begun = data[: min(place, len(data) - 1)]
    assert split(splitter, begun) == []
    assert splitter.take_all() == begun


def test_texts_are_taken_only_when_they_are_asked_for() -> None:
    splitter = FrameSplitter(None)
    text = on_the_wire(Frame(_TEXT, b"within a fragmented message"))
    splitter.feed(text)
    assert splitter.take_frame() == text


@pytest.mark.parametrize("size", [126, 65_536])
def test_a_frame_that_is_too_large_is_not_waited_for(size: int) -> None:
    splitter = FrameSplitter(125)
    begun = on_the_wire(Frame(_TEXT, b"x" * size))[:20]
    assert split(splitter, on_the_wire(Frame(_TEXT, b"fits")) + begun) == [b"fits", begun]


def test_a_masked_frame_is_not_read_as_a_text() -> None:
    splitter = FrameSplitter(None)
    masked = Frame(_TEXT, b"a server must not mask").serialize(mask=True)
    assert split(splitter, masked + on_the_wire(Frame(_TEXT, b"next"))) == [masked, b"next"]
