from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from extensions.cassette.tests.streams import event, state, written
from pybayeux.testing import Harness, in_virtual_time
from pybayeux_cassette import Recorder, Target, play, read_cassette

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pybayeux_cassette import Cassette, RecordedEvent, RecordedState
    from pybayeux_cassette.lines import Record

NIGHT = 8 * 3600.0


@pytest.fixture
def cassette(tmp_path: Path) -> Cassette:
    records: list[Record] = [
        event(1, "/a", 1),
        event(1, "/b", 2),
        state(60, "unconnected"),
        state(61, "connected"),
        event(NIGHT, "/a", 3),
    ]
    return written(tmp_path / "night.jsonl", *records)


@pytest.mark.parametrize(("speed", "times"), [(1, [1, 1, NIGHT]), (10, [0.1, 0.1, NIGHT / 10]), (None, [0, 0, 0])])
@in_virtual_time
async def test_events_come_at_their_time(cassette: Cassette, speed: float | None, times: list[float]) -> None:
    loop = asyncio.get_running_loop()
    start, got, counted = loop.time(), list[tuple[float, str, Any]](), list[int]()

    async def publish(channel: str, data: Any) -> None:
        got.append((loop.time() - start, channel, data))
        await asyncio.sleep(0.02)  # what publishing takes does not add up

    assert await play(cassette, publish, speed=speed, on_event=counted.append) == 3
    assert [each[1:] for each in got] == [("/a", 1), ("/b", 2), ("/a", 3)]
    assert [each[0] for each in got] == pytest.approx(times, abs=0.05)
    assert counted == [1, 2, 3]


@pytest.mark.parametrize("speed", [0, -1, float("nan")])
@in_virtual_time
async def test_a_wrong_speed_is_refused(cassette: Cassette, speed: float) -> None:
    with pytest.raises(ValueError, match="speed: expected more than 0"):
        await play(cassette, print, speed=speed)


class Units(Target):
    """Publishes together what has the same replay id."""

    def __init__(self) -> None:
        self.published: list[list[Any]] = []

    def unit_of(self, event: RecordedEvent) -> object | None:
        return event.replay_id

    async def publish(self, events: Sequence[RecordedEvent]) -> None:
        self.published.append([each.data for each in events])

    async def repeat(self, state: RecordedState) -> None:
        self.published.append([state.state])


@pytest.mark.parametrize("incidents", [False, True])
@in_virtual_time
async def test_what_belongs_together_is_published_together(tmp_path: Path, incidents: bool) -> None:
    units = [(1, 7), (2, 7), (3, None), (4, None), (5, 8)]
    records = [event(1, "/a", data, replay_id=unit) for data, unit in units]
    cassette = written(tmp_path / "a.jsonl", *records, state(2, "unconnected"), event(3, "/a", 6, replay_id=8))
    target = Units()
    assert await play(cassette, target, incidents=incidents) == 6
    assert target.published == [[1, 2], [3], [4], [5], *([["unconnected"]] if incidents else []), [6]]


@in_virtual_time
async def test_a_night_in_virtual_time(cassette: Cassette, tmp_path: Path) -> None:
    """What is played and recorded again is the same."""
    again = Recorder(tmp_path / "again.jsonl", clock=asyncio.get_running_loop().time)
    async with Harness(again) as harness:
        with again:
            await harness.subscribe("/**", again.write)
            await play(cassette, harness.server.push)
            await harness.settle()
    copy = list(read_cassette(again.path).events)
    assert [(each.channel, each.data) for each in copy] == [(each.channel, each.data) for each in cassette.events]
    assert [each.at for each in copy] == pytest.approx([each.at for each in cassette.events], abs=0.5)
