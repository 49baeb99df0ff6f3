from __future__ import annotations

from typing import Any

from pybayeux_salesforce_emulator.faults import rewrites

REPLY: Any = {"channel": "/meta/connect", "id": "7", "successful": True, "advice": {"timeout": 110_000}}
EVENTS: Any = [{"channel": "/event/X__e", "data": {"n": n}} for n in range(4)]


def test_unsolicited_messages_come_first() -> None:
    [stray, *rest] = rewrites.unknown_channel([REPLY])
    assert "data" in stray
    [meta, *_] = rewrites.unknown_meta([REPLY])
    assert meta["channel"] == "/meta/reconsider"
    [disconnect_first, *_] = rewrites.leading_disconnect([REPLY])
    assert disconnect_first == {"channel": "/meta/disconnect"}
    assert rest == [REPLY]


def test_a_failed_subscribe() -> None:
    [failure, _] = rewrites.subscribe_failure([REPLY], subscription="/event/X__e", error="403::No")
    assert failure == {
        "channel": "/meta/subscribe",
        "subscription": "/event/X__e",
        "error": "403::No",
        "successful": False,
    }


def test_ids() -> None:
    assert rewrites.numeric_ids([REPLY, {"id": "x"}, {}]) == [{**REPLY, "id": 7}, {"id": "x"}, {}]
    assert "id" not in rewrites.missing_ids([REPLY])[0]


def test_a_pause() -> None:
    [reply, event] = rewrites.interval([REPLY, EVENTS[0]], milliseconds=250)
    assert reply["advice"] == {"reconnect": "retry", "interval": 250, "timeout": 110_000}
    assert event is EVENTS[0]


def test_another_order() -> None:
    shuffled = rewrites.shuffled([REPLY, *EVENTS])
    assert shuffled == [*EVENTS[:2], REPLY, *EVENTS[2:]]


def test_nothing_is_changed_in_place() -> None:
    before = {**REPLY}
    for change in (rewrites.numeric_ids, rewrites.missing_ids, rewrites.interval):
        change([REPLY])
    assert before == REPLY
