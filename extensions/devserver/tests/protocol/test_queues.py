from __future__ import annotations

from pybayeux_devserver.protocol.queues import PlainQueue


def test_what_was_taken_is_gone() -> None:
    queue = PlainQueue(connect_only=False)
    queue.put({"data": 1})
    queue.put({"data": 2})
    assert queue
    assert queue.take() == [{"data": 1}, {"data": 2}]
    assert not queue
    assert queue.take() == []


def test_what_could_not_be_sent_comes_first_again() -> None:
    queue = PlainQueue(connect_only=False)
    queue.put({"data": 3})
    queue.put_back([{"data": 1}, {"data": 2}])
    assert queue.take() == [{"data": 1}, {"data": 2}, {"data": 3}]
