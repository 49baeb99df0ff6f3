from __future__ import annotations

from typing import Any

import pytest

from emulator_support.org_client import Org, OrgClient, error
from pybayeux_salesforce_emulator.schema.refusal import RestRefusal

HOT: dict[str, Any] = {"Name": "Hot", "Query": "SELECT Id, Name, Rating FROM Account", "ApiVersion": 67.0}


def test_a_topic_is_a_channel_from_its_creation_to_its_deletion() -> None:
    org = Org()
    client = OrgClient(org).join()
    assert "does not exist" in error(client.subscribe("/topic/Hot"))
    record_id = org.state.push_topics.create(HOT)
    assert client.subscribe("/topic/Hot?Rating=Hot")["successful"]
    assert "Query fields {Phone}" in error(client.subscribe("/topic/Hot?Phone=1"))
    org.state.push_topics.delete(record_id)
    assert "does not exist" in error(client.subscribe("/topic/Hot"))
    with pytest.raises(LookupError, match="was deleted"):
        org.order(channel="/topic/Hot")
    with pytest.raises(RestRefusal, match="NOT_FOUND"):
        org.state.push_topics.find(record_id)


def test_a_renamed_topic_is_another_channel() -> None:
    org = Org()
    client = OrgClient(org).join()
    record_id = org.state.push_topics.create(HOT)
    org.state.push_topics.update(record_id, {"Name": "Warm"})
    assert client.subscribe("/topic/Warm")["successful"]
    assert "does not exist" in error(client.subscribe("/topic/Hot"))
    assert org.state.push_topics.create(HOT) != record_id
    assert client.subscribe("/topic/Hot")["successful"]


def test_a_topic_that_was_defined_as_a_channel_has_a_record() -> None:
    org = Org()
    org.define("/topic/Won", fields=["Id", "StageName"])
    assert {each["Name"]: each["Query"] for each in org.state.push_topics.records()} == {
        "Opps": "SELECT Id, Name FROM Account",
        "Won": "SELECT Id, StageName FROM Account",
    }


@pytest.mark.parametrize(
    ("change", "code", "text"),
    [
        ({"Name": "A" * 26}, "STRING_TOO_LONG", r"Topic Name: data value too large: A+ \(max length=25\)"),
        ({"Query": "SELECT Id FROM Account WHERE Name = 'A'" + " " * 1300}, "STRING_TOO_LONG", "max length=1300"),
        ({"Name": None}, "REQUIRED_FIELD_MISSING", r"\[Name\]"),
        ({"Name": "no spaces"}, "INVALID_FIELD", "Invalid topic name"),
        ({"Name": "opps"}, "DUPLICATE_VALUE", "duplicate value found"),
        ({"Query": "SELECT"}, "INVALID_FIELD", "Query"),
        ({"Query": "SELECT Id FROM Nothing"}, "INVALID_FIELD", "not supported"),
        ({"Query": "SELECT Colour FROM Account"}, "INVALID_FIELD", "No such column 'Colour'"),
        ({"NotifyForFields": "Some"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "Some"),
        ({"Colour": "red"}, "INVALID_FIELD", "No such column 'Colour' on sobject of type PushTopic"),
    ],
)
def test_topics_that_are_refused(change: dict[str, Any], code: str, text: str) -> None:
    org = Org()
    with pytest.raises(RestRefusal, match=text) as caught:
        org.state.push_topics.create({**HOT, **change})
    assert caught.value.code == code
    assert "/topic/Hot" not in org.channels
