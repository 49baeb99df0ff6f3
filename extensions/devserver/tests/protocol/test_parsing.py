from __future__ import annotations

import pytest

from pybayeux_devserver.protocol.errors import MalformedRequestError
from pybayeux_devserver.protocol.parsing import parse_messages


def test_arrays_and_objects_of_several_texts_are_parsed() -> None:
    assert parse_messages(['{"a": 1}', b'[{"b": 2}, {"c": "\xc3\xbc"}]', "[]"]) == [{"a": 1}, {"b": 2}, {"c": "ü"}]


@pytest.mark.parametrize("text", ["", "not json", "[]", "[1]", '"x"', b'["\xff"]', '["\ud800"]'])
def test_a_text_without_messages_is_malformed(text: str | bytes) -> None:
    with pytest.raises(MalformedRequestError):
        parse_messages([text])


def test_an_empty_request_is_malformed() -> None:
    with pytest.raises(MalformedRequestError, match="empty request"):
        parse_messages([])
