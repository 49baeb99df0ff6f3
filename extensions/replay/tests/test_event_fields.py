from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pybayeux import Message, decode
from pybayeux_replay.event_fields import event_time, event_uuid, read_key, transaction_key

TOPIC = {
    "event": {"createdDate": "2016-03-29T16:40:08.208Z", "replayId": 13, "type": "created"},
    "sobject": {"Id": "a"},
}
GENERIC = {"event": {"createdDate": "2016-03-29T16:40:08.208+0000", "replayId": 55}, "payload": "any text"}
PLATFORM = {
    "schema": "dffQ2",
    "payload": {"CreatedDate": "2026-01-02T03:04:05.006Z", "CreatedById": "005", "X__c": 1},
    "event": {"replayId": 2**40, "EventUuid": "2ec0a371", "EventApiName": "Low_Ink__e"},
}
OLD_PLATFORM = {"payload": {"ReplayId": None, "Id": None}, "event": {"schema": "_c1", "replayId": 7}}
CHANGE = {
    "schema": "x",
    "payload": {"ChangeEventHeader": {"transactionKey": "0001-2", "commitTimestamp": 1_700_000_000_123}, "Name": "n"},
    "event": {"replayId": 0},
}


def _event(data: Any) -> Message:
    return Message(channel="/x", data=data)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (TOPIC, (13, ("/x", 13))),
        (GENERIC, (55, ("/x", 55))),
        (PLATFORM, (2**40, "2ec0a371")),
        (OLD_PLATFORM, (7, ("/x", 7))),
        (CHANGE, (0, ("/x", 0))),
        ({"event": {"replayId": 7, "EventUuid": 12}}, (7, ("/x", 7))),
        ({"event": {"replayId": 7, "EventUuid": ""}}, (7, ("/x", 7))),
        ({"event": {"createdDate": "2026"}}, None),
        ({"event": {"EventUuid": "u"}}, None),
        ({"replayId": 7}, None),
        ({"event": "replayId", "replayId": 7}, None),
        ({"event": {"replayId": "7"}}, None),
        (["replayId"], None),
        ("replayId", None),
        (None, None),
    ],
)
def test_the_replay_id_and_the_key_of_an_event(data: Any, expected: Any) -> None:
    assert read_key(_event(data)) == expected


def test_reading_does_not_decode_the_data() -> None:
    (message,) = decode(b'[{"channel":"/x","data":{"event": {"replayId" : 12}, "big": [1, 2, 3]}}]')
    assert read_key(message) == (12, ("/x", 12))
    assert event_time(message) is None
    assert message.raw_data == b'{"event": {"replayId" : 12}, "big": [1, 2, 3]}'


def test_a_message_without_data_has_no_fields() -> None:
    message = Message(channel="/x")
    assert read_key(message) is None
    assert (event_time(message), event_uuid(message), transaction_key(message)) == (None, None, None)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (TOPIC, datetime(2016, 3, 29, 16, 40, 8, 208_000, tzinfo=UTC)),
        (GENERIC, datetime(2016, 3, 29, 16, 40, 8, 208_000, tzinfo=UTC)),
        (PLATFORM, datetime(2026, 1, 2, 3, 4, 5, 6_000, tzinfo=UTC)),
        (CHANGE, datetime.fromtimestamp(1_700_000_000.123, UTC)),
        ({"payload": {"CreatedDate": 1_700_000_000_000}, "event": {}}, datetime.fromtimestamp(1_700_000_000, UTC)),
        ({"event": {"createdDate": "2026-01-02T03:04:05"}}, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ({"event": {"createdDate": "yesterday"}}, None),
        ({"event": {"createdDate": True}}, None),
        ({"event": {"createdDate": 10**300}}, None),
        ({"payload": {"ChangeEventHeader": {}}, "event": {"createdDate": "2026-01-02"}}, None),
        (OLD_PLATFORM, None),
        ({"event": 1}, None),
    ],
)
def test_the_time_of_an_event(data: Any, expected: datetime | None) -> None:
    assert event_time(_event(data)) == expected


def test_the_own_id_of_an_event() -> None:
    assert [event_uuid(_event(data)) for data in (PLATFORM, TOPIC, {"event": {"EventUuid": 1}})] == [
        "2ec0a371",
        None,
        None,
    ]


@pytest.mark.parametrize("data", [TOPIC, GENERIC, PLATFORM, {"payload": {"ChangeEventHeader": {"transactionKey": 1}}}])
def test_only_change_events_have_a_transaction(data: Any) -> None:
    assert transaction_key(_event(CHANGE)) == "0001-2"
    assert transaction_key(_event(data)) is None


def test_a_payload_that_a_receiver_has_changed_is_no_error() -> None:
    message = _event({"event": {"replayId": object()}})
    assert (read_key(message), event_time(message)) == (None, None)


@pytest.mark.parametrize(
    "value", [b'"cut \\ud83d"', b"NaN", b'"a\nb"', b"[" * 5000 + b"]" * 5000], ids=lambda value: ascii(value[:9])
)
@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'{"payload":{"event":{"replayId":1},"text":%b},"event":{"replayId":7}}', (7, ("/x", 7))),
        (b'{"event":{"EventUuid":"u1","replayId": 7},"sobject":%b}', (7, "u1")),
        (b'{"event":{"replayId":7,"other":%b}}', (7, ("/x", 7))),
        (b'{"payload":%b}', None),
        (b"[%b]", None),
    ],
)
def test_a_damaged_event_has_its_replay_id_all_the_same(data: bytes, value: bytes, expected: Any) -> None:
    (event,) = decode(b'[{"channel":"/x","data":%b}]' % (data % value))
    assert read_key(event) == expected
    assert (event_time(event), transaction_key(event)) == (None, None)
