"""A change event of about 2 kB, as Salesforce sends it, and the types that it is decoded into."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from pybayeux_salesforce import ChangeEvent, ChangePayload

_FIELDS: Final = 24


class Address(msgspec.Struct):
    """A compound field."""

    Street: str
    City: str
    PostalCode: str
    Country: str


class AccountChange(ChangePayload):
    """The fields of an account that the consumer reads."""

    Name: str
    BillingAddress: Address
    AnnualRevenue: float
    NumberOfEmployees: int
    LastModifiedDate: str


class AccountEvent(ChangeEvent[AccountChange]):
    """The event; `t` is when the test server sent it."""

    t: int


def members() -> dict[str, Any]:
    """The members of the event's data, without those that the test server adds."""
    names = [f"Custom_{number}__c" for number in range(_FIELDS)]
    changed = ["Name", "BillingAddress", "AnnualRevenue", "NumberOfEmployees", "LastModifiedDate", *names]
    header = {
        "entityName": "Account",
        "recordIds": ["001RM000005Ckz2YAC"],
        "changeType": "UPDATE",
        "changeOrigin": "com/salesforce/api/rest/67.0;client=benchmark",
        "transactionKey": "0002343d-9d90-e395-ed20-cf416ba652ad",
        "sequenceNumber": 1,
        "commitTimestamp": 1795467371414,
        "commitUser": "005RM000001vI54YAA",
        "commitNumber": 10585193272713,
        "changedFields": changed,
    }
    fields = {
        "Name": "Grand Hotels & Resorts Ltd",
        "BillingAddress": {
            "Street": "2334 N. Michigan Avenue, Suite 1500",
            "City": "Chicago",
            "PostalCode": "60601",
            "Country": "United States",
        },
        "AnnualRevenue": 500000000.0,
        "NumberOfEmployees": 5600,
        "LastModifiedDate": "2026-11-23T20:56:11.000Z",
    }
    custom = dict.fromkeys(names, "a value of thirty characters..")
    return {"schema": "IeRuaY6cbI_HsV8Rv1Mc5g", "payload": {"ChangeEventHeader": header, **fields, **custom}}
