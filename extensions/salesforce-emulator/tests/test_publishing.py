from __future__ import annotations

from typing import Any

import pytest

from emulator_support.org_client import ORDERS, Org, OrgClient


def test_a_record_of_a_push_topic() -> None:
    org = Org()
    client = OrgClient(org).join("/topic/Opps")
    org._publisher.publish("/topic/Opps", {"Id": "006"}, action="deleted")
    [event] = client.events()
    assert event["data"]["event"]["type"] == "deleted"
    assert event["data"]["sobject"] == {"Id": "006"}


@pytest.mark.parametrize(
    ("channel", "payload", "error", "why"),
    [
        ("/event/Nothing__e", {}, LookupError, "is not defined"),
        ("/event/All__chn", {}, ValueError, "publish_change"),
        ("/data/ChangeEvents", {}, ValueError, "publish_change"),
        (ORDERS, "text", TypeError, "got 'text'"),
        (ORDERS, {"x": object()}, TypeError, "object"),
    ],
)
def test_payloads_that_cannot_be_published(channel: str, payload: Any, error: type[Exception], why: str) -> None:
    org = Org()
    org.define("/event/All__chn", members=["Order__e"])
    with pytest.raises(error, match=why):
        org._publisher.publish(channel, payload)


def test_several_objects_in_one_transaction() -> None:
    org = Org()
    client = OrgClient(org).join("/data/ChangeEvents")
    accounts = OrgClient(org).join()
    org.define("/data/AccountChangeEvent")
    accounts.subscribe("/data/AccountChangeEvent")
    transaction = org.transaction()
    for entity in ("Account", "Contact", "Account"):
        org._publisher.publish_change(entity, "UPDATE", ["001"], {"Name": "x"}, transaction)
    headers = [event["data"]["payload"]["ChangeEventHeader"] for event in client.events()]
    assert [(header["entityName"], header["sequenceNumber"]) for header in headers] == [
        ("Account", 1),
        ("Contact", 2),
        ("Account", 3),
    ]
    assert len({header["transactionKey"] for header in headers}) == 1
    seen = [event["data"]["payload"]["ChangeEventHeader"]["sequenceNumber"] for event in accounts.events()]
    assert seen == [1, 3], "changes of other objects leave a gap"


def test_transactions_are_numbered() -> None:
    publisher = Org()._publisher
    assert publisher.transaction().number + 1 == publisher.transaction().number
