from __future__ import annotations

import re

import pytest

from pybayeux_salesforce_emulator.org.ids import Ids, schema_id, to_18


@pytest.mark.parametrize(
    ("short", "long"),
    [("0018000000cVQ1m", "0018000000cVQ1mAAG"), ("a0B000000000000", "a0B000000000000EAA")],
)
def test_suffix_of_a_record_id_encodes_capitals(short: str, long: str) -> None:
    assert to_18(short) == long


def test_seed_determines_ids() -> None:
    def some(seed: int) -> list[str]:
        ids = Ids(seed)
        return [ids.record("001"), ids.client(), ids.token("00D"), ids.event(), ids.transaction(), ids.browser()]

    assert some(1) == some(1)
    assert not set(some(1)) & set(some(2))


@pytest.mark.parametrize("prefix", ["00D", "005", "0M6"])
def test_a_records_id(prefix: str) -> None:
    record = Ids(0).record(prefix)
    assert record.startswith(prefix)
    assert len(record) == 18
    assert to_18(record[:15]) == record


def test_forms() -> None:
    ids = Ids(0)
    assert re.fullmatch(r"[a-z0-9]{27}", ids.client())
    assert re.fullmatch(r"00Dxx00000abcAA![\w.]{96}", ids.token("00Dxx00000abcAAEA0"))
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", ids.event())
    assert ids.transaction().isupper()


def test_a_schema_keeps_its_id() -> None:
    assert schema_id("Order__e") == schema_id("Order__e")
    assert schema_id("Order__e") != schema_id("Other__e")
    assert len(schema_id("Order__e")) == 22
