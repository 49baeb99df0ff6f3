from __future__ import annotations

from pybayeux_devserver.queues import PlainQueue


def test_what_was_taken_is_gone() -> None:
    queue = PlainQueue(connect_only=False)
    queue.put({"data": 1})
    queue.put({"data": 2})
    assert queue
    assert queue.take() == [{"data": 1}, {"data": 2}]
    assert not queue
    assert queue.take() == []
