from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from msgspec import UNSET, Raw, Struct, UnsetType

from pybayeux import Message
from pybayeux_salesforce import (
    ChangeEvent,
    ChangePayload,
    GenericEvent,
    PlatformEvent,
    PushTopicEvent,
    UnknownEventError,
    event_of,
)

_MARCH = datetime(2016, 3, 29, 16, 40, 8, 208_000, UTC)
_PUSH_TOPIC = {
    "event": {"createdDate": "2016-03-29T16:40:08.208Z", "replayId": 13, "type": "created"},
    "sobject": {"Id": "a00xx0000000001AAA", "Name": "Acme"},
}
_GENERIC = {"event": {"createdDate": "2016-03-29T16:40:08.208+0000", "replayId": 55}, "payload": "Hello"}
_PLATFORM = {
    "schema": "dffQ2QLzDNHqwB8_sHMxdA",
    "payload": {"CreatedDate": "2016-03-29T16:40:08.208Z", "CreatedById": "005xx0000000001AAA", "Ink__c": 7.0},
    "event": {"replayId": 2, "EventUuid": "2ec0e371-1395-457f-9275-be1b527a72f7", "EventApiName": "Low_Ink__e"},
}
_PLATFORM_2019 = {"schema": "dffQ2Q", "payload": {"CreatedDate": "x", "Ink__c": 7.0}, "event": {"replayId": 2}}
_PLATFORM_2017 = {
    "payload": {"ReplayId": None, "CreatedDate": None, "Ink__c": 7.0, "Id": None},
    "event": {"schema": "_c1_d37", "replayId": 7},
}
_CHANGE = {
    "schema": "IeRuaY6cbI_HsV8Rv1Mc5g",
    "payload": {
        "ChangeEventHeader": {"entityName": "Account", "changeType": "UPDATE", "recordIds": ["001*"], "more": 1},
        "Name": "Acme",
        "Fax": None,
    },
    "event": {"replayId": 2**53 + 1},
}


def _message(channel: str, data: Any) -> Message:
    return Message(channel=channel, data=Raw(msgspec.json.encode(data)))


@pytest.mark.parametrize(
    ("channel", "data", "kind"),
    [
        ("/topic/Accounts", _PUSH_TOPIC, PushTopicEvent),
        ("/topic/Accounts?Name=Acme", _PUSH_TOPIC, PushTopicEvent),
        ("/u/News", _GENERIC, GenericEvent),
        ("/event/Low_Ink__e", _PLATFORM, PlatformEvent),
        ("/event/Low_Ink__e", _PLATFORM_2019, PlatformEvent),
        ("/event/Low_Ink__e", _PLATFORM_2017, PlatformEvent),
        ("/event/Printers__chn", _PLATFORM, PlatformEvent),
        ("/data/ChangeEvents", _CHANGE, ChangeEvent),
        ("/data/AccountChangeEvent", _CHANGE, ChangeEvent),
        ("/data/Sales__chn", _CHANGE, ChangeEvent),
        ("/elsewhere", _PUSH_TOPIC, PushTopicEvent),
        ("/elsewhere", _GENERIC, GenericEvent),
        ("/elsewhere", _PLATFORM, PlatformEvent),
        ("/elsewhere", _PLATFORM_2019, PlatformEvent),
        ("/elsewhere", _PLATFORM_2017, PlatformEvent),
        ("/elsewhere", _CHANGE, ChangeEvent),
    ],
)
def test_the_type_is_chosen_by_channel_then_by_shape(channel: str, data: dict[str, Any], kind: type) -> None:
    event = event_of(_message(channel, data))
    assert type(event) is kind
    assert event.replay_id == data["event"]["replayId"]


def test_push_topic_event() -> None:
    event = event_of(_message("/topic/Accounts", _PUSH_TOPIC))
    assert isinstance(event, PushTopicEvent)
    assert event.sobject == {"Id": "a00xx0000000001AAA", "Name": "Acme"}
    assert (event.event.type, event.created) == ("created", _MARCH)


def test_generic_event() -> None:
    event = event_of(_message("/u/News", _GENERIC))
    assert isinstance(event, GenericEvent)
    assert (event.payload, event.created) == ("Hello", _MARCH)


def test_platform_event() -> None:
    event = event_of(_message("/event/Low_Ink__e", _PLATFORM))
    assert isinstance(event, PlatformEvent)
    assert (event.uuid, event.name) == ("2ec0e371-1395-457f-9275-be1b527a72f7", "Low_Ink__e")
    assert (event.schema_id, event.created) == ("dffQ2QLzDNHqwB8_sHMxdA", _MARCH)


@pytest.mark.parametrize(("data", "schema"), [(_PLATFORM_2019, "dffQ2Q"), (_PLATFORM_2017, "_c1_d37")])
def test_platform_events_of_older_versions(data: Any, schema: str) -> None:
    event = event_of(_message("/event/Low_Ink__e", data))
    assert isinstance(event, PlatformEvent)
    assert (event.uuid, event.name, event.created, event.schema_id) == (None, None, None, schema)
    assert event.payload["Ink__c"] == 7.0


def test_change_event_header_and_fields() -> None:
    event = event_of(_message("/data/ChangeEvents", _CHANGE))
    assert isinstance(event, ChangeEvent)
    assert (event.header.entity_name, event.header.extra) == ("Account", {"more": 1})
    assert event.fields == {"Name": "Acme", "Fax": None}


class _Ink(Struct):
    Ink__c: float


def test_fields_with_a_custom_type() -> None:
    event = msgspec.json.decode(msgspec.json.encode(_PLATFORM), type=PlatformEvent[_Ink])
    assert event.payload.Ink__c == 7.0
    assert event.created is None


class _AccountChange(ChangePayload):
    Name: str | UnsetType | None = UNSET
    Phone: str | UnsetType | None = UNSET


def test_change_fields_with_a_custom_type() -> None:
    event = msgspec.json.decode(msgspec.json.encode(_CHANGE), type=ChangeEvent[_AccountChange])
    assert (event.payload.Name, event.payload.Phone) == ("Acme", UNSET)
    assert event.header.entity_name == "Account"
    assert event.fields == {"Name": "Acme"}


def test_event_of_a_decoded_message() -> None:
    message = _message("/event/Low_Ink__e", _PLATFORM)
    message.data = msgspec.json.decode(message.raw_data, type=PlatformEvent[_Ink])
    event = event_of(message)
    assert isinstance(event, PlatformEvent)
    assert event.uuid == "2ec0e371-1395-457f-9275-be1b527a72f7"


@pytest.mark.parametrize(
    ("channel", "content"),
    [
        ("/event/Low_Ink__e", b'"text"'),
        ("/event/Low_Ink__e", b"{}"),
        ("/topic/Accounts", b'{"event":{"replayId":1}}'),
        ("/u/News", b'{"event":{"replayId":"one"},"payload":1}'),
        ("/u/News", b"not JSON"),
        ("/u/News", b'{"event":{"replayId":1},"payload":"\xff"}'),
        ("/elsewhere", b"{}"),
        ("/elsewhere", b"[]"),
        ("/elsewhere", b'{"event":7}'),
        ("/elsewhere", b'"\xff"'),
    ],
)
def test_an_unknown_event_is_an_error_with_its_channel(channel: str, content: bytes) -> None:
    with pytest.raises(UnknownEventError, match="is not an event of Salesforce") as caught:
        event_of(Message(channel=channel, data=Raw(content)))
    assert caught.value.channel == channel


def test_a_message_without_data_is_an_error() -> None:
    with pytest.raises(UnknownEventError):
        event_of(Message(channel="/event/Low_Ink__e"))
