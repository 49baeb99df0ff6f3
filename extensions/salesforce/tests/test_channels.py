from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from pybayeux.errors import UsageError
from pybayeux_salesforce import InvalidTokenError, RestError
from pybayeux_salesforce.channels import (
    ChannelMember,
    OrgChannel,
    deselect_event,
    event_of_entity,
    read_channels,
    select_event,
)
from pybayeux_salesforce.rest import RestClient
from pybayeux_salesforce_emulator import SalesforceEmulator

if TYPE_CHECKING:
    from collections.abc import Callable

MEMBER = ChannelMember(
    record_id="0v81", channel="ChangeEvents", event="AccountChangeEvent", filter="Name = 'A'", enriched=["Phone"]
)


def _read(
    set_up: Callable[[SalesforceEmulator], object], **options: Any
) -> tuple[list[OrgChannel], list[tuple[str, RestError]]]:
    refusals: list[tuple[str, RestError]] = []

    async def scenario() -> list[OrgChannel]:
        async with SalesforceEmulator(seed=1, control=False, **options) as org:
            token = org.issue_token()
            set_up(org)
            async with RestClient(org.url, token, "67.0") as rest:
                return await read_channels(rest, lambda what, error: refusals.append((what, error)))

    return asyncio.run(scenario()), refusals


def test_all_kinds_of_channels_are_read() -> None:
    def set_up(org: SalesforceEmulator) -> None:
        org.define("/event/Order__e")
        org.define("/event/Big__chn", members={"Order__e": "Size__c > 5"})
        org.define("/data/ContactChangeEvent")
        org.define("/data/Sales__chn", members=["AccountChangeEvent"])
        org.define("/topic/Won", fields=["Id", "Name"])

    found, refusals = _read(set_up)
    assert [(each.channel, each.kind) for each in found] == [
        ("/data/ChangeEvents", "all changes"),
        ("/data/ContactChangeEvent", "changes"),
        ("/data/Sales__chn", "custom channel"),
        ("/event/Big__chn", "custom channel"),
        ("/event/Order__e", "platform event"),
        ("/topic/Won", "PushTopic"),
    ]
    [member] = found[3].members
    assert (member.event, member.filter) == ("Order__e", "Size__c > 5")
    assert found[-1].query == "SELECT Id, Name FROM Account"
    assert refusals == []


def test_what_the_user_may_not_read_is_told_and_the_rest_is_read() -> None:
    found, refusals = _read(lambda org: org.define("/event/Order__e"), instance_readable=False)
    assert [each.channel for each in found] == ["/event/Order__e"]
    assert [what for what, _ in refusals] == ["changes and custom channels", "PushTopics"]


def test_an_invalid_token_is_an_error() -> None:
    with pytest.raises(InvalidTokenError):
        _read(lambda org: org.revoke())


@pytest.mark.parametrize(
    ("entity", "event"),
    [
        ("Account", "AccountChangeEvent"),
        ("Emp__c", "Emp__ChangeEvent"),
        ("ns__Emp__c", "ns__Emp__ChangeEvent"),
        ("AccountChangeEvent", "AccountChangeEvent"),
        ("Order__e", "Order__e"),
    ],
)
def test_the_event_of_an_entity(entity: str, event: str) -> None:
    assert event_of_entity(entity) == event


@pytest.mark.parametrize("name", ["", "../limits", "Account?x", "Größe"])
def test_what_is_no_entity(name: str) -> None:
    with pytest.raises(UsageError):
        event_of_entity(name)


def test_an_event_is_put_on_a_channel() -> None:
    change = select_event([], "Emp__ChangeEvent", "Sales__chn", expression="A__c = 1", enriched=["B__c"])
    assert (change.method, change.path) == ("POST", "tooling/sobjects/PlatformEventChannelMember")
    assert change.content == {
        "FullName": "Sales_chn_Emp_ChangeEvent",
        "Metadata": {
            "eventChannel": "Sales__chn",
            "selectedEntity": "Emp__ChangeEvent",
            "filterExpression": "A__c = 1",
            "enrichedFields": [{"name": "B__c"}],
        },
    }


def test_what_is_so_already_is_not_written() -> None:
    for given in ({}, {"expression": "Name = 'A'"}, {"enriched": ["Phone"]}):
        assert not select_event([MEMBER], MEMBER.event, "ChangeEvents", **given).is_needed
    assert select_event([MEMBER], MEMBER.event, "Sales__chn").method == "POST"


def test_a_filter_is_removed_and_the_enriched_fields_stay() -> None:
    change = select_event([MEMBER], MEMBER.event, "ChangeEvents", expression="")
    assert (change.method, change.path) == ("PATCH", "tooling/sobjects/PlatformEventChannelMember/0v81")
    assert change.content is not None
    assert change.content["Metadata"]["filterExpression"] is None
    assert change.content["Metadata"]["enrichedFields"] == [{"name": "Phone"}]


def test_an_event_is_taken_from_a_channel() -> None:
    assert deselect_event([MEMBER], MEMBER.event, "ChangeEvents").path.endswith("/0v81")
    assert not deselect_event([MEMBER], MEMBER.event, "Sales__chn").is_needed
