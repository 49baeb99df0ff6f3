"""What a record has of an event."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pybayeux import Message, decode
from pybayeux_relay import Record, RecordError, Records

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def _change(*record_ids: Any) -> Message:
    header = {"recordIds": list(record_ids), "changeType": "UPDATE"}
    data = {"payload": {"ChangeEventHeader": header, "Name": "tea"}, "event": {"replayId": 7, "EventUuid": "2ec0"}}
    return Message(channel="/data/AccountChangeEvent", data=data)


def test_a_change_of_one_record_has_its_id_as_the_key() -> None:
    (event,) = decode(
        b'[{"channel": "/data/AccountChangeEvent", "data": {"event": {"replayId": 7, "EventUuid": "2ec0"}, "payload": '
        b'{"ChangeEventHeader": {"recordIds": ["0015g"]}}}}]'
    )
    assert Records().of(event, NOON) == Record(
        "/data/AccountChangeEvent",
        7,
        "2ec0",
        NOON,
        "0015g",
        '{"event": {"replayId": 7, "EventUuid": "2ec0"}, "payload": {"ChangeEventHeader": {"recordIds": ["0015g"]}}}',
    )


@pytest.mark.parametrize("event", [_change(), _change("a", "b"), _change(7)])
def test_a_change_of_none_or_several_records_has_no_key(event: Message) -> None:
    assert Records().of(event, NOON).key is None


@pytest.mark.parametrize("data", [7, "text", None, [], {"payload": []}, {"payload": {"ChangeEventHeader": "x"}}])
def test_other_events_have_no_key_and_any_json(data: Any) -> None:
    record = Records().of(Message(channel="/orders", data=data), NOON)
    assert (record.key, record.replay_id, record.event_id) == (None, None, None)
    assert Message(channel="/orders", data=data).raw_data.decode() == record.data


def test_an_event_without_data_is_null() -> None:
    assert Records().of(Message(channel="/orders"), NOON).data == "null"


@pytest.mark.parametrize(
    ("path", "key"), [("item", "tea"), ("buyer.id", "17"), ("buyer", None), ("buyer.name", None), ("lines.0", None)]
)
def test_the_key_is_where_the_path_says(path: str, key: str | None) -> None:
    event = Message(channel="/orders", data={"item": "tea", "buyer": {"id": 17}, "lines": ["a"]})
    assert Records(path).of(event, NOON).key == key


@pytest.mark.parametrize("path", ["", "buyer.", ".id"])
def test_a_path_with_an_empty_name_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match=r"expected names of members, such as 'payload\.OrderId__c'"):
        Records(path)


@pytest.mark.parametrize("data", [b'{"a": NaN}', b'{"a": "\xff"}', b"[" * 5000 + b"]" * 5000])
@pytest.mark.parametrize("path", [None, "a"])
def test_an_event_that_is_no_json_has_no_record(data: bytes, path: str | None) -> None:
    (event,) = decode(b'[{"channel": "/orders", "data": ' + data + b"}]")
    with pytest.raises(RecordError, match="an event of /orders is no JSON"):
        Records(path).of(event, NOON)
