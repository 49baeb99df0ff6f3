from __future__ import annotations

import pytest

from pybayeux_auth.salesforce_id import long_id


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("001A0000006Vm9r", "001A0000006Vm9rIAC"),  # of Salesforce's own documents
        ("00D000000000062", "00D000000000062EAA"),
        ("ABCDEFGHIJKLMNO", "ABCDEFGHIJKLMNO555"),
        ("00D000000000062EAA", "00D000000000062EAA"),
        ("short", "short"),
    ],
)
def test_an_id_in_its_long_form(short: str, long: str) -> None:
    assert long_id(short) == long
