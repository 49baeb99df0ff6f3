from __future__ import annotations

import pytest

from pybayeux_devserver.errors import MalformedRequestError
from pybayeux_devserver.wire import messages_in


def test_arrays_and_objects_of_several_texts() -> None:
    assert messages_in(['{"a": 1}', b'[{"b": 2}, {"c": "\xc3\xbc"}]', "[]"]) == [{"a": 1}, {"b": 2}, {"c": "ü"}]


@pytest.mark.parametrize("text", ["", "not json", "[]", "[1]", '"x"', b'["\xff"]', '["\ud800"]'])
def test_what_holds_no_messages(text: str | bytes) -> None:
    with pytest.raises(MalformedRequestError):
        messages_in([text])


def test_no_text_holds_no_messages() -> None:
    with pytest.raises(MalformedRequestError, match="no messages"):
        messages_in([])
