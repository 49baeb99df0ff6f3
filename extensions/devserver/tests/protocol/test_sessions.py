from __future__ import annotations

from extensions.devserver.tests.engine_client import Clock
from pybayeux_devserver.protocol.exchange import Caller
from pybayeux_devserver.protocol.queues import PlainQueue
from pybayeux_devserver.protocol.sessions import Hold, Session, Sessions


def _session(sessions: Sessions, browser: str | None = None) -> Session:
    return sessions.create(browser=browser, token=None, queue=PlainQueue(connect_only=False))


def test_session_without_requests_expires() -> None:
    clock = Clock()
    sessions = Sessions(lifetime=10, clock=clock)
    session = _session(sessions)
    clock.now += 9.9
    assert sessions.find(session.client_id, Caller()) is session
    sessions.touch(session)
    clock.now += 9.9
    assert session in sessions
    clock.now += 0.1
    assert sessions.find(session.client_id, Caller()) is None
    assert list(sessions) == []


def test_session_with_a_held_connect_does_not_expire() -> None:
    clock = Clock()
    sessions = Sessions(lifetime=10, clock=clock)
    session = _session(sessions)
    session.hold = Hold({}, 30, advised=False)
    clock.now += 100
    assert list(sessions) == [session]


def test_a_session_is_bound_to_its_cookie() -> None:
    sessions = Sessions(lifetime=10, clock=Clock())
    bound, free = _session(sessions, "b"), _session(sessions)
    assert sessions.find(bound.client_id, Caller(browser="b")) is bound
    assert sessions.find(bound.client_id, Caller()) is None
    assert sessions.find(bound.client_id, Caller(browser="other")) is None
    assert sessions.find(bound.client_id, Caller(browser="other", trusted=True)) is bound
    assert sessions.find(free.client_id, Caller(browser="whatever")) is free
    assert sessions.find(7, Caller(trusted=True)) is None


def test_event_wakes_the_held_connect() -> None:
    session = _session(Sessions(lifetime=10, clock=Clock()))
    session.deliver({"data": 0})
    woken: list[str] = []
    session.hold = Hold({}, 30, advised=False)
    session.hold.when_woken(lambda: woken.append("yes"))
    assert woken == []
    session.deliver({"data": 1})
    assert woken == ["yes"]
    assert session.queue.take() == [{"data": 0}, {"data": 1}]


class Stream:
    """Counts the calls."""

    def __init__(self) -> None:
        self.flushed = 0

    def flush(self, session: Session) -> None:
        self.flushed += 1

    def end_session(self, session: Session) -> None: ...


def test_stream_carries_events_and_the_connect_stays_held() -> None:
    session, stream, woken = _session(Sessions(lifetime=10, clock=Clock())), Stream(), list[str]()
    session.attach(stream)
    assert (session.streaming, stream.flushed) == (True, 0)
    session.hold = Hold({}, 30, advised=False)
    session.hold.when_woken(lambda: woken.append("yes"))
    session.deliver({"data": 1})
    assert (woken, stream.flushed) == ([], 1)
    session.attach(None)
    session.deliver({"data": 2})
    assert (woken, stream.flushed) == (["yes"], 1)


def test_new_stream_receives_queued_events() -> None:
    session, stream = _session(Sessions(lifetime=10, clock=Clock())), Stream()
    session.deliver({"data": 1})
    session.attach(stream)
    assert stream.flushed == 1


def test_stream_carries_no_events_of_a_connect_only_queue() -> None:
    sessions, stream = Sessions(lifetime=10, clock=Clock()), Stream()
    session = sessions.create(browser=None, token=None, queue=PlainQueue(connect_only=True))
    session.deliver({"data": 1})
    session.attach(stream)
    session.deliver({"data": 2})
    assert (session.streaming, stream.flushed) == (False, 0)


def test_wake_before_a_callback_is_set_is_not_missed() -> None:
    hold = Hold({}, 30, advised=False)
    hold.supersede()
    woken: list[str] = []
    hold.when_woken(lambda: woken.append("yes"))
    assert woken == ["yes"]
    assert hold.superseded


def test_client_ids_are_alphanumeric_and_unique() -> None:
    sessions = Sessions(lifetime=10, clock=Clock())
    ids = {_session(sessions).client_id for _ in range(100)}
    assert len(ids) == 100
    assert all(client_id.isalnum() and len(client_id) >= 32 for client_id in ids)
