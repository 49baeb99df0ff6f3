from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pybayeux import Message, decode, encode
from pybayeux_opentelemetry.event_metadata import EventMetadata, read_metadata

_CREATED = "2026-11-23T20:56:10.420Z"
_SECONDS = datetime(2026, 11, 23, 20, 56, 10, 420_000, UTC).timestamp()


def _received(data: Any, **fields: Any) -> Message:
    [message] = decode(encode([Message(channel="/a", data=data, **fields)]))
    return message


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"event": {"replayId": 5, "createdDate": _CREATED}, "sobject": {}}, EventMetadata(_SECONDS, 5)),
        ({"event": {"replayId": 5, "createdDate": _CREATED}, "payload": "text"}, EventMetadata(_SECONDS, 5)),
        ({"event": {"replayId": 5}, "payload": {"CreatedDate": _CREATED, "Text__c": "a"}}, EventMetadata(_SECONDS, 5)),
        (
            {"event": {"replayId": 5}, "payload": {"ChangeEventHeader": {"commitTimestamp": 1795467370420}}},
            EventMetadata(_SECONDS, 5),
        ),
        ({"payload": {"CreatedDate": "2026-11-23T20:56:10.420+0000"}}, EventMetadata(_SECONDS, None)),
        ({"payload": {"CreatedDate": "2026-11-23T20:56:10.420"}}, EventMetadata(_SECONDS, None)),
        ({"event": {"replayId": 5}}, EventMetadata(None, 5)),
        ({"event": {"createdDate": "yesterday"}}, EventMetadata(None, None)),
        ({"event": {"replayId": "five"}}, EventMetadata(None, None)),
        ({"event": "party", "payload": 7}, EventMetadata(None, None)),
        (
            {"payload": {"ChangeEventHeader": {"commitTimestamp": "now"}}, "event": {"replayId": 5}},
            EventMetadata(None, 5),
        ),
        ({}, EventMetadata(None, None)),
        ([1], EventMetadata(None, None)),
        ("text", EventMetadata(None, None)),
        (None, EventMetadata(None, None)),
    ],
)
def test_metadata_is_read_from_the_event(data: Any, expected: EventMetadata) -> None:
    assert read_metadata(_received(data)) == expected


@pytest.mark.parametrize("timestamp", ["Mon Nov 23 20:56:10 UTC 2026", "2026-11-23T20:56:10.00"])
def test_the_message_timestamp_is_the_fallback(timestamp: str) -> None:
    whole = float(int(_SECONDS))
    assert read_metadata(_received({"n": 1}, timestamp=timestamp)) == EventMetadata(whole, None)
    assert read_metadata(_received({"event": {"createdDate": _CREATED}}, timestamp=timestamp)) == EventMetadata(
        _SECONDS, None
    )


def test_an_unreadable_timestamp_is_none() -> None:
    assert read_metadata(_received(1, timestamp="noon")) == EventMetadata(None, None)


def test_data_that_is_not_json_has_no_metadata() -> None:
    assert read_metadata(Message(channel="/a", data=object())) == EventMetadata(None, None)
    assert read_metadata(Message(channel="/a")) == EventMetadata(None, None)


def test_reading_leaves_the_data_unchanged() -> None:
    raw = b'[{"channel":"/a","data":{"event": {"replayId" : 5}, "n": 1.0}}]'
    [message] = decode(raw)
    read_metadata(message)
    assert message.raw_data == b'{"event": {"replayId" : 5}, "n": 1.0}'
