"""The records of an org over REST: queries by pages, deleted records, descriptions, and query jobs."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from pybayeux_salesforce_emulator import SalesforceEmulator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pybayeux_salesforce_emulator import BlockingEmulator

_DATA = "/services/data/v67.0"
_NOW = 1_795_966_993.75


@pytest.fixture
def org() -> Iterator[BlockingEmulator]:
    with SalesforceEmulator(seed=1, query_page=2, clock=lambda: _NOW) as emulator:
        emulator.define("/data/AccountChangeEvent")
        for number in range(5):
            emulator.publish_change("Account", "CREATE", [f"001{number}"], {"Name": f"A{number}", "Rank__c": number})
            emulator.advance(60)
        emulator.publish_change("Account", "GAP_UPDATE", ["0013"], {"Name": "changed"})
        emulator.change_records("Account", "DELETE", ["0011"])
        yield emulator


@pytest.fixture
def http(org: BlockingEmulator) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {org.issue_token()}"}
    with httpx.Client(base_url=f"{org.url}", headers=headers) as client:
        yield client


def _query(http: httpx.Client, soql: str, resource: str = "query") -> Any:
    return http.get(f"{_DATA}/{resource}", params={"q": soql}).json()


def test_pages_are_read_in_order(http: httpx.Client) -> None:
    page = _query(http, "SELECT Id, Name FROM Account ORDER BY SystemModstamp, Id", "queryAll")
    found, size = list(page["records"]), page["totalSize"]
    while not page["done"]:
        page = http.get(page["nextRecordsUrl"]).json()
        found += page["records"]
    assert size == 5
    assert [(each["Id"], each["Name"]) for each in found] == [
        ("0010", "A0"),
        ("0012", "A2"),
        ("0014", "A4"),
        ("0011", "A1"),
        ("0013", "changed"),
    ]


def test_only_query_all_finds_deleted_records(http: httpx.Client) -> None:
    condition = "FROM Account WHERE Id IN ('0010', '0011')"
    assert _query(http, f"SELECT COUNT() {condition}") == {"totalSize": 1, "done": True, "records": []}
    assert _query(http, f"SELECT COUNT() {condition}", "queryAll")["totalSize"] == 2
    (deleted,) = _query(http, "SELECT Id FROM Account WHERE IsDeleted = true", "queryAll")["records"]
    assert deleted["Id"] == "0011"


def test_stamps_have_whole_seconds(http: httpx.Client) -> None:
    (record,) = _query(http, "SELECT SystemModstamp, CreatedDate FROM Account WHERE Id = '0010'")["records"]
    assert record["SystemModstamp"] == record["CreatedDate"] == "2026-11-29T15:43:13.000+0000"
    soql = "SELECT COUNT() FROM Account WHERE SystemModstamp >= 2026-11-29T15:44:13Z"
    assert _query(http, soql, "queryAll")["totalSize"] == 4


def test_the_description_has_the_fields_that_records_have(http: httpx.Client) -> None:
    fields = http.get(f"{_DATA}/sobjects/Account/describe").json()["fields"]
    types = {field["name"]: field["type"] for field in fields}
    assert (types["Rank__c"], types["SystemModstamp"], types["BillingAddress"]) == ("int", "datetime", "address")


@pytest.mark.parametrize(
    ("soql", "code"),
    [
        ("SELECT Nothing__c FROM Account", "INVALID_FIELD"),
        ("SELECT Id FROM Account ORDER BY Nothing__c", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE", "MALFORMED_QUERY"),
        ("SELECT Id FROM Nothing__c", "INVALID_TYPE"),
    ],
)
def test_a_wrong_query_is_refused(http: httpx.Client, soql: str, code: str) -> None:
    assert _query(http, soql)[0]["errorCode"] == code


def test_an_unknown_locator_is_refused(http: httpx.Client) -> None:
    assert http.get(f"{_DATA}/query/01gxx-2").json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"


def test_a_wildcard_changes_all_records_of_its_prefix(org: BlockingEmulator) -> None:
    org.change_records("Account", "GAP_UPDATE", ["001*"], {"Kind__c": "converted"})
    assert {record["Kind__c"] for record in org.records("Account")} == {"converted"}


def test_a_query_job_is_looked_at_until_it_is_complete(http: httpx.Client) -> None:
    job = http.post(
        f"{_DATA}/jobs/query", json={"operation": "queryAll", "query": "SELECT Id, IsDeleted FROM Account ORDER BY Id"}
    ).json()
    path = f"{_DATA}/jobs/query/{job['id']}"
    assert http.get(f"{path}/results").json()[0]["errorCode"] == "INVALIDJOBSTATE"
    assert [http.get(path).json()["state"] for _ in range(3)] == ["InProgress", "JobComplete", "JobComplete"]
    rows, locator = list[dict[str, str]](), ""
    while locator != "null":
        answer = http.get(f"{path}/results", params={"maxRecords": 3, "locator": locator})
        locator = answer.headers["Sforce-Locator"]
        rows += csv.DictReader(io.StringIO(answer.text))
    assert [(row["Id"], row["IsDeleted"]) for row in rows][:2] == [("0010", "false"), ("0011", "true")]
    assert len(rows) == 5
    assert http.delete(path).status_code == 204
    assert http.get(path).status_code == 404


@pytest.mark.parametrize(
    "job", [{"operation": "insert"}, {"operation": "query", "query": "SELECT COUNT() FROM Account"}, []]
)
def test_a_wrong_job_is_refused(http: httpx.Client, job: Any) -> None:
    assert http.post(f"{_DATA}/jobs/query", json=job).status_code == 400


def test_answers_have_the_time_of_the_org(org: BlockingEmulator, http: httpx.Client) -> None:
    assert http.get(f"{_DATA}/limits").headers.get_list("Date") == ["Sun, 29 Nov 2026 15:48:13 GMT"]
