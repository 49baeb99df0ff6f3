from __future__ import annotations

import json

import pytest

from pybayeux_devserver.options import Order
from pybayeux_devserver.protocol.exchange import Answer
from pybayeux_devserver.transports.frames import answer_frames, batches, frame

REPLIES = [{"id": "1"}, {"id": "2"}]
EVENTS = [{"data": "a"}, {"data": "ü"}, {"data": "c"}]


def test_a_frame_is_an_array() -> None:
    assert frame(EVENTS[:2]) == '[{"data":"a"},{"data":"ü"}]'


@pytest.mark.parametrize(("size", "sizes"), [(1, [1, 1, 1]), (2, [2, 1]), (10, [3])])
def test_events_share_frames_up_to_a_size(size: int, sizes: list[int]) -> None:
    assert [len(batch) for batch in batches(EVENTS, size)] == sizes


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (Order.EVENTS_FIRST, [EVENTS[:2], EVENTS[2:], REPLIES]),
        (Order.REPLY_FIRST, [REPLIES, EVENTS[:2], EVENTS[2:]]),
    ],
)
def test_replies_share_their_own_frame(order: Order, expected: object) -> None:
    frames = answer_frames(Answer(REPLIES, EVENTS, order), 2)
    assert [json.loads(text) for text in frames] == expected


def test_empty_answer_has_no_frame() -> None:
    assert answer_frames(Answer(), 1) == []
