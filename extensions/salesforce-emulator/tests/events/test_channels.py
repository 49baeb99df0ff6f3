from __future__ import annotations

from typing import Any

import pytest

from pybayeux_salesforce_emulator.events.channels import (
    ChannelDefinition,
    EventFormat,
    Member,
    Product,
    change_channel,
    matches,
    matches_any,
    product_of,
    split_filter,
)


@pytest.mark.parametrize(
    ("name", "product"),
    [
        ("/topic/Opps", Product.PUSH_TOPIC),
        ("/topic/" + "a" * 25, Product.PUSH_TOPIC),
        ("/u/News", Product.GENERIC),
        ("/u/notifications/Team-1", Product.GENERIC),
        ("/event/Order__e", Product.PLATFORM_EVENT),
        ("/event/LoginEventStream", Product.PLATFORM_EVENT),
        ("/event/Orders__chn", Product.PLATFORM_EVENT),
        ("/data/ChangeEvents", Product.CHANGE_EVENT),
        ("/data/AccountChangeEvent", Product.CHANGE_EVENT),
        ("/data/Emp__ChangeEvent", Product.CHANGE_EVENT),
        ("/data/Sales__chn", Product.CHANGE_EVENT),
    ],
)
def test_names_and_products(name: str, product: Product) -> None:
    assert product_of(name) is product


@pytest.mark.parametrize(
    "name", ["/topic/" + "a" * 26, "/event/*", "/data/Account", "/chat/x", "topic/X", "/topic/A/B", "/meta/connect", ""]
)
def test_invalid_channel_names(name: str) -> None:
    with pytest.raises(ValueError, match="expected a channel of an org"):
        product_of(name)


@pytest.mark.parametrize(
    ("entity", "channel"), [("Account", "/data/AccountChangeEvent"), ("Emp__c", "/data/Emp__ChangeEvent")]
)
def test_an_objects_changes_have_a_channel(entity: str, channel: str) -> None:
    assert change_channel(entity) == channel


def test_custom_channel_includes_members_that_match_their_filters() -> None:
    channel = ChannelDefinition(name="/event/Eu__chn", members={"Order__e": Member(required={"Region__c": "EU"})})
    assert channel.custom
    assert channel.takes("Order__e", {"Region__c": "EU"})
    assert not channel.takes("Order__e", {"Region__c": "US"})
    assert not channel.takes("Order__e", {})
    assert not channel.takes("Other__e", {"Region__c": "EU"})


@pytest.mark.parametrize(
    ("members", "why"),
    [
        ({"name": "/event/Order__e", "members": {"Other__e": Member()}}, "expected none"),
        ({"name": "/event/X__e", "event_format": "1999"}, "1999"),
    ],
)
def test_definitions_that_do_not_fit(members: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        ChannelDefinition(**members)


def test_custom_channel_may_have_several_members() -> None:
    members = {"AccountChangeEvent": Member(), "ContactChangeEvent": Member()}
    assert ChannelDefinition(name="/data/X__chn", members=members).takes("ContactChangeEvent", {})


def test_member_with_an_expression_takes_what_fits_it() -> None:
    expression = "Region__c = 'EU' AND (Size__c > 5 OR ChangeEventHeader.changeType = 'CREATE')"
    member = Member(expression=expression)
    assert member.takes({"Region__c": "eu", "Size__c": 7})
    assert member.takes({"Region__c": "EU", "ChangeEventHeader": {"changeType": "CREATE"}})
    assert not member.takes({"Region__c": "EU", "Size__c": None})
    with pytest.raises(ValueError, match="unexpected token"):
        Member(expression="Region__c =")


@pytest.mark.parametrize(
    ("definition", "short_retention"),
    [
        (ChannelDefinition(name="/topic/Opps"), True),
        (ChannelDefinition(name="/u/News"), True),
        (ChannelDefinition(name="/event/Order__e"), False),
        (ChannelDefinition(name="/event/Old__e", standard_volume=True), True),
        (ChannelDefinition(name="/data/ChangeEvents"), False),
    ],
)
def test_channels_with_short_retention(definition: ChannelDefinition, short_retention: bool) -> None:
    assert definition.short_retention is short_retention


@pytest.mark.parametrize(
    ("subscription", "channel", "wanted"),
    [
        ("/topic/T", "/topic/T", ()),
        ("/topic/T?Type=New&Phone=1", "/topic/T", (("Type", "New"), ("Phone", "1"))),
        ("/topic/T?Type=New&Type=Old", "/topic/T", (("Type", "New"), ("Type", "Old"))),
        ("/topic/T?Type='New'", "/topic/T", (("Type", "New"),)),
        ("/topic/T?", "/topic/T", ()),
    ],
)
def test_a_filter_follows_a_question_mark(subscription: str, channel: str, wanted: tuple[tuple[str, str], ...]) -> None:
    assert split_filter(subscription) == (channel, wanted)


@pytest.mark.parametrize(
    ("wanted", "fields", "passes"),
    [
        ({}, {}, True),
        ({"N": "1"}, {"N": 1}, True),
        ({"N": "true"}, {"N": True}, True),
        ({"N": ""}, {"N": None}, True),
        ({"N": "1", "M": "2"}, {"N": 1, "M": 3}, False),
        ({"N": "1"}, {}, False),
    ],
)
def test_a_filter_compares_texts(wanted: dict[str, str], fields: dict[str, Any], passes: bool) -> None:
    assert matches(wanted, fields) is passes


@pytest.mark.parametrize(
    ("expressions", "passes"),
    [
        ((), True),
        ((("N", "1"), ("M", "2")), True),
        ((("N", "2"), ("N", "1")), True),
        ((("N", "2"), ("M", "2")), False),
    ],
)
def test_expressions_of_a_subscription_are_alternatives(expressions: tuple[tuple[str, str], ...], passes: bool) -> None:
    assert matches_any(expressions, {"N": 1, "M": 3}) is passes


def test_event_format_by_name() -> None:
    assert ChannelDefinition(name="/event/X__e", event_format=EventFormat("2017")).event_format is EventFormat.OF_2017
