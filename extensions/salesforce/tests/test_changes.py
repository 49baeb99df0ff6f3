from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from pybayeux_salesforce import ChangeEventHeader, ChangePayload, ChangeType, Replication
from pybayeux_salesforce.changes import header_of

_HEADER: dict[str, Any] = {
    "entityName": "Account",
    "recordIds": ["001xx0000000001AAA", "001xx0000000002AAA"],
    "changeType": "UPDATE",
    "changeOrigin": "com/salesforce/api/rest/67.0;client=my-app",
    "transactionKey": "0002343d-9d90-e395-ed20-cf416ba652ad",
    "sequenceNumber": 3,
    "commitTimestamp": 1_700_000_000_123,
    "commitUser": "005xx0000000001AAA",
    "commitNumber": 10_585_193_272_713,
    "changedFields": ["Name", "LastModifiedDate"],
}


def test_documented_members_are_decoded() -> None:
    header = header_of({"ChangeEventHeader": _HEADER, "Name": "Acme"})
    assert header == ChangeEventHeader(
        entity_name="Account",
        record_ids=["001xx0000000001AAA", "001xx0000000002AAA"],
        change_type="UPDATE",
        change_origin="com/salesforce/api/rest/67.0;client=my-app",
        transaction_key="0002343d-9d90-e395-ed20-cf416ba652ad",
        sequence_number=3,
        commit_timestamp=1_700_000_000_123,
        commit_user="005xx0000000001AAA",
        commit_number=10_585_193_272_713,
        changed_fields=["Name", "LastModifiedDate"],
    )
    assert header.committed_at == datetime(2023, 11, 14, 22, 13, 20, 123_000, UTC)
    assert header.extra == {}
    assert msgspec.to_builtins(header) == _HEADER


def test_unknown_members_are_kept_in_extra() -> None:
    header = header_of({"ChangeEventHeader": {**_HEADER, "nulledFields": ["Fax"], "diffFields": []}})
    assert header is not None
    assert header.extra == {"nulledFields": ["Fax"], "diffFields": []}


def test_missing_and_null_members_have_defaults() -> None:
    header = header_of({"ChangeEventHeader": {"entityName": "Account", "commitUser": None, "recordIds": None}})
    assert header == ChangeEventHeader(entity_name="Account")


def test_a_member_of_the_wrong_type_is_an_error() -> None:
    with pytest.raises(msgspec.ValidationError):
        header_of({"ChangeEventHeader": {**_HEADER, "recordIds": "001"}})


@pytest.mark.parametrize("payload", [None, "text", {}, {"Name": "Acme"}, {"ChangeEventHeader": None}, 7])
def test_a_payload_that_is_no_change_has_no_header(payload: Any) -> None:
    assert header_of(payload) is None


def test_the_header_is_found_in_a_custom_type() -> None:
    class AccountChange(ChangePayload):
        Name: str | None = None

    header = ChangeEventHeader(entity_name="Account")
    assert header_of(AccountChange(header=header, Name="Acme")) is header


@pytest.mark.parametrize(
    ("change_type", "record_ids", "replication", "is_gap", "is_overflow"),
    [
        ("CREATE", ["001xx0000000001AAA"], Replication.APPLY, False, False),
        ("UPDATE", ["001xx0000000001AAA"], Replication.APPLY, False, False),
        ("DELETE", ["001xx0000000001AAA"], Replication.APPLY, False, False),
        ("UNDELETE", ["001xx0000000001AAA"], Replication.APPLY, False, False),
        ("GAP_CREATE", ["001xx0000000001AAA"], Replication.FETCH, True, False),
        ("GAP_UPDATE", ["001xx0000000001AAA"], Replication.FETCH, True, False),
        ("GAP_UPDATE", ["001*"], Replication.RESYNC, True, False),
        ("GAP_DELETE", ["001xx0000000001AAA"], Replication.FETCH, True, False),
        ("GAP_UNDELETE", ["001xx0000000001AAA"], Replication.FETCH, True, False),
        ("GAP_OVERFLOW", [], Replication.RESYNC, True, True),
        ("SOMETHING_NEW", ["001xx0000000001AAA"], Replication.APPLY, False, False),
    ],
)
def test_replication_of_each_change_type(
    change_type: str, record_ids: list[str], replication: Replication, is_gap: bool, is_overflow: bool
) -> None:
    header = ChangeEventHeader(change_type=change_type, record_ids=record_ids)
    assert header.replication is replication
    assert (header.is_gap, header.is_overflow) == (is_gap, is_overflow)
    assert header.has_wildcards is (record_ids == ["001*"])


def test_change_types_are_text() -> None:
    assert ChangeType.GAP_OVERFLOW == "GAP_OVERFLOW"
    assert ChangeType("UPDATE") is ChangeType.UPDATE
