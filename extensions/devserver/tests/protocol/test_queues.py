from __future__ import annotations

from pybayeux_devserver.protocol.queues import PlainQueue


def test_taken_events_are_removed() -> None:
    queue = PlainQueue(connect_only=False)
    queue.put({"data": 1})
    queue.put({"data": 2})
    assert queue
    assert queue.take() == [{"data": 1}, {"data": 2}]
    assert not queue
    assert queue.take() == []


def test_events_put_back_come_first() -> None:
    queue = PlainQueue(connect_only=False)
    queue.put({"data": 3})
    queue.put_back([{"data": 1}, {"data": 2}])
    assert queue.take() == [{"data": 1}, {"data": 2}, {"data": 3}]
