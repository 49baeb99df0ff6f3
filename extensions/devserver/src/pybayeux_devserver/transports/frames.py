"""Messages in WebSocket frames: which of them share a frame. Nothing is sent here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..options import Json
    from ..protocol.exchange import Answer

__all__ = ("answer_frames", "batches", "frame")


def frame(messages: Sequence[Json]) -> str:
    """The text of one frame."""
    return msgspec.json.encode(messages).decode()


def batches(events: Sequence[Json], size: int) -> list[Sequence[Json]]:
    """Events in groups of at most `size`."""
    return [events[start : start + size] for start in range(0, len(events), size)]


def answer_frames(answer: Answer, size: int) -> list[str]:
    """The frames of an answer: one for its replies, others for its events, before or after it."""
    texts = []
    for messages in answer.parts:
        if messages is answer.replies:
            texts += [frame(messages)] if messages else []
        else:
            texts += [frame(batch) for batch in batches(messages, size)]
    return texts
