from __future__ import annotations

from itertools import pairwise

import pytest

from pybayeux_salesforce_emulator.events.channel_log import ChannelLog
from pybayeux_salesforce_emulator.events.channels import Product
from pybayeux_salesforce_emulator.events.event import Event


def _log(count: int = 5, *, first: int | None = 10, gap: int = 5) -> ChannelLog:
    log = ChannelLog("seed", gap=gap, first=first)
    for number in range(count):
        log.append(_event(number), offset=number * 10)
    return log


def _event(number: int) -> Event:
    return Event(product=Product.GENERIC, name="News", content=number, uuid=str(number), created=float(number))


def _ids(log: ChannelLog) -> list[int]:
    return [entry.replay_id for entry in log.entries]


def test_ids_rise_with_gaps() -> None:
    ids = _ids(_log(100))
    assert ids[0] == 10
    steps = {after - before for before, after in pairwise(ids)}
    assert steps == {1, 2, 3, 4, 5}


def test_first_id_depends_on_the_seed() -> None:
    assert _ids(_log(first=None)) == _ids(_log(first=None))


def test_a_jump() -> None:
    log = _log(1)
    log.jump(2**53)
    assert log.append(_event(2), 99).replay_id > 2**53


def test_events_after_an_offset() -> None:
    log = _log(5)
    assert [entry.offset for entry in log.since(10, 100)] == [20, 30, 40]
    assert [entry.offset for entry in log.since(-1, 2)] == [0, 10]
    assert list(log.since(40, 100)) == []


def test_finding_events_by_id() -> None:
    log = _log(3, gap=1)
    assert log.newest == 12
    found = log.find(11)
    assert found is not None
    assert found.event.content == 1
    assert log.find(13) is None
    before = log.at_or_before(99)
    assert before is not None
    assert before.replay_id == 12
    assert log.at_or_before(9) is None


def test_purging() -> None:
    log = _log(5, gap=1)
    assert log.purge_before(12) == 2
    assert _ids(log) == [12, 13, 14]
    log.purge_older(3.0)
    assert _ids(log) == [13, 14]
    assert log.purge_before(None) == 2
    assert log.newest == 14


def test_forgetting() -> None:
    log = _log(3, gap=1)
    assert log.forget(11)
    assert not log.forget(11)
    assert _ids(log) == [10, 12]


def test_colliding_new_ids_skip_an_event() -> None:
    log = _log(3)
    old = _ids(log)
    renumbered = log.renumber(collide=True)
    assert renumbered == dict(zip(old, _ids(log), strict=True))
    entry = log.find(old[0])
    assert entry is not None
    assert entry.event.content == 1, "the old id of event 0 is the new id of event 1"
    assert log.append(_event(9), 99).replay_id == old[-1]


def test_new_ids_that_do_not_collide() -> None:
    log = _log(3)
    old = _ids(log)
    log.renumber(collide=False)
    assert min(_ids(log)) > max(old)
    assert [entry.event.content for entry in log.entries] == [0, 1, 2]


@pytest.mark.parametrize("collide", [True, False])
def test_renumbering_nothing(collide: bool) -> None:
    assert _log(0).renumber(collide=collide) == {}
