from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pybayeux import Message, decode, encode
from pybayeux_opentelemetry.origin import Origin, origin_of

_CREATED = "2026-11-23T20:56:10.420Z"
_SECONDS = datetime(2026, 11, 23, 20, 56, 10, 420_000, UTC).timestamp()


def _received(data: Any, **fields: Any) -> Message:
    [message] = decode(encode([Message(channel="/a", data=data, **fields)]))
    return message


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"event": {"replayId": 5, "createdDate": _CREATED}, "sobject": {}}, Origin(_SECONDS, 5)),
        ({"event": {"replayId": 5, "createdDate": _CREATED}, "payload": "text"}, Origin(_SECONDS, 5)),
        ({"event": {"replayId": 5}, "payload": {"CreatedDate": _CREATED, "Text__c": "a"}}, Origin(_SECONDS, 5)),
        (
            {"event": {"replayId": 5}, "payload": {"ChangeEventHeader": {"commitTimestamp": 1795467370420}}},
            Origin(_SECONDS, 5),
        ),
        ({"payload": {"CreatedDate": "2026-11-23T20:56:10.420+0000"}}, Origin(_SECONDS, None)),
        ({"payload": {"CreatedDate": "2026-11-23T20:56:10.420"}}, Origin(_SECONDS, None)),
        ({"event": {"replayId": 5}}, Origin(None, 5)),
        ({"event": {"createdDate": "yesterday"}}, Origin(None, None)),
        ({"event": {"replayId": "five"}}, Origin(None, None)),
        ({"event": "party", "payload": 7}, Origin(None, None)),
        ({"payload": {"ChangeEventHeader": {"commitTimestamp": "now"}}, "event": {"replayId": 5}}, Origin(None, 5)),
        ({}, Origin(None, None)),
        ([1], Origin(None, None)),
        ("text", Origin(None, None)),
        (None, Origin(None, None)),
    ],
)
def test_what_an_event_says_of_its_origin(data: Any, expected: Origin) -> None:
    assert origin_of(_received(data)) == expected


@pytest.mark.parametrize("timestamp", ["Mon Nov 23 20:56:10 UTC 2026", "2026-11-23T20:56:10.00"])
def test_else_the_time_of_the_message_counts(timestamp: str) -> None:
    whole = float(int(_SECONDS))
    assert origin_of(_received({"n": 1}, timestamp=timestamp)) == Origin(whole, None)
    assert origin_of(_received({"event": {"createdDate": _CREATED}}, timestamp=timestamp)) == Origin(_SECONDS, None)


def test_a_time_that_nobody_understands_is_none() -> None:
    assert origin_of(_received(1, timestamp="noon")) == Origin(None, None)


def test_data_that_another_extension_made_of_it_is_no_trouble() -> None:
    assert origin_of(Message(channel="/a", data=object())) == Origin(None, None)
    assert origin_of(Message(channel="/a")) == Origin(None, None)


def test_the_data_stays_as_it_came() -> None:
    raw = b'[{"channel":"/a","data":{"event": {"replayId" : 5}, "n": 1.0}}]'
    [message] = decode(raw)
    origin_of(message)
    assert message.raw_data == b'{"event": {"replayId" : 5}, "n": 1.0}'
