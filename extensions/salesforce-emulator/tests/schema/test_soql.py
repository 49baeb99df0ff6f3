from __future__ import annotations

from typing import Any

import pytest

from pybayeux_salesforce_emulator.schema.soql import MalformedQueryError, parse_condition, parse_query

RECORDS: list[dict[str, Any]] = [
    {"Id": 1, "Name": "Tea", "Amount": 3.0, "At": "2026-11-28T10:00:00.000+0000", "Ok": True},
    {"Id": 2, "Name": "Coffee's", "Amount": 10.0, "At": "2026-11-28T12:00:00Z", "Ok": False},
    {"Id": 3, "Name": "Milk", "Amount": None, "At": "2026-11-29T10:00:00Z", "Ok": None},
]


@pytest.mark.parametrize(
    ("condition", "ids"),
    [
        ("Name = 'tea'", [1]),
        ("name='Tea'", [1]),
        (r"Name = 'Coffee\'s'", [2]),
        ("Name != 'Tea'", [2, 3]),
        ("Amount > 3", [2]),
        ("Amount >= 3 AND Amount <= 3.0", [1]),
        ("Amount < 100", [1, 2]),
        ("Amount = null", [3]),
        ("Ok = true OR Ok = FALSE", [1, 2]),
        ("NOT Name = 'Tea'", [2, 3]),
        ("Name LIKE '%e'", []),
        ("Name LIKE '_e%'", [1]),
        ("Name IN ('Tea', 'Milk')", [1, 3]),
        ("Name NOT IN ('Tea','Milk')", [2]),
        ("At > 2026-11-28T11:00:00Z", [2, 3]),
        ("At = 2026-11-28T13:00:00+01:00", [2]),
        ("(Name = 'Tea' OR Name = 'Milk') AND Amount = null", [3]),
        ("Name = 'Tea' OR Name = 'Milk' AND Amount = null", [1, 3]),
        ("Missing = 'x'", []),
        ("Amount > 'x'", []),
    ],
)
def test_conditions(condition: str, ids: list[int]) -> None:
    selected = parse_condition(condition)
    assert [record["Id"] for record in RECORDS if selected(record)] == ids
    query = parse_query("SELECT Id FROM Thing WHERE " + condition)  # noqa: S608 - SOQL, of this test
    assert [record["Id"] for record in query.run(RECORDS)] == ids


def test_order_and_limit() -> None:
    query = parse_query("select Id, Name from Thing where Id > 0 order by Amount desc limit 2")
    assert (query.fields, query.source) == (("Id", "Name"), "Thing")
    assert [record["Id"] for record in query.run(RECORDS)] == [3, 2]
    assert [record["Id"] for record in parse_query("SELECT Id FROM T ORDER BY Name ASC").run(RECORDS)] == [2, 3, 1]


@pytest.mark.parametrize(
    "text",
    ["", "SELECT", "SELECT FROM T", "SELECT Id FROM T WHERE", "SELECT Id FROM T WHERE Id ~ 1", "SELECT Id FROM T x",
     "SELECT Id FROM T WHERE (Id = 1", "SELECT Id FROM T WHERE Id = Name", "SELECT Id FROM T WHERE Id ( 1",
     "SELECT Id FROM T LIMIT x", "SELECT Id FROM T WHERE Name = 'a"],
)  # fmt: skip
def test_malformed_queries(text: str) -> None:
    with pytest.raises(MalformedQueryError):
        parse_query(text)
