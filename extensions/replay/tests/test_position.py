from __future__ import annotations

from typing import Any

import pytest

from pybayeux import Message, decode
from pybayeux_replay.position import place, replay_id, wire_key


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"event": {"replayId": 7}, "sobject": {"Id": "a"}}, 7),
        ({"schema": "x", "payload": {"CreatedDate": "2026"}, "event": {"replayId": 2**40, "EventUuid": "u"}}, 2**40),
        ({"payload": {"ReplayId": None, "Id": None}, "event": {"schema": "_c1", "replayId": 7}}, 7),
        ({"payload": {"ChangeEventHeader": {"recordIds": ["1"]}}, "event": {"replayId": 0}}, 0),
        ({"event": {"createdDate": "2026"}}, None),
        ({"replayId": 7}, None),
        ({"event": "replayId", "replayId": 7}, None),
        ({"event": {"replayId": "7"}}, None),
        (["replayId"], None),
        ("replayId", None),
        (None, None),
    ],
)
def test_the_replay_id_of_an_event(data: Any, expected: int | None) -> None:
    assert replay_id(Message(channel="/x", data=data)) == expected


def test_the_replay_id_is_found_without_decoding_the_payload_for_the_receiver() -> None:
    (message,) = decode(b'[{"channel":"/x","data":{"event": {"replayId" : 12}, "big": [1, 2, 3]}}]')
    assert replay_id(message) == 12
    assert message.raw_data == b'{"event": {"replayId" : 12}, "big": [1, 2, 3]}'


def test_a_message_without_data_has_no_replay_id() -> None:
    assert replay_id(Message(channel="/x")) is None


def test_the_server_looks_for_a_filtered_topic_under_its_name_without_filter() -> None:
    assert wire_key("/topic/Cases?Priority=High&Status=New") == "/topic/Cases"
    assert wire_key("/event/Order__e") == "/event/Order__e"


def test_places() -> None:
    assert [place("latest"), place("earliest"), place(-1), place(-2), place(4711)] == [-1, -2, -1, -2, 4711]


@pytest.mark.parametrize("since", ["newest", -3])
def test_a_place_that_is_none(since: Any) -> None:
    with pytest.raises(ValueError, match=r"neither 'latest' nor 'earliest'"):
        place(since)
