from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pybayeux import EventStamp, Message, decode, encode, read_stamp
from pybayeux.event_stamp import replay_id_of

_CREATED = "2026-11-23T20:56:10.420Z"
_SECONDS = datetime(2026, 11, 23, 20, 56, 10, 420_000, UTC).timestamp()


def _received(data: Any, **fields: Any) -> Message:
    [message] = decode(encode([Message(channel="/a", data=data, **fields)]))
    return message


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"event": {"replayId": 5, "createdDate": _CREATED}, "sobject": {}}, EventStamp(_SECONDS, 5)),
        ({"event": {"replayId": 5, "createdDate": _CREATED}, "payload": "text"}, EventStamp(_SECONDS, 5)),
        ({"event": {"replayId": 5}, "payload": {"CreatedDate": _CREATED, "Text__c": "a"}}, EventStamp(_SECONDS, 5)),
        (
            {"event": {"replayId": 5}, "payload": {"ChangeEventHeader": {"commitTimestamp": 1795467370420}}},
            EventStamp(_SECONDS, 5),
        ),
        ({"payload": {"CreatedDate": "2026-11-23T20:56:10.420+0000"}}, EventStamp(_SECONDS, None)),
        ({"payload": {"CreatedDate": "2026-11-23T20:56:10.420"}}, EventStamp(_SECONDS, None)),
        ({"event": {"replayId": 5}}, EventStamp(None, 5)),
        ({"event": {"createdDate": "yesterday"}}, EventStamp(None, None)),
        ({"event": {"replayId": "five"}}, EventStamp(None, None)),
        ({"event": "party", "payload": 7}, EventStamp(None, None)),
        (
            {"payload": {"ChangeEventHeader": {"commitTimestamp": "now"}}, "event": {"replayId": 5}},
            EventStamp(None, 5),
        ),
        ({}, EventStamp(None, None)),
        ([1], EventStamp(None, None)),
        ("text", EventStamp(None, None)),
        (None, EventStamp(None, None)),
    ],
)
def test_a_stamp_is_read_from_the_event(data: Any, expected: EventStamp) -> None:
    assert read_stamp(_received(data)) == expected


@pytest.mark.parametrize("timestamp", ["Mon Nov 23 20:56:10 UTC 2026", "2026-11-23T20:56:10.00"])
def test_the_message_timestamp_is_the_fallback(timestamp: str) -> None:
    whole = float(int(_SECONDS))
    assert read_stamp(_received({"n": 1}, timestamp=timestamp)) == EventStamp(whole, None)
    assert read_stamp(_received({"event": {"createdDate": _CREATED}}, timestamp=timestamp)) == EventStamp(
        _SECONDS, None
    )


def test_an_unreadable_timestamp_is_none() -> None:
    assert read_stamp(_received(1, timestamp="noon")) == EventStamp(None, None)


def test_data_that_is_not_json_has_no_metadata() -> None:
    assert read_stamp(Message(channel="/a", data=object())) == EventStamp(None, None)
    assert read_stamp(Message(channel="/a")) == EventStamp(None, None)


def test_reading_leaves_the_data_unchanged() -> None:
    raw = b'[{"channel":"/a","data":{"event": {"replayId" : 5}, "n": 1.0}}]'
    [message] = decode(raw)
    read_stamp(message)
    assert message.raw_data == b'{"event": {"replayId" : 5}, "n": 1.0}'


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'{"event": {"replayId": 5}}', 5),
        (b'{"event": {"replayId": 5, "createdDate": 7}}', 5),
        (b'{"payload": NaN, "event": {"replayId": 5}}', 5),
        (b'{"event": {"replayId": "five"}}', None),
        (b'{"event": NaN}', None),
        (b'{"event": null}', None),
        (b'{"event": "party"}', None),
        (b"{}", None),
        (b"[5]", None),
    ],
)
def test_the_replay_id_alone(data: bytes, expected: int | None) -> None:
    [message] = decode(b'[{"channel":"/a","data":%b}]' % data)
    assert replay_id_of(message) == expected


def test_an_event_without_json_has_no_replay_id() -> None:
    assert replay_id_of(Message(channel="/a")) is None
    assert replay_id_of(Message(channel="/a", data=object())) is None
