from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pybayeux_salesforce_emulator.events.changes import CHANGE_TYPES, Transaction, change
from pybayeux_salesforce_emulator.org.ids import Ids

if TYPE_CHECKING:
    from pybayeux_salesforce_emulator.events.event import Event


def _transaction() -> Transaction:
    return Transaction(Ids(0), 42, 1.5)


def _change(kind: str, transaction: Transaction | None = None, **fields: Any) -> Event:
    return change(
        "Emp__c", kind, ["001A", "001B"], fields, transaction or _transaction(), uuid="u", author="005", origin="o"
    )


def _header(event: Event) -> Any:
    assert event.header is not None
    return event.header


def test_the_header_of_an_update() -> None:
    transaction = _transaction()
    event = _change("UPDATE", transaction, Name="x", Phone=None)
    assert event.name == "Emp__ChangeEvent"
    assert event.content == {"Name": "x", "Phone": None}
    assert event.header == {
        "entityName": "Emp__c",
        "recordIds": ["001A", "001B"],
        "changeType": "UPDATE",
        "changeOrigin": "o",
        "transactionKey": transaction.key,
        "sequenceNumber": 1,
        "commitTimestamp": 1500,
        "commitUser": "005",
        "commitNumber": 42,
        "changedFields": ["Name", "Phone"],
    }


@pytest.mark.parametrize(
    ("kind", "content", "records"),
    [
        ("CREATE", {"Name": "x"}, 2),
        ("UNDELETE", {"Name": "x"}, 2),
        ("DELETE", {}, 2),
        ("GAP_CREATE", {}, 2),
        ("GAP_UPDATE", {}, 2),
        ("GAP_DELETE", {}, 2),
        ("GAP_UNDELETE", {}, 2),
        ("GAP_OVERFLOW", {}, 0),
    ],
)
def test_content_of_each_kind(kind: str, content: Any, records: int) -> None:
    event = _change(kind, Name="x")
    assert event.content == content
    assert len(_header(event)["recordIds"]) == records
    assert _header(event)["changedFields"] == []
    assert kind in CHANGE_TYPES


def test_an_unknown_kind() -> None:
    with pytest.raises(ValueError, match="GAP_OVERFLOW"):
        _change("MERGE")


def test_transaction_has_one_key_and_gaps_in_its_sequence() -> None:
    transaction = _transaction()
    headers = [_header(_change("UPDATE", transaction))]
    transaction.skip(2)
    headers.append(_header(_change("DELETE", transaction)))
    assert [header["sequenceNumber"] for header in headers] == [1, 4]
    assert len({header["transactionKey"] for header in headers}) == 1
