from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from msgspec import UNSET

from extensions.salesforce.tests.org import ClientRecorder, client_of, in_org
from pybayeux.errors import UsageError
from pybayeux_salesforce.event_schema import EventDescription, read_event
from pybayeux_salesforce.event_types import render_types
from pybayeux_salesforce.rest import RestClient
from tests.types.test_checkers import mypy

if TYPE_CHECKING:
    from pathlib import Path

    from pybayeux_salesforce_emulator import SalesforceEmulator


def _event(name: str, *fields: dict[str, Any], label: str = "Thing") -> EventDescription:
    given = [{"label": each["name"], **each} for each in fields]
    return msgspec.convert({"name": name, "label": label, "fields": given}, EventDescription)


def _picklist(name: str, *values: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "type": "picklist",
        "restrictedPicklist": True,
        "picklistValues": [{"value": value} for value in values],
        **more,
    }


def _module(source: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    module = ModuleType("written_types")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(source, "written_types.py", "exec"), vars(module))
    return module


ORDER = _event(
    "Order__e",
    {"name": "Number__c", "type": "double", "nillable": False},
    {"name": "At__c", "type": "datetime"},
    {"name": "EventUuid", "type": "string"},
    _picklist("State__c", "New", "Done"),
)
ACCOUNT = _event(
    "AccountChangeEvent",
    {"name": "Id", "type": "id"},
    {"name": "ChangeEventHeader", "type": "complexvalue"},
    {"name": "Name", "type": "string", "nillable": False},
    {"name": "BillingAddress", "type": "address"},
    {"name": "BillingStreet", "type": "textarea", "compoundFieldName": "BillingAddress"},
    {"name": "BillingLatitude", "type": "double", "compoundFieldName": "BillingAddress"},
    {"name": "Place__c", "type": "location"},
    {"name": "Place__Latitude__s", "type": "double", "compoundFieldName": "Place__c"},
    {"name": "Odd", "type": "from-the-future"},
)


def test_a_platform_event_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    module = _module(render_types([ORDER]), monkeypatch)
    data = b'{"payload": {"Number__c": 1, "At__c": "2026-11-28T10:00:00.000Z", "State__c": "New"}, "event": {}}'
    payload = msgspec.json.decode(data, type=module.Order__e).payload
    assert (payload.Number__c, payload.At__c.year, payload.State__c) == (1.0, 2026, "New")
    assert not hasattr(payload, "EventUuid")
    with pytest.raises(msgspec.ValidationError, match="State__c"):
        msgspec.json.decode(data.replace(b"New", b"Odd"), type=module.Order__e)


@in_org()
async def test_events_of_an_org_are_received_with_their_types(
    org: SalesforceEmulator, recorder: ClientRecorder
) -> None:
    fields: list[dict[str, Any]] = [{"name": "Number__c", "type": "double", "nillable": False}, {"name": "Item__c"}]
    org.define_object("Order__e", fields)
    async with RestClient(org.url, org.issue_token(), "67.0") as rest:
        source = render_types([await read_event(rest, name) for name in ("Order__e", "Account")])
    with pytest.MonkeyPatch.context() as patch:
        types = _module(source, patch)
        async with client_of(org, recorder) as client:
            orders = await client.subscribe("/event/Order__e", type=types.Order__e)
            changes = await client.subscribe("/data/ChangeEvents", type=types.AccountChangeEvent)
            await org.publish("/event/Order__e", {"Number__c": 1.5, "Item__c": None})
            address = {"BillingAddress": {"City": "Oslo"}, "LastModifiedDate": "2026-11-28T10:00:00.000Z"}
            await org.publish_change("Account", "UPDATE", ["001xx0000000001AAA"], address)
            order, change = (await anext(orders)).data, (await anext(changes)).data
    assert (order.payload.Number__c, order.payload.Item__c, order.name) == (1.5, None, "Order__e")
    assert order.created == order.payload.CreatedDate
    assert (change.payload.BillingAddress.City, change.payload.Name) == ("Oslo", UNSET)
    assert change.header.changed_fields == ["BillingAddress", "LastModifiedDate"]


def test_a_change_has_what_changed_and_the_rest_is_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    module = _module(render_types([ACCOUNT]), monkeypatch)
    data = b"""{"payload": {"ChangeEventHeader": {"entityName": "Account", "changeType": "UPDATE"},
        "BillingAddress": {"Street": null, "Latitude": 1.5}, "Place__c": {"Latitude": 2}, "Odd": "x"}}"""
    event = msgspec.json.decode(data, type=module.AccountChangeEvent)
    payload = event.payload
    assert event.header.entity_name == "Account"
    assert (payload.Name, payload.BillingAddress.Street, payload.BillingAddress.Latitude) == (UNSET, None, 1.5)
    assert (payload.Place__c.Latitude, payload.Odd) == (2.0, "x")
    assert event.fields["BillingAddress"] == {"Latitude": 1.5, "Street": None}


def test_the_name_of_an_account_may_be_that_of_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ({"name": "Name", "type": "string"}, {"name": "LastName", "type": "string", "compoundFieldName": "Name"})
    for event, texts in (("AccountChangeEvent", True), ("ContactChangeEvent", False)):
        module = _module(render_types([_event(event, *names)]), monkeypatch)
        kind = getattr(module, event)
        person = msgspec.convert({"payload": {"ChangeEventHeader": {}, "Name": {"LastName": "Ada"}}}, kind)
        assert person.payload.Name.LastName == "Ada"
        if texts:
            assert msgspec.convert({"payload": {"ChangeEventHeader": {}, "Name": "Acme"}}, kind).payload.Name == "Acme"


def test_the_source_depends_on_nothing_but_the_descriptions() -> None:
    source = render_types([ORDER, ACCOUNT])
    mixed = EventDescription(ACCOUNT.name, ACCOUNT.label, list(reversed(ACCOUNT.fields)))
    assert render_types([mixed, ORDER, ORDER]) == source
    assert source.index("class AccountChangeEventPayload") < source.index("class Order__ePayload")


def test_type_checkers_accept_the_source_and_find_mistakes(tmp_path: Path) -> None:
    (tmp_path / "events.py").write_text(render_types([ORDER, ACCOUNT]))
    use = tmp_path / "use.py"
    use.write_text(
        "from events import AccountChangeEvent, Order__e\n\n\n"
        "def handle(order: Order__e, change: AccountChangeEvent) -> None:\n"
        "    number: float = order.payload.Number__c\n"
        "    street: str = change.payload.BillingAddress.Street\n"
        '    print(number, street, order.payload.State__c == "Lost")\n'
    )
    found = mypy(tmp_path)
    assert "Non-overlapping equality check" in found
    assert 'Item "UnsetType"' in found
    assert "events.py" not in found


def test_text_picklists() -> None:
    assert "State__c: str | None = None" in render_types([ORDER], literals=False)
    free = _event("Order__e", _picklist("State__c", "New", restrictedPicklist=False))
    assert "State__c: str | None = None" in render_types([free])


def test_long_picklists_have_a_line_for_each_value(monkeypatch: pytest.MonkeyPatch) -> None:
    values = [f'value "{number}", with a comma and a ] \\' for number in range(9)]
    source = render_types([_event("A__e", _picklist("Long__c", *values))])
    assert max(map(len, source.splitlines())) < 120
    kind = _module(source, monkeypatch).A__e
    for value in values:
        assert msgspec.convert({"payload": {"Long__c": value}}, kind).payload.Long__c == value


def test_no_text_of_the_org_becomes_code(monkeypatch: pytest.MonkeyPatch) -> None:
    evil = 'a"""\nimport os; raise SystemExit  # \\'
    described = _event("A__e", _picklist("B__c", evil, label=evil, inlineHelpText=evil), label=evil)
    module = _module(render_types([described]), monkeypatch)
    assert set(vars(module)) >= {"A__e", "A__ePayload"}
    assert "os" not in vars(module)


@pytest.mark.parametrize("name", ["a-b", "1a", "", "a b", "ü"])
def test_names_that_are_none(name: str) -> None:
    with pytest.raises(UsageError, match="no name"):
        render_types([_event("A__e", {"name": name, "type": "string"})])


def test_a_name_that_is_a_keyword(monkeypatch: pytest.MonkeyPatch) -> None:
    module = _module(render_types([_event("A__e", {"name": "None", "type": "string"})]), monkeypatch)
    assert msgspec.convert({"payload": {"None": "x"}}, module.A__e).payload.None_ == "x"
