from __future__ import annotations

from extensions.devserver.tests.conversation import Clock
from pybayeux_devserver.queues import PlainQueue
from pybayeux_devserver.sessions import Hold, Session, Sessions


def _session(sessions: Sessions, browser: str | None = None) -> Session:
    return sessions.create(browser=browser, token=None, queue=PlainQueue(connect_only=False))


def test_a_silent_session_ends() -> None:
    clock = Clock()
    sessions = Sessions(lifetime=10, clock=clock)
    session = _session(sessions)
    clock.now += 9.9
    assert sessions.find(session.client_id, None) is session
    sessions.touch(session)
    clock.now += 9.9
    assert session in sessions
    clock.now += 0.1
    assert sessions.find(session.client_id, None) is None
    assert list(sessions) == []


def test_a_session_whose_connect_is_held_lives_on() -> None:
    clock = Clock()
    sessions = Sessions(lifetime=10, clock=clock)
    session = _session(sessions)
    session.hold = Hold({}, 30, advised=False)
    clock.now += 100
    assert list(sessions) == [session]


def test_a_session_is_bound_to_its_cookie() -> None:
    sessions = Sessions(lifetime=10, clock=Clock())
    bound, free = _session(sessions, "b"), _session(sessions)
    assert sessions.find(bound.client_id, "b") is bound
    assert sessions.find(bound.client_id, None) is None
    assert sessions.find(bound.client_id, "other") is None
    assert sessions.find(free.client_id, "whatever") is free
    assert sessions.find(7, None) is None


def test_an_event_wakes_the_connect_that_waits() -> None:
    session = _session(Sessions(lifetime=10, clock=Clock()))
    session.deliver({"data": 0})
    woken: list[str] = []
    session.hold = Hold({}, 30, advised=False)
    session.hold.when_woken(lambda: woken.append("yes"))
    assert woken == []
    session.deliver({"data": 1})
    assert woken == ["yes"]
    assert session.queue.take() == [{"data": 0}, {"data": 1}]


def test_a_waking_is_not_missed_by_who_listens_later() -> None:
    hold = Hold({}, 30, advised=False)
    hold.supersede()
    woken: list[str] = []
    hold.when_woken(lambda: woken.append("yes"))
    assert woken == ["yes"]
    assert hold.superseded


def test_client_ids_are_alphanumeric_and_unlike() -> None:
    sessions = Sessions(lifetime=10, clock=Clock())
    ids = {_session(sessions).client_id for _ in range(100)}
    assert len(ids) == 100
    assert all(client_id.isalnum() and len(client_id) >= 32 for client_id in ids)
