from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.tests.strategies import json_values
from pybayeux._util.json_scan import Broken, elements_of, members_of


def elements(text: bytes) -> list[bytes]:
    return [text[slice(*place)].strip() for place in elements_of(text) if place is not None]


@given(st.lists(json_values))
def test_the_elements_of_an_array(values: list[object]) -> None:
    assert [json.loads(element) for element in elements(json.dumps(values).encode())] == values


@given(st.dictionaries(st.text(st.characters(codec="ascii", exclude_characters='"\\\\')), json_values))
def test_the_members_of_an_object(values: dict[str, object]) -> None:
    found = members_of(json.dumps(values).encode())
    assert {json.loads(b'"%b"' % name): json.loads(value) for name, value in found.items()} == values


@pytest.mark.parametrize("text", [b"[", b"[1", b"[1,", b'["a]', b"[{]", b"[] x", b"[1]]"])
def test_an_array_that_is_not_complete(text: bytes) -> None:
    with pytest.raises(Broken):
        elements(text)


@pytest.mark.parametrize("text", [b"", b"[]", b"{", b'{"a"}', b"{a:1}", b'{"a":1', b'{"a" 1}'])
def test_what_is_no_object(text: bytes) -> None:
    with pytest.raises(Broken):
        members_of(text)


def test_a_long_search_pauses() -> None:
    assert None in list(elements_of(b"[%b]" % b",".join([b"[]"] * 100_000)))
