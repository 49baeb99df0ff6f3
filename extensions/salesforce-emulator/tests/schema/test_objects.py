from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from emulator_support.org_client import ORDERS, Org
from pybayeux_salesforce_emulator.schema.fields import Field

if TYPE_CHECKING:
    from pybayeux_salesforce_emulator.schema.objects import ObjectDefinition


def _object(org: Org, name: str) -> ObjectDefinition:
    found = org.state.objects.find(name)
    assert found is not None
    return found


def _fields(org: Org, name: str) -> dict[str, Any]:
    return {each["name"]: each for each in _object(org, name).describe("/services/data/v67.0")["fields"]}


def test_change_events_have_the_fields_of_their_object_with_exceptions() -> None:
    org = Org()
    account, changes = _fields(org, "Account"), _fields(org, "AccountChangeEvent")
    assert set(account) - set(changes) == {"IsDeleted", "SystemModstamp", "PhotoUrl"}
    assert set(changes) - set(account) == {"ReplayId", "ChangeEventHeader"}
    assert changes["BillingStreet"]["compoundFieldName"] == "BillingAddress"
    assert changes["BillingAddress"]["type"] == "address"


def test_custom_objects_and_their_change_events() -> None:
    org = Org()
    org.define_object("Emp__c", [{"name": "Level__c", "type": "picklist", "values": ["A", "B"], "restricted": True}])
    level = _fields(org, "Emp__ChangeEvent")["Level__c"]
    assert (level["restrictedPicklist"], level["custom"], level["label"]) == (True, True, "Level")
    assert [each["value"] for each in level["picklistValues"]] == ["A", "B"]
    assert _object(org, "emp__C").prefix == "a00"


def test_custom_fields_of_a_standard_object() -> None:
    org = Org()
    org.define_object("Account", [{"name": "Tier__c"}])
    assert {"Name", "Tier__c"} <= set(_fields(org, "AccountChangeEvent"))
    assert _object(org, "Account").label == "Account"


def test_a_platform_event_gets_its_channel() -> None:
    org = Org()
    org.define_object("Ink__e", [{"name": "Level__c", "type": "double", "nillable": False}], label="Low ink")
    assert "/event/Ink__e" in org.channels
    assert set(_fields(org, "Ink__e")) == {"ReplayId", "CreatedDate", "CreatedById", "EventUuid", "Level__c"}
    summary = _object(org, "Ink__e").summary("/v")
    assert (summary["label"], summary["queryable"], summary["createable"]) == ("Low ink", False, True)


def test_an_event_without_definition_has_the_fields_of_the_last_one() -> None:
    org = Org()
    assert "Number__c" not in _fields(org, "Order__e")
    org.order()
    assert _fields(org, "Order__e")["Number__c"]["type"] == "string"
    assert ORDERS in org.channels


@pytest.mark.parametrize("name", ["Nothing", "Nothing__x"])
def test_names_that_are_of_no_object(name: str) -> None:
    with pytest.raises(ValueError, match="expected a custom object"):
        Org().define_object(name)
    assert Org().state.objects.find(name) is None


def test_types_that_do_not_exist() -> None:
    with pytest.raises(ValueError, match="expected one of"):
        Field(name="A__c", type="colour")
    with pytest.raises(TypeError, match="colour"):
        Org().define_object("Emp__c", [{"name": "A__c", "colour": "red"}])
