from __future__ import annotations

from typing import Any

import pytest

from pybayeux_salesforce_emulator.events.channels import EventFormat, Product
from pybayeux_salesforce_emulator.events.event import Event, message, timestamp
from pybayeux_salesforce_emulator.org.ids import schema_id
from pybayeux_salesforce_emulator.org.versions import Version

CREATED = 1459269608.208
DATE = "2016-03-29T16:40:08.208Z"


def _event(product: Product, content: Any, **members: Any) -> Event:
    return Event(
        product=product, name="Low_Ink__e", content=content, uuid="2ec0", created=CREATED, author="005", **members
    )


def _data(event: Event, *, version: str = "67.0", event_format: EventFormat = EventFormat.BY_VERSION) -> Any:
    return message(event, "/x", 13, version=Version.parse(version), event_format=event_format, client_id="abc")["data"]


def test_a_push_topic() -> None:
    event = _event(Product.PUSH_TOPIC, {"Id": "006", "Name": "Big"}, action="updated")
    assert _data(event) == {
        "event": {"createdDate": DATE, "replayId": 13, "type": "updated"},
        "sobject": {"Id": "006", "Name": "Big"},
    }


@pytest.mark.parametrize("payload", ["text", {"any": ["thing"]}, 7, None])
def test_a_generic_event(payload: Any) -> None:
    assert _data(_event(Product.GENERIC, payload)) == {
        "event": {"createdDate": DATE, "replayId": 13},
        "payload": payload,
    }


@pytest.mark.parametrize(
    ("version", "stamp"),
    [
        ("67.0", {"replayId": 13, "EventUuid": "2ec0", "EventApiName": "Low_Ink__e"}),
        ("55.0", {"replayId": 13, "EventUuid": "2ec0", "EventApiName": "Low_Ink__e"}),
        ("54.0", {"replayId": 13, "EventUuid": "2ec0"}),
        ("45.0", {"replayId": 13}),
    ],
)
def test_a_platform_event_by_the_version_of_the_endpoint(version: str, stamp: Any) -> None:
    assert _data(_event(Product.PLATFORM_EVENT, {"N__c": 1}), version=version) == {
        "schema": schema_id("Low_Ink__e"),
        "payload": {"CreatedDate": DATE, "CreatedById": "005", "N__c": 1},
        "event": stamp,
    }


def test_a_platform_event_as_of_2019() -> None:
    assert _data(_event(Product.PLATFORM_EVENT, {}), event_format=EventFormat.OF_2019)["event"] == {"replayId": 13}


def test_a_platform_event_as_of_2017() -> None:
    event = _event(Product.PLATFORM_EVENT, {"N__c": 1})
    old = message(event, "/event/Low_Ink__e", 7, version=Version(37), event_format=EventFormat.OF_2017, client_id="abc")
    assert old == {
        "data": {
            "payload": {"ReplayId": None, "CreatedDate": DATE, "CreatedById": "005", "N__c": 1, "Id": None},
            "event": {"schema": schema_id("Low_Ink__e"), "replayId": 7},
        },
        "channel": "/event/Low_Ink__e",
        "clientId": "abc",
    }


def test_a_change() -> None:
    event = _event(Product.CHANGE_EVENT, {"Name": "x"}, header={"entityName": "Account"})
    assert _data(event) == {
        "schema": schema_id("Low_Ink__e"),
        "payload": {"ChangeEventHeader": {"entityName": "Account"}, "Name": "x"},
        "event": {"replayId": 13},
    }


def test_fields_of_an_event() -> None:
    assert _event(Product.PUSH_TOPIC, {"a": 1}).fields == {"a": 1}
    assert _event(Product.GENERIC, "text").fields == {}


def test_a_time_has_milliseconds() -> None:
    assert timestamp(0) == "1970-01-01T00:00:00.000Z"
