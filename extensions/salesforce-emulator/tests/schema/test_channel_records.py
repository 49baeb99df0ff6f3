from __future__ import annotations

from typing import Any

import pytest

from emulator_support.org_client import Org, OrgClient, error
from pybayeux_salesforce_emulator.schema.refusal import RestRefusal

ACCOUNTS = "/data/AccountChangeEvent"


def _channel(name: str = "Sales__chn", kind: str = "data") -> dict[str, Any]:
    return {"FullName": name, "Metadata": {"channelType": kind, "label": "Sales"}}


def _member(channel: str = "ChangeEvents", event: str = "AccountChangeEvent", **metadata: Any) -> dict[str, Any]:
    name = f"{channel}_{event}".replace("__", "_")
    return {"FullName": name, "Metadata": {"eventChannel": channel, "selectedEntity": event, **metadata}}


def test_selecting_an_object_opens_its_channel_and_deselecting_ends_it() -> None:
    org = Org()
    client = OrgClient(org).join()
    assert "does not exist" in error(client.subscribe(ACCOUNTS))
    member = org.state.channel_members.create(_member())
    assert client.subscribe(ACCOUNTS)["successful"]
    assert set(org.change()) == {ACCOUNTS, "/data/ChangeEvents"}
    org.state.channel_members.delete(member)
    assert org.change() == {}
    assert "does not exist" in error(client.subscribe(ACCOUNTS))
    org.state.channel_members.create(_member())
    assert set(org.change()) == {ACCOUNTS, "/data/ChangeEvents"}


def test_a_change_selects_its_object() -> None:
    org = Org()
    org.change()
    [row] = org.state.channel_members.records()
    assert (row["DeveloperName"], row["EventChannel"], row["SelectedEntity"]) == (
        "ChangeEvents_AccountChangeEvent",
        "ChangeEvents",
        "AccountChangeEvent",
    )


def test_a_custom_channel_has_what_its_members_filter() -> None:
    org = Org()
    channel = org.state.channel_records.create(_channel())
    org.state.channel_members.create(_member("Sales__chn", filterExpression="Rating = 'Hot'"))
    org.change(Rating="Cold")
    org.change(Rating="Hot")
    assert len(org.published["/data/Sales__chn"]) == 1
    assert org.state.channel_records.find(channel)["Metadata"] == {"channelType": "data", "label": "Sales"}
    org.state.channel_records.delete(channel)
    org.change(Rating="Hot")
    assert len(org.published["/data/Sales__chn"]) == 1
    assert org.state.channel_records.records() == []


def test_filter_and_enriched_fields_can_be_changed() -> None:
    org = Org()
    member = org.state.channel_members.create(_member(enrichedFields=[{"name": "Industry"}]))
    assert org.state.channel_members.find(member)["Metadata"]["enrichedFields"] == [{"name": "Industry"}]
    org.state.channel_members.update(member, {"Metadata": {"filterExpression": "Rating = 'Hot'"}})
    found = org.state.channel_members.find(member)
    assert found["Metadata"] == {
        "enrichedFields": [],
        "eventChannel": "ChangeEvents",
        "filterExpression": "Rating = 'Hot'",
        "selectedEntity": "AccountChangeEvent",
    }
    with pytest.raises(RestRefusal, match="can't be updated"):
        org.state.channel_members.update(member, {"Metadata": {"selectedEntity": "ContactChangeEvent"}})


def test_the_entity_of_a_platform_event_is_an_id() -> None:
    org = Org()
    org.state.channel_records.create(_channel("Big__chn", "event"))
    member = org.state.channel_members.create(_member("Big__chn", "Order__e"))
    [row] = org.state.channel_members.records()
    assert row["SelectedEntity"].startswith("01I")
    assert org.state.channel_members.find(member)["Metadata"]["selectedEntity"] == "Order__e"
    org.order()
    assert len(org.published["/event/Big__chn"]) == 1


def test_labels_can_be_changed() -> None:
    org = Org()
    channel = org.state.channel_records.create(_channel())
    org.state.channel_records.update(channel, {"Metadata": {"channelType": "data", "label": "Other"}})
    assert org.state.channel_records.records()[0]["MasterLabel"] == "Other"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (_channel("Sales"), "INVALID_INPUT"),
        (_channel("A__b__chn"), "INVALID_INPUT"),
        (_channel(kind="topic"), "INVALID_INPUT"),
        ({"FullName": "A__chn", "Metadata": {}}, "REQUIRED_FIELD_MISSING"),
        ({"FullName": "A__chn"}, "REQUIRED_FIELD_MISSING"),
        (_channel("Twice__chn"), "DUPLICATE_DEVELOPER_NAME"),
    ],
)
def test_channels_that_are_refused(given: dict[str, Any], code: str) -> None:
    org = Org()
    org.define("/data/Twice__chn")
    with pytest.raises(RestRefusal) as caught:
        org.state.channel_records.create(given)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (_member("Nothing__chn"), "INVALID_INPUT"),
        (_member(event="NothingChangeEvent"), "INVALID_INPUT"),
        (_member(event="Order__e"), "INVALID_INPUT"),
        (_member(event="Account"), "INVALID_INPUT"),
        (_member(filterExpression="Rating ="), "INVALID_INPUT"),
        (_member(enrichedFields=[{"name": "Colour"}]), "INVALID_INPUT"),
        (_member(event="ContactChangeEvent"), "DUPLICATE_DEVELOPER_NAME"),
        ({**_member(), "FullName": "ChangeEvents_Emp__ChangeEvent"}, "INVALID_INPUT"),
        ({"FullName": "A", "Metadata": {"eventChannel": "ChangeEvents"}}, "REQUIRED_FIELD_MISSING"),
    ],
)
def test_members_that_are_refused(given: dict[str, Any], code: str) -> None:
    org = Org()
    org.change("Contact")
    with pytest.raises(RestRefusal) as caught:
        org.state.channel_members.create(given)
    assert caught.value.code == code


def test_unknown_records() -> None:
    org = Org()
    for table in (org.state.channel_records, org.state.channel_members):
        with pytest.raises(RestRefusal, match="NOT_FOUND"):
            table.find("0YL")
