from __future__ import annotations

from pybayeux import Advice, Channel, Message
from pybayeux_salesforce.session import SessionLifetimes, complete_advice


def _lives(lifetimes: SessionLifetimes, *spans: float) -> list[str]:
    found, now = [], 0.0
    for span in spans:
        lifetimes.started(now)
        now += span
        found.append(lifetimes.lost(now))
    return found


def test_short_sessions_are_diagnosed_once() -> None:
    found = _lives(SessionLifetimes(), 0.1, 5, 0.1, 0.1, 0.1)
    assert [bool(words) for words in found] == [False, False, True, False, False]
    assert "cookies" in found[2]
    assert "proxy" in found[2]
    assert "another client" in found[2]


def test_long_sessions_are_not_diagnosed() -> None:
    assert _lives(SessionLifetimes(), *[3600.0] * 10) == [""] * 10


def test_a_long_session_resets_the_count() -> None:
    found = _lives(SessionLifetimes(), 1, 1, 3600, 1, 1, 1)
    assert [bool(words) for words in found] == [False, False, False, False, False, True]


def test_a_loss_is_counted_once() -> None:
    lifetimes = SessionLifetimes()
    lifetimes.started(0)
    assert [lifetimes.lost(1) for _ in range(5)] == [""] * 5


def test_missing_timeouts_are_added() -> None:
    reply = Message(channel=Channel.META_HANDSHAKE, successful=True)
    complete_advice(reply, 40.0)
    assert reply.advice is not None
    assert (reply.advice.timeout, reply.advice.max_interval) == (110_000, 40_000)
    assert reply.advice.reconnect is None


def test_timeouts_of_the_server_are_kept() -> None:
    advice = Advice(reconnect="retry", interval=0, timeout=1100, max_interval=400)
    reply = Message(channel=Channel.META_HANDSHAKE, successful=True, advice=advice)
    complete_advice(reply, 40.0)
    assert reply.advice == Advice(reconnect="retry", interval=0, timeout=1100, max_interval=400)
