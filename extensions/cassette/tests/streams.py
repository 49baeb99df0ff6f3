"""Helper: cassettes for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pybayeux_cassette import Cassette, Header, RecordedEvent, RecordedState, read_cassette
from pybayeux_cassette.lines import encode_line

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ("event", "state", "written")


def event(at: float, channel: str, data: Any, **more: Any) -> RecordedEvent:
    return RecordedEvent(at=at, channel=channel, data=data, **more)


def state(at: float, name: str) -> RecordedState:
    return RecordedState(at=at, state=name)


def written(path: Path, *records: RecordedEvent | RecordedState, channels: tuple[str, ...] = ()) -> Cassette:
    """A cassette with these lines."""
    header = Header(bayeux_cassette=1, recorded_at="2026-11-29T16:00:00.000Z", channels=channels)
    path.write_bytes(b"".join(map(encode_line, (header, *records))))
    return read_cassette(path)
